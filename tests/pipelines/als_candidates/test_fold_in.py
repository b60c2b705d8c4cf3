"""Factors of customers: against the formula, whoever shares the matrix."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from hm_kedro.pipelines.als_candidates.fold_in import fold_in

SEEDS = st.integers(0, 2**32 - 1)


def by_definition(strengths, items, regularisation):
    """(YᵀCY + λI)⁻¹ YᵀC p of each customer, with c = 1 + strength and p = (c - 1) / c of every article."""
    basis, solved = items.astype(np.float64), []
    for strength in strengths:
        confidence = np.diag(1 + strength)
        preference = strength / (1 + strength)
        left = basis.T @ confidence @ basis + regularisation * np.eye(basis.shape[1])
        solved.append(np.linalg.inv(left) @ basis.T @ confidence @ preference)
    return np.array(solved)


def random_case(rng, customers, articles, rank, density):
    """Strengths of what was bought, at least one article a customer, and factors."""
    bought = rng.random((customers, articles)) < density
    bought[np.arange(customers), rng.integers(0, articles, customers)] = True
    strengths = np.where(bought, 0.01 + 40 * rng.random(bought.shape), 0)
    return strengths, rng.normal(size=(articles, rank)).astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(1, 6), st.integers(1, 40), st.integers(1, 8), st.floats(0, 1), st.floats(0.05, 10))
def test_factors_are_those_of_the_formula(seed, customers, articles, rank, density, regularisation):
    strengths, items = random_case(np.random.default_rng(seed), customers, articles, rank, density)
    found = fold_in(csr_matrix(strengths), items, regularisation)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, by_definition(strengths, items, regularisation), rtol=1e-4, atol=1e-5)


def test_one_article_of_one_factor_by_hand():
    # x = s · y / (y² + s · y² + λ) = 2 · 2 / (4 + 8 + 4)
    assert fold_in(csr_matrix([[2.0]]), np.float32([[2]]), 4).tolist() == [[0.25]]


def test_articles_that_were_not_bought_count_with_confidence_1():
    # x = s · y / (y² + s · y² + z² + λ) = 2 · 2 / (4 + 8 + 1 + 3)
    assert fold_in(csr_matrix([[2.0, 0]]), np.float32([[2], [1]]), 3).tolist() == [[0.25]]


def test_a_purchase_that_has_lost_its_strength_changes_nothing():
    items = np.float32([[2, 1], [1, 3], [0, 1]])
    faded = csr_matrix(([2.0, 0.0], ([0, 0], [0, 1])), shape=(1, 3))
    assert faded.nnz == 2
    np.testing.assert_allclose(fold_in(faded, items, 1), fold_in(csr_matrix([[2.0, 0, 0]]), items, 1), rtol=1e-6)


def test_a_customer_whose_purchases_have_all_lost_their_strength_has_factors_of_zero():
    faded = csr_matrix(([0.0], ([0], [1])), shape=(1, 2))
    assert fold_in(faded, np.float32([[2, 0], [0, 1]]), 4).tolist() == [[0, 0]]


def test_a_customer_with_nothing_to_go_by_is_nan():
    found = fold_in(csr_matrix([[0, 0], [3.0, 0], [0, 0]]), np.float32([[2, 0], [0, 1]]), 4)
    assert found.shape == (3, 2)
    assert np.isnan(found).all(axis=1).tolist() == [True, False, True]
    assert np.isfinite(found[1]).all()


def test_customers_of_whom_nobody_has_anything_are_all_nan():
    found = fold_in(csr_matrix((2, 3)), np.ones((3, 4), np.float32), 0.1)
    assert found.shape == (2, 4)
    assert np.isnan(found).all()


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.integers(2, 12), st.integers(1, 16), st.floats(0, 1))
def test_a_customers_factors_do_not_depend_on_who_shares_the_matrix(seed, customers, rank, density):
    strengths, items = random_case(np.random.default_rng(seed), customers, 30, rank, density)
    matrix = csr_matrix(strengths)
    together = fold_in(matrix, items, 0.1)
    for row in range(customers):
        assert together[row].tobytes() == fold_in(matrix[row], items, 0.1)[0].tobytes()


def test_more_customers_than_are_solved_at_once_have_the_same_factors(monkeypatch):
    rng = np.random.default_rng(1)
    strengths, items = random_case(rng, 300, 60, 8, 0.6)
    monkeypatch.setattr("hm_kedro.pipelines.als_candidates.fold_in.MOST_ENTRIES", 128 * 48 * 8)
    matrix = csr_matrix(strengths)
    together = fold_in(matrix, items, 0.1)
    np.testing.assert_allclose(together, by_definition(strengths, items, 0.1), rtol=1e-4, atol=1e-5)
    for row in (0, 127, 128, 299):
        assert together[row].tobytes() == fold_in(matrix[row], items, 0.1)[0].tobytes()


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(1, 20), st.integers(1, 8))
def test_the_more_strength_the_higher_the_score_of_the_own_article(seed, articles, rank):
    items = np.random.default_rng(seed).normal(size=(articles, rank)).astype(np.float32)
    bought = np.zeros((3, articles))
    bought[:, 0] = [1, 5, 25]
    scores = fold_in(csr_matrix(bought), items, 0.5) @ items[0]
    assert 0 < scores[0] < scores[1] < scores[2] < 1


def test_as_many_articles_as_factors_or_more_or_fewer_make_no_difference():
    rng = np.random.default_rng(2)
    for bought in (1, 2, 7, 8, 9, 24, 40):
        strengths, items = random_case(rng, 3, bought, 8, 1.0)
        found = fold_in(csr_matrix(strengths), items, 0.1)
        np.testing.assert_allclose(found, by_definition(strengths, items, 0.1), rtol=1e-4, atol=1e-5)
