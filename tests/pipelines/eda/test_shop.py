"""The shop in numbers, on the engine under test: every number by hand."""

import pytest
from tests.conftest import day

from hm_kedro.pipelines.eda.shop import count_shop, summarise_shop

PURCHASES = (
    "t_dat date, customer int, article int, price float, sales_channel_id tinyint, quantity int, weeks_to_cutoff int"
)
CUSTOMERS = (
    "customer int, fn float, active float, club_member_status string, fashion_news_frequency string, age int, "
    "postal_code string"
)
ARTICLES = (
    "article int, product_code string, product_type_name string, colour_group_name string, department_name string, "
    "detail_desc string"
)
TIMELINE = {
    "raw_dir": "raw",
    "asked_cutoff": None,
    "cutoff": "2020-09-16",
    "first_day": "2020-08-29",
    "last_day": "2020-09-15",
    "log_end": "2020-09-15",
}


@pytest.fixture
def shop(table):
    """The tables of some customers, articles and purchases of (day, customer, article, price, pieces)."""

    def make(customers, articles, purchases):
        lines = [
            (day(on), customer, article, price, None, quantity, ((day(TIMELINE["cutoff"]) - day(on)).days + 6) // 7)
            for on, customer, article, price, quantity in purchases
        ]
        return table(CUSTOMERS, customers), table(ARTICLES, articles), table(PURCHASES, lines), TIMELINE

    return make


def nobody(number: int):
    return (number, None, None, None, None, None, "x")


def nothing(number: int):
    return (number, "1", "Top", "Black", "Basics", "text")


def test_customers_with_and_without_a_transaction_are_counted_and_shared(shop):
    purchases = [("2020-09-01", 0, 0, 0.5, 1), ("2020-09-02", 0, 1, 0.5, 2), ("2020-09-02", 2, 0, 0.5, 1)]
    found = summarise_shop(*shop(map(nobody, range(4)), map(nothing, range(3)), purchases))
    assert found == {
        "customers": 4,
        "customers_with_a_transaction": 2,
        "customers_without_a_transaction": 2,
        "share_with_a_transaction": 0.5,
        "share_without_a_transaction": 0.5,
        "transactions": 4,
        "articles": 3,
        "articles_never_sold": 1,
        "days": 18,
        "first_day": "2020-08-29",
        "last_day": "2020-09-15",
    }


def test_a_shop_without_transactions_or_customers_has_no_buyers_and_no_shares(shop):
    found = summarise_shop(*shop([], map(nothing, range(2)), []))
    assert (found["transactions"], found["customers_with_a_transaction"], found["articles_never_sold"]) == (0, 0, 2)
    assert found["share_without_a_transaction"] is None


def test_weeks_are_counted_back_from_the_cutoff_and_a_first_one_in_part_is_left_out(shop):
    purchases = [
        ("2020-09-15", 0, 0, 0.5, 3),
        ("2020-09-09", 0, 1, 0.25, 1),
        ("2020-09-09", 1, 1, None, 1),
        ("2020-09-08", 1, 1, 0.125, 2),
        ("2020-08-29", 1, 1, 0.5, 1),
    ]
    counts = count_shop(*shop(map(nobody, range(2)), map(nothing, range(2)), purchases))
    assert counts["transactions_a_week"] == {
        "week": ["2020-09-02", "2020-09-09"],
        "transactions": [2, 5],
        "buyers": [1, 2],
    }
    assert counts["revenue_a_week"] == {"week": ["2020-09-02", "2020-09-09"], "revenue": [0.25, 1.75]}


def test_missing_values_are_shared_and_the_most_come_first(shop):
    customers = [(0, 1.0, None, "ACTIVE", "NONE", 30, "x"), (1, None, None, "ACTIVE", "NONE", None, "x")]
    articles = [(0, "1", "Top", "Black", "Basics", None), nothing(1), nothing(2), nothing(3)]
    counts = count_shop(*shop(customers, articles, [("2020-09-15", 0, 0, 0.5, 1)]))
    assert counts["missing_values"] == {
        "column": [
            "customers.active",
            "transactions.sales_channel_id",
            "customers.age",
            "customers.fn",
            "articles.detail_desc",
        ],
        "missing": [1.0, 1.0, 0.5, 0.5, 0.25],
    }


def test_what_a_log_lacks_is_not_counted(shop):
    customers = [(0, 1.0, 1.0, "ACTIVE", "NONE", 30, "x")]
    counts = count_shop(*shop(customers, [nothing(0)], [("2020-09-15", 0, 0, None, 1)]))
    assert set(counts) == {"missing_values", "transactions_a_week"}
    assert set(count_shop(*shop(customers, [nothing(0)], []))) == set()
