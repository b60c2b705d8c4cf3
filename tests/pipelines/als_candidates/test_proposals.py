"""The one order of proposals: against a plain sort, whatever the scores are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from hm_kedro.pipelines.als_candidates import proposals
from hm_kedro.pipelines.als_candidates.proposals import MOST_ARTICLES, MOST_ROWS, Proposals, pair_codes, rank

INFINITY = float("inf")
# Few different scores make ties, which go to the lower article.
SCORES = st.sampled_from([0.0, -0.0, 1.0, -1.0, INFINITY, -INFINITY]) | st.floats(width=32, allow_nan=False)
ROWS, ARTICLES = st.integers(0, MOST_ROWS - 1), st.integers(0, MOST_ARTICLES - 1)
LINES = st.lists(
    st.tuples(st.integers(0, 3) | ROWS, st.integers(0, 9) | ARTICLES, SCORES), unique_by=lambda line: line[:2]
)


def proposed(*lines):
    rows, articles, scores = zip(*lines, strict=True) if lines else ((), (), ())
    return Proposals(np.array(rows, np.int32), np.array(articles, np.int32), np.array(scores, np.float32))


def ranking(lines, top=100):
    """Rows, articles and ranks in the order in which they are given."""
    ranked = rank(proposed(*lines), top)
    return list(zip(ranked.rows.tolist(), ranked.articles.tolist(), ranked.ranks.tolist(), strict=True))


def by_definition(lines, top):
    """Sort by row, falling score and article, and count within the row."""
    ranked, counts = [], {}
    for row, article, score in sorted(lines, key=lambda line: (line[0], -line[2], line[1])):
        counts[row] = counts.get(row, 0) + 1
        if counts[row] <= top:
            ranked.append((row, article, score, counts[row]))
    return ranked


@settings(max_examples=200, deadline=None)
@given(LINES, st.integers(0, 5))
def test_the_order_is_that_of_a_plain_sort(lines, top):
    ranked = rank(proposed(*lines), top)
    columns = [column.tolist() for column in ranked]
    assert list(zip(*columns, strict=True)) == by_definition(lines, top)


@settings(max_examples=100, deadline=None)
@given(LINES, st.randoms(use_true_random=False))
def test_the_order_of_the_proposals_is_of_no_effect(lines, random):
    shuffled = list(lines)
    random.shuffle(shuffled)
    for one, other in zip(rank(proposed(*lines), 3), rank(proposed(*shuffled), 3), strict=True):
        assert one.tobytes() == other.tobytes()


@settings(max_examples=200, deadline=None)
@given(LINES)
def test_what_is_packed_is_unpacked_again(lines):
    rows, articles, scores = proposals._unpack(proposals._pack(proposed(*lines)))
    assert list(zip(rows.tolist(), articles.tolist(), scores.tolist(), strict=True)) == lines


def test_rows_come_first_then_falling_scores():
    assert ranking([(1, 5, 9), (0, 6, 1), (0, 7, 2)]) == [(0, 7, 1), (0, 6, 2), (1, 5, 1)]


def test_ties_go_to_the_lower_article():
    assert ranking([(0, 9, 1), (0, 3, 1), (0, 5, 1)]) == [(0, 3, 1), (0, 5, 2), (0, 9, 3)]


def test_negative_scores_come_after_zero_the_lowest_last():
    assert ranking([(0, 1, -2), (0, 2, -0.5), (0, 3, 0), (0, 4, 0.5)]) == [(0, 4, 1), (0, 3, 2), (0, 2, 3), (0, 1, 4)]


def test_zero_and_minus_zero_are_a_tie():
    assert ranking([(0, 2, 0.0), (0, 1, -0.0), (0, 3, -0.0)]) == [(0, 1, 1), (0, 2, 2), (0, 3, 3)]


def test_infinities_are_first_and_last():
    lines = [(0, 1, -INFINITY), (0, 2, 3e38), (0, 3, INFINITY), (0, 4, -3e38)]
    assert ranking(lines) == [(0, 3, 1), (0, 2, 2), (0, 4, 3), (0, 1, 4)]
    assert rank(proposed(*lines), 4).scores[[0, 3]].tolist() == [INFINITY, -INFINITY]


def test_scores_that_differ_in_the_last_bit_are_no_tie():
    above = float(np.nextafter(np.float32(1), np.float32(2)))
    assert ranking([(0, 1, 1.0), (0, 2, above)]) == [(0, 2, 1), (0, 1, 2)]


def test_the_first_of_each_row_are_kept():
    lines = [(0, 1, 3), (0, 2, 2), (0, 3, 1), (2, 1, 1)]
    assert ranking(lines, 2) == [(0, 1, 1), (0, 2, 2), (2, 1, 1)]


def test_a_top_of_nothing_keeps_nothing():
    assert ranking([(0, 1, 3)], 0) == []


def test_the_highest_row_and_article_have_room():
    last = (MOST_ROWS - 1, MOST_ARTICLES - 1)
    assert ranking([(*last, -1.5), (last[0], 0, 2)]) == [(last[0], 0, 1), (*last, 2)]


@pytest.mark.parametrize("column", [0, 1, 2, 3])
def test_types_are_the_same_for_something_and_nothing(column):
    types = [np.int32, np.int32, np.float32, np.int32]
    for ranked in (rank(proposed((0, 1, 2)), 5), rank(Proposals.none(), 5)):
        assert ranked[column].dtype == types[column]


def test_none_proposes_nothing():
    assert [column.tolist() for column in Proposals.none()] == [[], [], []]


def test_of_a_matrix_only_positive_scores_are_proposed():
    matrix = csr_matrix(([2.0, -1.0, 0.0, 0.5], ([0, 0, 2, 2], [3, 1, 0, 4])), shape=(3, 5))
    found = Proposals.of_matrix(matrix)
    assert [column.tolist() for column in found] == [[0, 2], [3, 4], [2.0, 0.5]]
    assert [column.dtype for column in found] == [np.int32, np.int32, np.float32]


def test_of_an_empty_matrix_nothing_is_proposed():
    assert len(Proposals.of_matrix(csr_matrix((3, 5))).rows) == 0


@settings(max_examples=100, deadline=None)
@given(st.tuples(ROWS, ARTICLES), st.tuples(ROWS, ARTICLES))
def test_codes_of_pairs_have_the_order_of_the_pairs(one, other):
    codes = pair_codes(np.int32([one[0], other[0]]), np.int32([one[1], other[1]]))
    assert (codes[0] < codes[1], codes[0] == codes[1]) == (one < other, one == other)
