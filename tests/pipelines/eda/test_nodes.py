"""The first look at the shop, on the engine under test."""

import pandas as pd
import pytest
from tests.conftest import day

from hm_kedro.pipelines.eda.nodes import count_transactions_a_week, draw_transactions_a_week, summarise_shop

PURCHASES = "t_dat date, customer int, article int"
TIMELINE = {
    "raw_dir": "raw",
    "asked_cutoff": None,
    "cutoff": "2020-09-16",
    "first_day": "2020-08-29",
    "last_day": "2020-09-15",
    "log_end": "2020-09-15",
}


@pytest.fixture
def summary(table):
    """Summarise a shop of so many customers and articles."""

    def summarise(customers: int, articles: int, purchases: list[tuple[str, int, int]]):
        return summarise_shop(
            table("customer int", [(customer,) for customer in range(customers)]),
            table("article int", [(article,) for article in range(articles)]),
            table(PURCHASES, [(day(on), customer, article) for on, customer, article in purchases]),
            TIMELINE,
        )

    return summarise


@pytest.fixture
def weekly(table):
    """Count the transactions a week as (week, transactions, buyers)."""

    def count(*purchases: tuple[str, int]):
        cutoff = day(TIMELINE["cutoff"])
        lines = [(day(on), customer, 0, 1, ((cutoff - day(on)).days + 6) // 7) for on, customer in purchases]
        log = table(f"{PURCHASES}, quantity int, weeks_to_cutoff int", lines)
        counted = count_transactions_a_week(log, TIMELINE)
        assert list(counted.columns) == ["week", "transactions", "buyers"]
        return [(str(week), lines, buyers) for week, lines, buyers in counted.itertuples(index=False)]

    return count


def test_customers_with_and_without_a_transaction_are_counted_and_shared(summary):
    found = summary(4, 3, [("2020-09-01", 0, 0), ("2020-09-02", 0, 1), ("2020-09-02", 2, 0)])
    assert found == {
        "customers": 4,
        "customers_with_a_transaction": 2,
        "customers_without_a_transaction": 2,
        "share_with_a_transaction": 0.5,
        "share_without_a_transaction": 0.5,
        "transactions": 3,
        "articles": 3,
        "articles_never_sold": 1,
        "days": 18,
        "first_day": "2020-08-29",
        "last_day": "2020-09-15",
    }


def test_pieces_count_as_transactions_each(table):
    log = table(f"{PURCHASES}, quantity int", [(day("2020-09-01"), 0, 0, 2), (day("2020-09-02"), 0, 0, 1)])
    shop = summarise_shop(table("customer int", [(0,)]), table("article int", [(0,)]), log, TIMELINE)
    assert shop["transactions"] == 3


def test_a_shop_without_transactions_has_no_buyers(summary):
    found = summary(2, 2, [])
    assert (found["transactions"], found["customers_with_a_transaction"], found["articles_never_sold"]) == (0, 0, 2)
    assert found["share_without_a_transaction"] == 1.0


def test_a_shop_without_customers_has_no_shares(summary):
    found = summary(0, 1, [])
    assert found["share_with_a_transaction"] is None
    assert found["share_without_a_transaction"] is None


def test_weeks_are_counted_back_from_the_cutoff(weekly):
    assert weekly(("2020-09-15", 0), ("2020-09-09", 0), ("2020-09-08", 0), ("2020-09-02", 0)) == [
        ("2020-09-02", 2, 1),
        ("2020-09-09", 2, 1),
    ]


def test_a_buyer_of_several_articles_a_week_is_counted_once(weekly):
    assert weekly(("2020-09-10", 0), ("2020-09-11", 0), ("2020-09-11", 1)) == [("2020-09-09", 3, 2)]


def test_a_first_week_that_the_log_holds_in_part_is_left_out(weekly):
    assert weekly(("2020-08-29", 0), ("2020-09-01", 0), ("2020-09-02", 0)) == [("2020-09-02", 1, 1)]


def test_a_week_without_a_sale_has_no_row(weekly):
    assert weekly(("2020-09-09", 0)) == [("2020-09-09", 1, 1)]


def test_no_transactions_make_no_weeks(weekly):
    assert weekly() == []


def test_transactions_and_buyers_are_drawn_over_the_weeks():
    counted = pd.DataFrame({"week": [day("2020-09-02"), day("2020-09-09")], "transactions": [5, 7], "buyers": [2, 3]})
    lines = {line.name: line for line in draw_transactions_a_week(counted).data}
    assert list(lines["transactions"].x) == ["2020-09-02", "2020-09-09"]
    assert list(lines["transactions"].y) == [5, 7]
    assert list(lines["buyers"].y) == [2, 3]


def test_no_weeks_draw_an_empty_figure():
    figure = draw_transactions_a_week(pd.DataFrame({"week": [], "transactions": [], "buyers": []}))
    assert all(len(line.x) == 0 for line in figure.data)
