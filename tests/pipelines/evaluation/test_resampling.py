"""Customers drawn again: the same in every group, week, batch and engine; and what is read from them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import poisson
from tests.conftest import day

from hm_kedro.pipelines.evaluation.resampling import COUNTS, correct, draw_weights, estimate, resample, two_sided_p

ROWS = "customer int, contestant string, value double"
WEEK, NEXT = day("2020-09-02"), day("2020-09-09")
RESAMPLES, SEED = 200, 7


@pytest.fixture
def values(table):
    """The sums of `value` by contestant, from rows of (customer, contestant, value)."""

    def add_up(rows, resamples=RESAMPLES, seed=SEED):
        drawn = resample(table(ROWS, rows), ["contestant"], ["value"], resamples, seed)
        return {name: total for (name,), total in zip(drawn.groups, drawn.sums["value"], strict=True)}

    return add_up


def test_in_the_first_column_every_customer_counts_once(values):
    drawn = values([(1, "als", 0.5), (2, "als", 0.25), (1, "ranker", 1.0)])
    assert {name: total[0] for name, total in drawn.items()} == {"als": 0.75, "ranker": 1.0}


def test_there_is_a_column_for_each_resample_beside_it(values):
    assert values([(1, "als", 0.5)], resamples=101)["als"].shape == (102,)


def test_a_customer_counts_as_often_as_is_drawn_for_them(values):
    [weights] = draw_weights(np.array([1], np.int32), RESAMPLES, SEED)
    assert values([(1, "als", 0.5)])["als"].tolist() == (weights * 0.5).tolist()


def test_a_customer_counts_the_same_in_every_group(values):
    drawn = values([(customer, name, customer / 4) for customer in range(9) for name in ("als", "ranker")])
    assert drawn["als"].tolist() == drawn["ranker"].tolist()


def test_a_customer_counts_the_same_whoever_else_is_there(values):
    rows = [(customer, "als", 1.0) for customer in range(9)]
    assert (values(rows)["als"] == values(rows[:4])["als"] + values(rows[4:])["als"]).all()


def test_all_rows_of_a_customer_are_drawn_together(values):
    drawn = values([(1, "als", 0.25), (1, "als", 0.75), (1, "ranker", 1.0)])
    assert drawn["als"].tolist() == drawn["ranker"].tolist()


def test_groups_of_different_customers_are_added_up_apart(values):
    first, second = draw_weights(np.array([1, 2], np.int32), RESAMPLES, SEED)
    drawn = values([(1, "als", 1.0), (2, "als", 1.0), (2, "ranker", 1.0)])
    assert drawn["als"].tolist() == (first * 1.0 + second).tolist()
    assert drawn["ranker"].tolist() == (second * 1.0).tolist()


def test_the_sums_do_not_depend_on_the_order_of_rows(values):
    rows = [(customer, name, 1 / (1 + customer)) for customer in range(60) for name in ("als", "ranker")]
    assert values(rows)["als"].tolist() == values(rows[::-1])["als"].tolist()


def test_another_seed_draws_others(values):
    rows = [(customer, "als", 1.0) for customer in range(9)]
    assert values(rows, seed=1)["als"].tolist() != values(rows, seed=2)["als"].tolist()


def test_more_customers_than_are_multiplied_at_once_are_all_added_up(values):
    rows = [(customer, "als", 1.0) for customer in range(2500)]
    weights = draw_weights(np.arange(2500, dtype=np.int32), 10, SEED)
    assert values(rows, resamples=10)["als"].tolist() == weights.sum(axis=0).tolist()


def test_groups_are_told_by_several_keys_in_their_order(table):
    rows = table(
        "customer int, contestant string, week date, hits double, bought double",
        [(1, "ranker", WEEK, 1.0, 2.0), (1, "als", NEXT, 0.0, 3.0), (2, "als", WEEK, 1.0, 4.0)],
    )
    drawn = resample(rows, ["contestant", "week"], ["hits", "bought"], RESAMPLES, SEED)
    assert drawn.groups == [("als", WEEK), ("als", NEXT), ("ranker", WEEK)]
    assert {name: total[:, 0].tolist() for name, total in drawn.sums.items()} == {
        "hits": [1.0, 0.0, 1.0],
        "bought": [4.0, 3.0, 2.0],
    }


def test_of_no_rows_there_are_no_groups(table):
    drawn = resample(table(ROWS, []), ["contestant"], ["value"], RESAMPLES, SEED)
    assert drawn.groups == []
    assert drawn.sums["value"].shape == (0, 1 + RESAMPLES)


def test_the_interval_of_a_mean_is_that_of_the_normal_approximation(values):
    scores = np.random.default_rng(0).gamma(0.5, size=2000)
    drawn = values([(customer, "als", float(score)) for customer, score in enumerate(scores)], resamples=2000)
    counts = values([(customer, "als", 1.0) for customer in range(2000)], resamples=2000)
    value, low, high = estimate(drawn["als"] / counts["als"])
    assert value == pytest.approx(scores.mean(), abs=1e-9)
    error = 1.96 * scores.std() / np.sqrt(2000)
    assert [value - low, high - value] == pytest.approx([error, error], rel=0.15)


def test_customers_of_several_weeks_make_no_mean_more_certain(table):
    scores = np.random.default_rng(0).random(500)
    rows = [(customer, week, float(score), 1.0) for customer, score in enumerate(scores) for week in ("old", "new")]
    rows += [(customer, "one", float(score), 1.0) for customer, score in enumerate(scores)]
    schema = "customer int, week string, value double, count double"
    drawn = resample(table(schema, rows), ["week"], ["value", "count"], 500, SEED)
    of_week = dict(zip(drawn.groups, drawn.sums["value"] / drawn.sums["count"], strict=True))
    both = (of_week["old",] + of_week["new",]) / 2
    assert estimate(both) == estimate(of_week["one",])


def test_counts_are_distributed_as_poisson():
    assert [COUNTS.mean(), COUNTS.var()] == pytest.approx([1, 1], abs=1e-4)
    shares = np.bincount(COUNTS) / len(COUNTS)
    assert shares == pytest.approx(poisson.pmf(np.arange(len(shares)), 1), abs=2**-16)


def test_neighbours_are_drawn_for_themselves():
    weights = draw_weights(np.arange(1000, dtype=np.int32), 1000, SEED)[:, 1:].astype(float)
    other = draw_weights(np.arange(1000, dtype=np.int32), 1000, SEED + 1)[:, 1:].astype(float)
    for one, next_ in [(weights[:-1], weights[1:]), (weights[:, :-1], weights[:, 1:]), (weights, other)]:
        assert abs(np.corrcoef(one.ravel(), next_.ravel())[0, 1]) < 0.005


def test_fewer_resamples_are_the_first_of_more():
    customers = np.array([3, 5], np.int32)
    assert (draw_weights(customers, 201, SEED)[:, :101] == draw_weights(customers, 100, SEED)).all()


def test_an_interval_is_of_the_resamples_that_are_defined():
    assert estimate(np.array([5.0, 1.0, np.nan, 1.0])) == (5.0, 1.0, 1.0)


def test_without_a_resample_that_is_defined_there_is_no_interval():
    value, low, high = estimate(np.array([5.0, np.nan]))
    assert value == 5.0
    assert np.isnan([low, high]).all()


def test_an_interval_leaves_out_a_fortieth_on_either_side():
    assert estimate(np.arange(-1.0, 1001)) == (-1.0, 25.0, 975.0)


@pytest.mark.parametrize(
    ("resampled", "p"),
    [
        ([1.0] * 99, 0.02),  # what was observed counts as one more
        ([-1.0] * 99, 0.02),
        ([1.0] * 97 + [-1.0] * 2, 0.06),
        ([1.0] * 97 + [0.0] * 2, 0.06),
        ([0.0] * 99, 1.0),
        ([1.0] * 50 + [-1.0] * 49, 1.0),
        ([1.0] * 98 + [np.nan], 2 / 99),
    ],
)
def test_p_is_twice_the_smaller_share_beyond_zero(resampled, p):
    assert two_sided_p(np.array([0.5, *resampled])) == pytest.approx(p)


def test_holms_correction_multiplies_the_smallest_by_all_and_the_next_by_one_less():
    # Sorted 0.005, 0.01, 0.03, 0.04: times 4, 3, 2 and 1, and none below the one before.
    assert correct([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holms_correction_of_no_test_is_none():
    assert correct([]) == []


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_corrected_p_keep_their_order_between_the_plain_ones_and_bonferronis(p):
    corrected = correct(p)
    order = sorted(range(len(p)), key=lambda place: (p[place], corrected[place]))
    assert [corrected[place] for place in order] == sorted(corrected)
    for plain, holm in zip(p, corrected, strict=True):
        assert plain <= holm <= min(1.0, len(p) * plain) or holm == plain
