"""Who the customers are and what they do, on the engine under test: every number by hand."""

import pytest
from tests.conftest import day

from hm_kedro.pipelines.eda.customers import count_customers

PURCHASES = "t_dat date, customer int, article int, quantity int, weeks_to_cutoff int"
CUSTOMERS = "customer int, club_member_status string, fashion_news_frequency string, age int, buyer boolean"
CUTOFF = "2020-09-16"


@pytest.fixture
def count(table):
    """Count customers of purchases of (day, customer, article, pieces)."""

    def counted(customers, purchases):
        lines = [
            (day(on), customer, article, pieces, ((day(CUTOFF) - day(on)).days + 6) // 7)
            for on, customer, article, pieces in purchases
        ]
        return count_customers(table(CUSTOMERS, customers), table(PURCHASES, lines))

    return counted


def test_customers_are_counted_by_what_is_known_of_them(count):
    customers = [
        (0, "ACTIVE", "NONE", 30, True),
        (1, "ACTIVE", None, 20, False),
        (2, None, None, 30, False),
        (3, "LEFT CLUB", None, None, True),
    ]
    counts = count(customers, [])
    assert counts == {
        "ages": {"value": [20, 30], "customers": [1, 2], "buyers": [0, 1]},
        "club_status": {"value": ["ACTIVE", "LEFT CLUB"], "customers": [2, 1], "buyers": [1, 1]},
    }


def test_customers_are_counted_by_what_they_did(count):
    counts = count(
        [],
        [
            ("2020-09-15", 0, 0, 1),  # the last week; before it 0 bought on the 7th, 1 long ago, 2 never
            ("2020-09-07", 0, 0, 2),
            ("2020-09-07", 0, 1, 1),
            ("2020-09-09", 1, 5, 1),
            ("2019-07-01", 1, 5, 6),
            ("2020-09-10", 2, 3, 1),
            ("2020-09-12", 2, 3, 1),
        ],
    )
    assert counts["purchases_a_customer"] == {"at_least": [2, 4], "customers": [1, 2]}
    assert counts["days_between"] == {"days": [2, 8], "gaps": [1, 1]}
    assert counts["recency"] == {"weeks": [0, 1, 53], "buyers": [1, 1, 1]}
    assert counts["retention"] == {
        "first": ["2019-07", "2019-07", "2020-09"],
        "months": [0, 14, 0],
        "customers": [1, 1, 2],
    }
    assert counts["repeats"] == {"weeks": [1, 2, 53], "purchases": [1, 1, 1]}
