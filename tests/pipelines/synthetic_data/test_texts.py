"""The rows of Kaggle's files as text."""

import csv
import io

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_kedro.pipelines.synthetic_data import texts
from hm_kedro.pipelines.synthetic_data.assortment import INDEXES
from hm_kedro.pipelines.synthetic_data.customers import customer_ids, draw_customers
from hm_kedro.schemas import RAW

PLAIN = st.text(st.characters(codec="ascii", exclude_characters='\0,"\r\n'), max_size=9)


@given(st.integers(1, 4).flatmap(lambda width: st.lists(st.tuples(*[PLAIN] * width), min_size=1, max_size=8)))
def test_lines_read_back_as_what_was_joined(rows):
    columns = [np.array([value.encode() for value in column]) for column in zip(*rows, strict=True)]
    expected = "".join(",".join(row) + "\n" for row in rows)
    assert texts.lines_of(columns).decode() == expected


@pytest.mark.parametrize("cents", [1, 299, 2_999, 34_899])
def test_prices_are_multiples_of_a_59000th_cut_off_at_16_decimals(cents):
    text = texts.prices()[cents].decode()
    assert float(text) == pytest.approx(cents / 59_000, abs=2e-16)
    assert len(text) <= 18


def test_transactions_are_lines_as_kaggle_has_them():
    lines = pa.table({"day": [0, 733], "customer": [1, 0], "article": [0, 1], "cents": [2_999, 999], "channel": [2, 1]})
    text = texts.transaction_lines(lines, texts.texts(["ab", "cd"]), texts.texts(["0108775015", "0663713001"]))
    assert text == b"2018-09-20,cd,0108775015,0.0508305084745762,2\n2020-09-22,ab,0663713001,0.0169322033898305,1\n"


def test_customers_have_every_column_and_share_a_postal_code(params):
    customers = draw_customers(params.seed, 0, 5_000, 4_960)
    ids = customer_ids(params.seed, 0, 5_000, 5_000)
    text = texts.header("customers") + texts.customer_lines(params.seed, 0, customers, ids, 5_000)
    rows = list(csv.DictReader(io.StringIO(text.decode())))
    assert len(rows) == 5_000
    assert [row["customer_id"] for row in rows] == [identity.decode() for identity in ids]
    assert {row["FN"] for row in rows} == {"", "1.0"}
    assert {row["Active"] for row in rows} == {"", "1.0"}
    assert {row["club_member_status"] for row in rows} >= {"ACTIVE", "PRE-CREATE", ""}
    assert {row["fashion_news_frequency"] for row in rows} >= {"NONE", "Regularly"}
    assert all(row["Active"] <= row["FN"] for row in rows)
    assert all(not row["age"] or 16 <= int(row["age"]) <= 99 for row in rows)
    codes = [row["postal_code"] for row in rows]
    assert all(len(code) == 64 for code in codes)
    assert max(codes.count(code) for code in set(codes[:50])) == pytest.approx(440, rel=0.2)


@pytest.fixture(scope="module")
def articles(shop, params):
    text = texts.header("articles") + texts.article_lines(params.seed, shop.assortment)
    return list(csv.DictReader(io.StringIO(text.decode(), newline="")))


def test_articles_have_every_column_filled(articles, shop):
    assert len(articles) == len(shop.assortment.ids)
    for row in articles[::50]:
        assert list(row) == [column.name for column in RAW["articles"].columns]
        assert all(value for name, value in row.items() if name != "detail_desc")
        assert row["article_id"].startswith(row["product_code"])
        assert len(row["article_id"]) == 10
        assert INDEXES[row["index_code"]] == (row["index_name"], row["index_group_no"], row["index_group_name"])


def test_the_articles_of_a_product_share_all_but_their_colour(articles):
    of_product: dict[str, set[tuple[str, ...]]] = {}
    for row in articles:
        shared = tuple(value for name, value in row.items() if name != "article_id" and "colour" not in name)
        of_product.setdefault(row["product_code"], set()).add(shared)
    assert all(len(kinds) == 1 for kinds in of_product.values())


def test_some_descriptions_hold_quotes_and_line_ends_and_some_are_missing(articles):
    descriptions = [row["detail_desc"] for row in articles]
    assert any('"' in text for text in descriptions)
    assert any("\n" in text for text in descriptions)
    assert "" in descriptions


def test_the_sample_submission_gives_everyone_the_bestsellers():
    assert texts.bestsellers(np.array([1, 5, 5, 0]), 3).tolist() == [1, 2, 0]
    text = texts.submission_lines(texts.texts(["ab", "cd"]), texts.texts(["0000000001", "0000000002"]))
    assert text == b"ab,0000000001 0000000002\ncd,0000000001 0000000002\n"
