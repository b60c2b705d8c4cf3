"""What is known of a week's articles: which rows are read, and how."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from scipy.sparse import csr_matrix

from hm_kedro.parameters import SalesParameters
from hm_kedro.pipelines.als_candidates.knowledge import UNKNOWN_AGE, Knowledge, Sales, read_codes, read_knowledge

FIRST, SECOND = date(2020, 9, 2), date(2020, 9, 9)
PARAMS = SalesParameters(window_days=7, trend_days=35, age_edges=(25, 40))
SALES = pa.schema(
    [("week", pa.date32()), *((name, pa.int32()) for name in ("article", "age_group", "lately", "before", "first"))]
)
ITEMS = pa.schema(
    [("week", pa.date32()), ("article", pa.int32()), ("factors", pa.list_(pa.float32())), ("on_sale", pa.bool_())]
)
RELATED = pa.schema(
    [("week", pa.date32()), ("article", pa.int32()), ("related", pa.int32()), ("similarity", pa.float32())]
)


def table(schema, *rows):
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema)


def read(sales=(), items=(), related=(), codes=None, week=FIRST):
    """Read the knowledge of a week about five articles."""
    codes = {"section": np.int32([0, 0, 1, -1, 1])} if codes is None else codes
    return read_knowledge(week, codes, table(SALES, *sales), table(ITEMS, *items), table(RELATED, *related), PARAMS)


def test_values_are_numbered_densely_in_their_order():
    articles = {"article": pa.array([0, 1, 2, 3], pa.int32()), "section": pa.array([40, 7, 40, 9], pa.int16())}
    codes = read_codes(pa.table(articles))
    assert {name: values.tolist() for name, values in codes.items()} == {"section": [2, 0, 2, 1]}
    assert codes["section"].dtype == np.int32


def test_articles_without_a_value_have_minus_one():
    # Article 1 is not in the table, article 3 has no section.
    articles = {
        "article": pa.array([4, 0, 3, 2], pa.int32()),
        "section": pa.array([5, 0, None, 5], pa.int16()),
        "product": pa.array([None] * 4, pa.int32()),
    }
    codes = read_codes(pa.table(articles))
    assert codes["section"].tolist() == [0, -1, 1, -1, 1]
    assert codes["product"].tolist() == [-1, -1, -1, -1, -1]


def test_articles_may_come_in_several_pieces():
    schema = pa.schema([("article", pa.int32()), ("section", pa.int16())])
    pieces = [table(schema, (2, 8), (0, None)), table(schema, (1, 3))]
    assert read_codes(pa.concat_tables(pieces))["section"].tolist() == [-1, 0, 1]


def test_only_the_sales_of_the_week_are_read():
    sales = [(SECOND, 0, 0, 9, 9, 9), (FIRST, 3, 1, 2, 4, 1), (FIRST, 1, 1, 5, 0, 0), (FIRST, 1, -1, 1, 2, 3)]
    sold = read(sales).sales
    assert [column.tolist() for column in (sold.articles, sold.groups)] == [[1, 1, 3], [-1, 1, 1]]
    assert [column.tolist() for column in (sold.lately, sold.before, sold.first)] == [[1, 5, 2], [2, 0, 4], [3, 0, 1]]


def test_only_the_factors_of_the_week_and_of_articles_on_sale_are_read():
    items = [
        (FIRST, 4, [4, 40], True),
        (SECOND, 0, [9, 9], True),
        (FIRST, 2, [2, 20], False),
        (FIRST, 1, [1, 10], True),
    ]
    known = read(items=items)
    assert known.items.tolist() == [1, 4]
    assert known.factors.tolist() == [[1, 10], [4, 40]]
    assert (known.items.dtype, known.factors.dtype) == (np.int32, np.float32)


def test_only_the_related_articles_of_the_week_are_read():
    pairs = [(FIRST, 2, 0, 0.5), (SECOND, 1, 0, 9), (FIRST, 0, 2, 0.25), (FIRST, 2, 4, 0.125)]
    related = read(related=pairs).related
    assert related.shape == (5, 5)
    expected = np.zeros((5, 5))
    expected[2, 0], expected[0, 2], expected[2, 4] = 0.5, 0.25, 0.125
    assert related.toarray().tolist() == expected.tolist()


def test_tables_in_several_pieces_are_read_as_one():
    pieces = [
        table(ITEMS, (FIRST, 4, [4, 40], True), (FIRST, 3, [3, 30], False)),
        table(ITEMS, (FIRST, 1, [1, 10], True)),
    ]
    nothing = [table(schema) for schema in (SALES, RELATED)]
    known = read_knowledge(
        FIRST, {"section": np.zeros(5, np.int32)}, nothing[0], pa.concat_tables(pieces), nothing[1], PARAMS
    )
    assert known.items.tolist() == [1, 4]
    assert known.factors.tolist() == [[1, 10], [4, 40]]


def test_a_week_of_which_nothing_is_known_has_empty_arrays():
    known = read(week=SECOND, sales=[(FIRST, 3, 1, 2, 4, 1)], items=[(FIRST, 1, [1], True)], related=[(FIRST, 0, 1, 1)])
    assert (len(known.sales.articles), len(known.items), known.factors.shape[0], known.related.nnz) == (0, 0, 0, 0)


def test_what_holds_for_every_week_is_of_the_parameters():
    known = read()
    # Seven days lately against the 28 before them.
    assert (known.width, known.expected, known.age_edges) == (5, 0.25, (25, 40))


def test_an_age_group_begins_with_its_edge():
    ages = np.float32([0, 24, 25, 39, 40, 99])
    groups = read().age_groups(ages)
    assert groups.tolist() == [0, 0, 1, 1, 2, 2]
    assert groups.dtype == np.int32


def test_unknown_ages_are_a_group_of_their_own():
    assert read().age_groups(np.float32([np.nan, 30])).tolist() == [UNKNOWN_AGE, 1]


def knowing(codes=None, groups=(), items=(), related=()):
    counts = np.ones(len(groups), np.int32)
    matrix = csr_matrix((np.ones(len(related)), ([0] * len(related), list(related))), shape=(3, 3))
    sales = Sales(np.arange(len(groups), dtype=np.int32), np.array(groups, np.int32), counts, counts, counts)
    factors = np.ones((len(items), 2), np.float32)
    return Knowledge(3, codes or {}, sales, 0.25, (), np.array(items, np.int32), factors, matrix)


@pytest.mark.parametrize(
    ("need", "lacking", "having"),
    [
        ("ages", knowing(groups=[UNKNOWN_AGE]), knowing(groups=[UNKNOWN_AGE, 0])),
        ("ages", knowing(), knowing(groups=[0])),
        ("factors", knowing(), knowing(items=[2])),
        ("related", knowing(), knowing(related=[1])),
        ("section", knowing(), knowing({"section": np.int32([-1, 0, -1])})),
        ("section", knowing({"section": np.int32([-1, -1, -1])}), knowing({"section": np.int32([0, 0, 0])})),
        ("product", knowing({"section": np.int32([0, 0, 0])}), knowing({"product": np.int32([0, 1, 1])})),
    ],
)
def test_what_a_retriever_needs_is_there_or_not(need, lacking, having):
    assert not lacking.has(need)
    assert having.has(need)


def test_something_of_the_knowledge_is_made_once():
    known, made = knowing(), []
    for _ in range(3):
        assert known.once("list", lambda: made.append(1) or [7]) == [7]
    assert known.once("other", lambda: made.append(2) or [8]) == [8]
    assert made == [1, 2]


def test_nothing_is_made_a_thing_too():
    known, made = knowing(), []
    for _ in range(2):
        assert known.once("nothing", lambda: made.append(1)) is None
    assert made == [1]


def test_what_was_made_of_one_week_is_not_that_of_another():
    one, other = knowing(), knowing()
    assert (one.once("list", lambda: 1), other.once("list", lambda: 2)) == (1, 2)
