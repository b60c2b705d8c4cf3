"""Blocks of customers: how batches of histories are cut and read, and what is summed up over their lines."""

from datetime import date

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from hm_kedro.pipelines.als_candidates.block import (
    UNKNOWN_CHANNEL,
    Block,
    decay,
    read_blocks,
    read_factors,
    write_factors,
)
from hm_kedro.pipelines.als_candidates.proposals import MOST_ROWS

NUMBERS = [(name, pa.int32()) for name in ("article", "age_days", "quantity")]
LINE = pa.struct([*NUMBERS, ("price", pa.float32()), ("sales_channel_id", pa.int8())])
FIRST, SECOND = date(2020, 9, 2), date(2020, 9, 9)
DAYS = {FIRST: 18507, SECOND: 18514}
ANY_LINE = st.tuples(
    st.integers(0, 1),
    st.integers(1, 2),
    st.integers(1, 2),
    st.none() | st.sampled_from([0.5, 1]),
    st.sampled_from([None, 1, 2]),
)


def batch(*rows, factors=None):
    """Histories: rows of (week, customer, age, lines of (article, age_days, quantity, price, channel))."""
    weeks, customers, ages, lines = zip(*rows, strict=True)
    as_structs = [None if of_row is None else [as_struct(line) for line in of_row] for of_row in lines]
    arrays = {
        "week": pa.array(weeks, pa.date32()),
        "customer": pa.array(customers, pa.int32()),
        "age": pa.array(ages, pa.int32()),
        "lines": pa.array(as_structs, pa.list_(LINE)),
    }
    if factors is not None:
        arrays["factors"] = pa.array(factors, pa.list_(pa.float32()))
    return pa.RecordBatch.from_pydict(arrays)


def as_struct(line):
    """Name the values of a line, which may end with the quantity."""
    return dict(zip(LINE.names, (*line, None, None), strict=False))


def only(histories):
    """The block of a batch that makes one."""
    (block,) = read_blocks(histories)
    return block


def lines_of(block):
    columns = (block.rows, block.articles, block.age_days, block.quantities)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def paid_of(block):
    """The prices, None where NaN, and the channels."""
    prices = (None if np.isnan(price) else price for price in block.prices.tolist())
    return list(zip(prices, block.channels.tolist(), strict=True))


def test_a_batch_is_cut_by_week():
    blocks = list(read_blocks(batch((SECOND, 1, 20, []), (FIRST, 2, 30, []), (SECOND, 3, 40, []))))
    assert [(block.week, block.customers.tolist()) for block in blocks] == [(DAYS[FIRST], [2]), (DAYS[SECOND], [1, 3])]
    assert [block.ages.tolist() for block in blocks] == [[30], [20, 40]]


def test_a_block_has_no_more_rows_than_can_be_packed():
    rows = [(FIRST, customer, 30, [(customer % 7, 1, 1)]) for customer in range(MOST_ROWS + 52)]
    blocks = list(read_blocks(batch(*rows, (SECOND, 1, 30, []))))
    assert [len(block) for block in blocks] == [MOST_ROWS, 52, 1]
    assert blocks[1].customers.tolist() == list(range(MOST_ROWS, MOST_ROWS + 52))
    assert blocks[1].rows.tolist() == list(range(52))
    assert blocks[1].articles.tolist() == [customer % 7 for customer in range(MOST_ROWS, MOST_ROWS + 52)]


def test_a_batch_without_rows_makes_no_block():
    assert list(read_blocks(batch((FIRST, 1, 30, [])).slice(0, 0))) == []


def test_lines_are_sorted_by_row_age_and_article():
    block = only(batch((FIRST, 8, 30, [(5, 9, 1), (6, 2, 3), (4, 9, 2)]), (FIRST, 7, 30, [(9, 1, 1), (2, 1, 4)])))
    assert block.customers.tolist() == [8, 7]
    assert lines_of(block) == [(0, 6, 2, 3), (0, 4, 9, 2), (0, 5, 9, 1), (1, 2, 1, 4), (1, 9, 1, 1)]


@settings(max_examples=60, deadline=None)
@given(st.lists(ANY_LINE, max_size=8).flatmap(lambda lines: st.tuples(st.just(lines), st.permutations(lines))))
def test_the_order_in_which_lines_are_gathered_is_of_no_effect(orders):
    one, other = (only(batch((FIRST, 1, 30, lines))) for lines in orders)
    assert lines_of(one) == lines_of(other)
    assert paid_of(one) == paid_of(other)


def test_lines_keep_their_prices_and_channels_and_unknown_ones_are_nan_and_minus_one():
    block = only(batch((FIRST, 1, 30, [(6, 2, 1, 0.5, 2), (5, 1, 1, None, 1), (4, 3, 1, 0.25, None)])))
    assert block.articles.tolist() == [5, 6, 4]
    assert paid_of(block) == [(None, 1), (0.5, 2), (0.25, UNKNOWN_CHANNEL)]


def test_lines_alike_but_for_price_and_channel_are_sorted_by_them():
    lines = [(5, 1, 1, 0.5, 2), (5, 1, 1, None, 1), (5, 1, 1, 0.5, 1), (5, 1, 1, 0.25, 2)]
    assert paid_of(only(batch((FIRST, 1, 30, lines)))) == [(0.25, 2), (0.5, 1), (0.5, 2), (None, 1)]


def test_customers_with_an_empty_or_null_list_have_no_lines():
    block = only(
        batch((FIRST, 1, 30, None), (FIRST, 2, 30, [(5, 1, 1)]), (FIRST, 3, 30, []), (FIRST, 4, 30, [(6, 2, 1)]))
    )
    assert len(block) == 4
    assert lines_of(block) == [(1, 5, 1, 1), (3, 6, 2, 1)]


def test_a_null_list_may_have_lines_behind_it():
    flat = pa.array([as_struct(line) for line in [(5, 1, 1), (6, 2, 1)]], LINE)
    lists = pa.ListArray.from_arrays(pa.array([0, 1, 2], pa.int32()), flat, mask=pa.array([True, False]))
    hidden = batch((FIRST, 1, 30, []), (FIRST, 2, 30, [])).set_column(3, "lines", lists)
    assert lines_of(only(hidden)) == [(1, 6, 2, 1)]


def test_a_block_of_customers_without_any_line_has_the_same_types():
    full, empty = only(batch((FIRST, 1, 30, [(5, 1, 1)]))), only(batch((FIRST, 1, 30, None)))
    for name in ("customers", "ages", "rows", "articles", "age_days", "quantities", "prices", "channels"):
        assert getattr(full, name).dtype == getattr(empty, name).dtype


def test_unknown_ages_are_nan():
    ages = only(batch((FIRST, 1, None, []), (FIRST, 2, 33, []))).ages
    assert ages.dtype == np.float32
    assert np.array_equal(ages, [np.nan, 33], equal_nan=True)


def test_factors_that_are_null_are_rows_of_nan():
    rows = [(FIRST, 1, 30, []), (FIRST, 2, 30, []), (FIRST, 3, 30, [])]
    factors = only(batch(*rows, factors=[[1, 2], None, [3, 4]])).factors
    assert np.array_equal(factors, [[1, 2], [np.nan, np.nan], [3, 4]], equal_nan=True)


def test_without_the_column_there_are_no_factors():
    assert only(batch((FIRST, 1, 30, []))).factors is None


def test_factors_of_nobody_have_no_width():
    assert only(batch((FIRST, 1, 30, []), (FIRST, 2, 30, []), factors=[None, None])).factors.shape == (2, 0)


def test_a_slice_of_a_batch_is_read_as_what_it_shows():
    rows = [(FIRST, number, 20 + number, [(number, 1, number)]) for number in range(1, 5)]
    rows[2] = (FIRST, 3, None, None)
    block = only(batch(*rows, factors=[[1, 1], None, [3, 3], [4, 4]]).slice(1, 3))
    assert block.customers.tolist() == [2, 3, 4]
    assert lines_of(block) == [(0, 2, 1, 2), (2, 4, 1, 4)]
    assert np.array_equal(block.ages, [22, np.nan, 24], equal_nan=True)
    assert np.array_equal(block.factors, [[np.nan, np.nan], [3, 3], [4, 4]], equal_nan=True)


def some_block():
    return only(
        batch((FIRST, 8, 30, [(2, 1, 1), (2, 3, 2), (0, 3, 1)]), (FIRST, 7, 30, []), (FIRST, 6, 30, [(1, 2, 5)]))
    )


def test_purchases_sum_up_the_lines_of_a_customer_and_article():
    block = some_block()
    summed = block.purchases(np.array([1, 10, 100, 1000.0]), 4)
    # The lines are, by age and article: 2 on the day before, then 0 and 2.
    assert summed.toarray().tolist() == [[10, 0, 101, 0], [0, 0, 0, 0], [0, 1000, 0, 0]]
    assert summed.nnz == 3


def test_purchases_may_be_of_nothing():
    assert only(batch((FIRST, 1, 30, []))).purchases(np.empty(0), 4).toarray().tolist() == [[0, 0, 0, 0]]


def test_values_sum_up_the_lines_and_leave_out_articles_without_one():
    summed = some_block().values(np.int32([1, -1, 1, 0]), np.array([1, 10, 100, 1000.0]), 2)
    assert summed.toarray().tolist() == [[0, 111], [0, 0], [0, 0]]


def test_a_purchase_of_the_last_day_counts_1_and_older_ones_less():
    assert decay(np.int32([1, 2, 4, 10]), 1).tolist() == [1, 0.5, 0.25, 0.1]
    assert decay(np.int32([1, 4, 9]), 0.5).tolist() == [1, 0.5, 1 / 3]


def test_without_a_power_nothing_decays():
    assert decay(np.int32([1, 7, 700]), 0).tolist() == [1, 1, 1]


@st.composite
def matrices(draw):
    """Matrices of factors with rows of NaN, and where to cut them."""
    width = draw(st.integers(1, 4))
    row = st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=width, max_size=width)
    rows = draw(st.lists(row | st.just([float("nan")] * width), min_size=1, max_size=8))
    return np.array(rows, np.float32), draw(st.integers(0, len(rows) - 1))


@settings(max_examples=100, deadline=None)
@given(matrices())
def test_factors_that_are_written_are_read_again(case):
    matrix, _ = case
    found = read_factors(write_factors(matrix))
    known = ~np.isnan(matrix).all(axis=1)
    assert len(found) == len(matrix)
    assert np.isnan(found[~known]).all()
    assert found[known].tobytes() == matrix[known].tobytes()


@settings(max_examples=100, deadline=None)
@given(matrices())
def test_a_slice_of_written_factors_is_read_as_what_it_shows(case):
    matrix, start = case
    found = read_factors(write_factors(matrix).slice(start))
    known = ~np.isnan(matrix[start:]).all(axis=1)
    assert len(found) == len(matrix) - start
    assert np.isnan(found[~known]).all()
    assert found[known].tobytes() == matrix[start:][known].tobytes()


def test_rows_with_nan_are_written_as_null():
    written = write_factors(np.float32([[1, 2], [np.nan, 3], [4, 5]]))
    assert written.type == pa.list_(pa.float32())
    assert written.to_pylist() == [[1, 2], None, [4, 5]]


def test_factors_of_no_one_are_written_as_no_lists():
    assert write_factors(np.empty((0, 3), np.float32)).to_pylist() == []


def test_a_block_is_as_long_as_it_has_customers():
    none = np.empty(0, np.int32)
    assert (
        len(Block(0, np.int32([4, 5]), np.float32([1, 2]), None, none, none, none, none, np.float32(none), none)) == 2
    )
