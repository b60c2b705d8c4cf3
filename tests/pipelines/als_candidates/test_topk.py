"""The best articles by dot products: against the definition, whatever shares the block."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hm_kedro.pipelines.als_candidates.topk import best_articles


def by_definition(users, items, articles, top):
    """Every score in double precision, each by itself, ordered by score and article."""
    found = set()
    for row, user in enumerate(users):
        scores = np.array([np.einsum("j,j", user, item, dtype=np.float64) for item in items]).astype(np.float32)
        for place in np.lexsort((articles, -scores))[:top]:
            found.add((row, int(articles[place]), float(scores[place])))
    return found


def as_set(proposals):
    return {(int(r), int(a), float(s)) for r, a, s in zip(*proposals, strict=True)}


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 5),
    st.integers(1, 400),
    st.integers(1, 8),
    st.integers(1, 20),
    st.booleans(),
)
def test_the_best_are_those_of_the_definition(seed, users, items, rank, top, tied):
    rng = np.random.default_rng(seed)
    # Few different factors make ties, which go to the lower article.
    draw = (lambda *size: rng.integers(-1, 2, size)) if tied else (lambda *size: rng.normal(size=size))
    u, v = draw(users, rank).astype(np.float32), draw(items, rank).astype(np.float32)
    articles = np.sort(rng.choice(10_000, items, replace=False)).astype(np.int32)
    assert as_set(best_articles(u, v, articles, top)) == by_definition(u, v, articles, top)


def test_scores_do_not_depend_on_who_shares_the_block():
    rng = np.random.default_rng(1)
    users, items = rng.normal(size=(600, 48)).astype(np.float32), rng.normal(size=(900, 48)).astype(np.float32)
    articles = np.arange(900, dtype=np.int32)
    together = best_articles(users, items, articles, 30)
    for row in (0, 255, 256, 599):
        alone = best_articles(users[row : row + 1], items, articles, 30)
        of_row = together.rows == row
        assert together.articles[of_row].tolist() == alone.articles.tolist()
        assert together.scores[of_row].tobytes() == alone.scores.tobytes()


def test_bought_articles_are_left_out_where_asked():
    users, items = np.eye(2, dtype=np.float32), np.float32([[3, 1], [2, 2], [1, 3]])
    bought = np.int32([0, 1]), np.int32([0, 2])
    best = best_articles(users, items, np.int32([10, 20, 30]), 3, bought)
    assert list(zip(best.rows.tolist(), best.articles.tolist(), strict=True)) == [(0, 20), (0, 30), (1, 20), (1, 10)]


def test_customers_without_factors_get_nothing():
    users = np.float32([[np.nan, np.nan], [1, 0]])
    best = best_articles(users, np.float32([[1, 0]]), np.int32([7]), 2)
    assert best.rows.tolist() == [1]


def test_nothing_to_choose_from_gives_nothing():
    assert len(best_articles(np.ones((2, 3), np.float32), np.ones((0, 3), np.float32), np.int32([]), 5).rows) == 0
