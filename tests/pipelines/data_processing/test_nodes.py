"""From checked rows to primary tables, on the engine under test."""

import pytest
from tests.conftest import day, rows
from tests.pipelines.data_processing.conftest import ALL, ANN, BOB, CAT, SOCKS, TOP, TOP_RED

from hm_kedro.errors import HmKedroError
from hm_kedro.parameters import DataProcessingParameters
from hm_kedro.pipelines.data_processing.nodes import (
    build_articles,
    build_customers,
    build_submission_lines,
    build_transactions,
    draw_timeline,
)
from hm_kedro.pipelines.data_processing.quality import accept_log, count_rows
from hm_kedro.schemas import PRIMARY, RAW

PURCHASES = "t_dat date, customer int, article int"
CUSTOMERS = [{"customer_id": ANN, "FN": "1.0", "age": "30.0", "postal_code": "x"}, {"customer_id": BOB}]
ARTICLES = [{"article_id": TOP}, {"article_id": SOCKS}]


@pytest.fixture
def built(checked):
    """Build the primary tables of some purchases, by Ann and Bob of tops and socks."""

    def build(*lines, cutoff: str = "", params: DataProcessingParameters = ALL):
        found = checked(articles=ARTICLES, customers=CUSTOMERS, transactions=lines)
        quality, days = count_rows(*found, cutoff, params)
        log = accept_log(quality, days, cutoff, "raw", params)
        kept, later = build_transactions(found.transactions, log)
        tables = {
            "articles": build_articles(found.articles, kept),
            "customers": build_customers(found.customers, kept),
            "transactions": kept,
            "later_transactions": later,
            "submission_lines": build_submission_lines(found.submission_lines, log),
        }
        return tables, quality, log

    return build


def bought(on: str, customer: str = ANN, article: str = TOP, price: str = "0.5", channel: str = "2"):
    return on, customer, article, price, channel


def test_primary_tables_are_of_the_contract(built):
    tables, _, _ = built(bought("2020-09-15"))
    for name, table in tables.items():
        columns = PRIMARY[name.removeprefix("later_")].columns
        assert table.dtypes == [(column.name, column.type) for column in columns], name


def test_equal_lines_are_quantity(built):
    tables, quality, _ = built(
        *[bought("2020-09-15")] * 3, bought("2020-09-15", channel="1"), bought("2020-09-15", price="")
    )
    assert rows(tables["transactions"]) == [
        (day("2020-09-15"), 0, 0, 0.5, 1, 1, 1),
        (day("2020-09-15"), 0, 0, 0.5, 2, 3, 1),
        (day("2020-09-15"), 0, 0, None, 2, 1, 1),
    ]
    assert quality["transactions"]["kept"] == 5


def test_the_cutoff_parts_the_transactions_exactly_at_its_day(built):
    lines = [bought(f"2020-09-{number}") for number in (15, 16, 17)]
    tables, quality, _ = built(*lines, cutoff="2020-09-16")
    assert rows(tables["transactions"], "t_dat") == [(day("2020-09-15"),)]
    assert rows(tables["later_transactions"], "t_dat") == [(day("2020-09-16"),), (day("2020-09-17"),)]
    assert quality["transactions"]["kept"] == 3


def test_weeks_count_back_from_the_cutoff(built):
    days = (
        "2020-09-01",
        "2020-09-02",
        "2020-09-08",
        "2020-09-09",
        "2020-09-15",
        "2020-09-16",
        "2020-09-22",
        "2020-09-23",
    )
    tables, _, _ = built(*map(bought, days), cutoff="2020-09-16")
    weeks = {str(row.t_dat)[8:]: row.weeks_to_cutoff for row in tables["transactions"].collect()}
    assert weeks == {"01": 3, "02": 2, "08": 2, "09": 1, "15": 1}
    assert [row[0] for row in rows(tables["later_transactions"], "weeks_to_cutoff")] == [-1, 0, 0]


def test_transactions_of_a_week_are_ordered_by_customer_day_and_article(built):
    tables, _, _ = built(
        bought("2020-09-15", BOB, TOP),
        bought("2020-09-14", BOB, SOCKS),
        bought("2020-09-14", BOB, TOP),
        bought("2020-09-15", ANN, TOP),
    )
    found = [(row.customer, row.t_dat.day, row.article) for row in tables["transactions"].collect()]
    assert found == [(0, 15, 0), (1, 14, 0), (1, 14, 1), (1, 15, 0)]


def test_weeks_that_are_not_kept_are_left_out_and_counted(built):
    params = DataProcessingParameters(max_rejected_share=0, history_weeks=1)
    tables, quality, log = built(
        bought("2020-09-08"),
        bought("2020-09-08"),
        bought("2020-09-10"),
        bought("2020-09-16"),
        cutoff="2020-09-16",
        params=params,
    )
    assert rows(tables["transactions"], "t_dat") == [(day("2020-09-10"),)]
    assert quality["transactions"] == {"rows": 4, "kept": 2, "left_out": 2, "rejected": 0, "by_rule": {}}
    assert draw_timeline(log, quality, **tables) == log


def test_customers_are_all_of_the_file_and_tell_who_bought_before_the_cutoff(built):
    tables, _, _ = built(bought("2020-09-15", ANN), bought("2020-09-16", BOB), cutoff="2020-09-16")
    assert rows(tables["customers"], "customer", "customer_id", "fn", "active", "age", "postal_code", "buyer") == [
        (0, ANN, 1.0, None, 30, "x", True),
        (1, BOB, None, None, None, None, False),
    ]


def test_articles_have_their_first_and_last_day_before_the_cutoff(built):
    tables, _, _ = built(*[bought(f"2020-09-{number}") for number in (10, 12, 15, 16)], cutoff="2020-09-16")
    assert rows(tables["articles"], "article", "article_id", "first_day", "last_day") == [
        (0, TOP, day("2020-09-10"), day("2020-09-15")),
        (1, SOCKS, None, None),
    ]


def test_names_of_attributes_have_dense_codes_in_the_order_of_the_names(checked, table):
    names = ["White", "", "Black", "White", "äpple"]
    lines = [
        {"article_id": f"{number:010d}", "colour_group_name": name, "colour_group_code": str(9 - number)}
        for number, name in enumerate(names)
    ]
    found = build_articles(checked(articles=lines).articles, table(PURCHASES, []))
    assert rows(found, "article", "colour_group", "colour_group_code") == [
        (0, 1, 9),
        (1, None, 8),
        (2, 0, 7),
        (3, 1, 6),
        (4, 2, 5),
    ]


def test_the_variants_of_a_product_share_its_dense_key(checked, table):
    lines = [
        {"article_id": SOCKS, "product_code": SOCKS[:7]},
        {"article_id": TOP_RED, "product_code": TOP[:7]},
        {"article_id": TOP, "product_code": TOP[:7]},
        {"article_id": "0999999001"},
    ]
    found = build_articles(checked(articles=lines).articles, table(PURCHASES, []))
    assert rows(found, "article", "product") == [(0, 0), (1, 0), (2, 1), (3, None)]


def test_an_article_keeps_every_value_of_its_row(checked, table):
    numbers = {column.name: str(place) for place, column in enumerate(RAW["articles"].columns)}
    line = numbers | {"article_id": TOP, "product_code": TOP[:7], "detail_desc": 'two\n"lines"'}
    found = build_articles(checked(articles=[line]).articles, table(PURCHASES, []))
    assert [str(value) for value in rows(found, *line)[0]] == list(line.values())


def test_the_lines_of_the_submission_are_numbered_in_their_order(checked):
    found = checked(submission=[{"customer_id": BOB}, {"customer_id": ANN}, {"customer_id": CAT}])
    assert rows(build_submission_lines(found.submission_lines, {})) == [(0, BOB), (1, ANN), (2, CAT)]


def test_a_primary_table_that_lost_a_row_has_no_time_line(built):
    tables, quality, log = built(bought("2020-09-15"))
    assert draw_timeline(log, quality, **tables) == log
    keys = {"articles": "article", "customers": "customer", "transactions": "customer", "submission_lines": "line"}
    for name, key in keys.items():
        short = tables | {name: tables[name].where(f"{key} > 0")}
        with pytest.raises(HmKedroError, match=f"{name} holds . rows where . were kept"):
            draw_timeline(log, quality, **short)
