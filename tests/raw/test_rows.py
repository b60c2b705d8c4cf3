"""Taking rows apart: what a fault costs, and that nothing is lost."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_kedro.raw.rows import Broken, row_start, split_rows
from hm_kedro.schemas import RAW

COLUMNS = ["t_dat", "customer_id", "article_id", "price", "sales_channel_id"]
SOUND = b"2018-09-20,a,1,0.5,2"
ARTICLES = ["article_id", "prod_name", "detail_desc"]
STARTS = row_start(RAW["articles"], ARTICLES)


def lines(data: bytes, columns=COLUMNS, wanted=None, starts=None):
    """The rows by line, as tuples, and the faults by line."""
    rows = split_rows(data, columns, wanted or columns, starts)
    texts = zip(*[rows.fields[name].to_pylist() for name in (wanted or columns)], strict=True)
    found = dict(zip(rows.lines.tolist(), texts, strict=True))
    return dict(sorted(found.items())), {fault.line: fault.rule for fault in rows.broken}


def test_a_row_is_a_line():
    found, broken = lines(SOUND + b"\n" + b"2018-09-21,b,2,,\n")
    assert found == {1: ("2018-09-20", "a", "1", "0.5", "2"), 2: ("2018-09-21", "b", "2", None, None)}
    assert broken == {}


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_lines_end_as_on_any_system_and_the_last_may_have_no_end(end):
    assert lines((end or b"\n").join([SOUND, SOUND]) + end)[0].keys() == {1, 2}


def test_empty_lines_are_no_rows_but_count_as_lines():
    found, broken = lines(b"\n\n" + SOUND + b"\n\r\n" + SOUND)
    assert (list(found), broken) == ([3, 5], {})


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        (b"2018-09-20,a,1", "wrong_number_of_fields"),
        (SOUND + b",9", "wrong_number_of_fields"),
        (b"   ", "wrong_number_of_fields"),
        (b'2018-09-20,"a,1,0.5,2', "unclosed_quote"),
        (b'2018-09-20,"a,1,0.5,"2', "malformed_row"),
        (b'2018-09-20,a"b,"1,0.5,2', "unclosed_quote"),
        (b'2018-09-20,"a"b,1,0.5,2', "malformed_row"),
        (b"2018-09-20,a\rb,1,0.5,2", "malformed_row"),
        (b"2018-09-20,\xff,1,0.5,2", "wrong_encoding"),
        (b"2018-09-20,\xe9t\xe9,1,0.5,2", "wrong_encoding"),
        (b'2018-09-20,"a","1"', "wrong_number_of_fields"),
        (b'2018-09-20,"' + b"a" * 200_000 + b'",1,0.5,2', "malformed_row"),
    ],
)
def test_a_faulty_line_costs_itself_and_no_other(line, rule):
    found, broken = lines(b"\n".join([SOUND, line, SOUND, b'2018-09-20,"a",1,0.5,2']))
    assert broken == {2: rule}
    assert set(found.values()) == {("2018-09-20", "a", "1", "0.5", "2")}
    assert list(found) == [1, 3, 4]


def test_quoted_fields_are_those_without_quotes():
    assert lines(b'"2018-09-20","a","1","0.5","2"')[0] == lines(SOUND)[0]


def test_the_text_of_a_fault_is_told_with_its_odd_bytes_escaped():
    rows = split_rows(b"\xffx,1", COLUMNS, COLUMNS, None)
    assert rows.broken == [Broken(1, "wrong_encoding", "\\xffx,1")]


def test_only_the_wanted_columns_are_kept():
    assert lines(SOUND, wanted=["price", "t_dat"])[0] == {1: ("0.5", "2018-09-20")}


def test_the_lines_of_one_column_are_rows_where_they_are_not_empty():
    assert lines(b"a\n\nb,c\nd\n", columns=["customer_id"]) == ({1: ("a",), 4: ("d",)}, {3: "wrong_number_of_fields"})


@pytest.mark.parametrize(
    "description",
    ["plain", "with, commas", 'a "quoted" word', '"all"', "two\nlines", 'a line,\n\n"and" others', 'ends "open'],
)
def test_a_text_may_hold_commas_quotes_and_line_ends(description):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([["0108775015", "Top", description], ["0108775044", "Top", "x"]])
    found, broken = lines(text.getvalue().encode(), ARTICLES, starts=STARTS)
    assert list(found.values()) == [("0108775015", "Top", description), ("0108775044", "Top", "x")]
    assert broken == {}


def test_a_quote_that_is_not_closed_takes_no_row_but_its_own():
    data = b'0108775015,Top,"no end\n0108775044,Top,"closed"\nleft over"\n0108775051,Top,x\n'
    found, broken = lines(data, ARTICLES, starts=STARTS)
    assert broken == {1: "unclosed_quote", 3: "unclosed_quote"}
    assert list(found) == [2, 4]


def test_without_an_id_at_its_start_a_row_ends_where_its_quotes_are_closed():
    columns = ["prod_name", "article_id", "detail_desc"]
    found, broken = lines(b'Top,1,"no end\nTop,2,x\n', columns, starts=row_start(RAW["articles"], columns))
    assert (found, broken) == ({}, {1: "unclosed_quote"})


PIECES = st.lists(
    st.sampled_from(
        [SOUND, b'"', b",", b"\n", b"\r", b"\r\n", b"\xff", b"a", b"0108775015,", "é".encode(), b" ", b"\0"]
    ),
    max_size=30,
).map(b"".join)


@given(PIECES)
def test_whatever_the_bytes_every_line_that_is_not_empty_is_a_row(data):
    found, broken = lines(data)
    full = [place for place, line in enumerate(data.split(b"\n"), 1) if line.removesuffix(b"\r")]
    assert sorted([*found, *broken]) == full


@given(PIECES)
def test_whatever_the_bytes_rows_with_line_ends_cover_every_line_once(data):
    found, broken = lines(data, ARTICLES, starts=STARTS)
    begun = sorted([*found, *broken])
    full = [place for place, line in enumerate(data.split(b"\n"), 1) if line.removesuffix(b"\r")]
    assert len(set(begun)) == len(begun)
    assert set(begun) <= set(range(1, data.count(b"\n") + 2))
    assert (begun[:1], bool(begun)) == (full[:1], bool(full))


@given(
    st.lists(st.tuples(*[st.text(st.characters(exclude_characters="\r\0", codec="utf-8"), max_size=8)] * 3), min_size=1)
)
def test_what_a_csv_writer_wrote_is_read_back(written):
    columns = ["detail_desc", "prod_name", "index_code"]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(written)
    found, broken = lines(text.getvalue().encode(), columns, starts=row_start(RAW["articles"], columns))
    assert broken == {}
    assert list(found.values()) == [tuple(field or None for field in row) for row in written]
