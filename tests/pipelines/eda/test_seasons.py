"""When things are sold, on the engine under test: every number by hand."""

import pytest
from tests.conftest import day

from hm_kedro.pipelines.eda.seasons import CHARTS, count_seasons

PURCHASES = "t_dat date, article int, price float, sales_channel_id tinyint, quantity int, weeks_to_cutoff int"
TIMELINE = {
    "raw_dir": "raw",
    "asked_cutoff": None,
    "cutoff": "2020-09-16",
    "first_day": "2020-06-01",
    "last_day": "2020-09-15",
    "log_end": "2020-09-15",
}


@pytest.fixture
def count(table):
    """Count purchases of (day, article, price, channel, pieces); articles 0 and 1 are of Jersey and Knitwear."""

    def counted(*purchases):
        lines = [(day(line[0]), *line[1:], ((day("2020-09-16") - day(line[0])).days + 6) // 7) for line in purchases]
        articles = table("article int, garment_group_name string", [(0, "Jersey"), (1, "Knitwear"), (2, None)])
        return count_seasons(articles, table(PURCHASES, lines), TIMELINE)

    return counted


def test_sales_are_counted_by_season_weekday_channel_and_price(count):
    counts = count(
        ("2020-09-15", 0, 0.5, 2, 3),  # a Tuesday
        ("2020-09-14", 1, 0.25, 1, 1),  # a Monday
        ("2020-08-31", 1, 1.0, None, 2),  # a Monday, the third week before the cutoff
        ("2020-08-30", 2, None, 2, 1),  # a Sunday
    )
    assert counts["season"] == {
        "month": [8, 9, 9],
        "group": ["Knitwear", "Jersey", "Knitwear"],
        "transactions": [2, 3, 1],
    }
    assert counts["weekdays"] == {"day": [0, 1, 6], "transactions": [3, 3, 1]}
    assert counts["channels"] == {"week": ["2020-08-26", "2020-09-09"], "online": [1.0, 0.75]}
    assert counts["price_level"] == {
        "week": ["2020-08-26", "2020-09-09"],
        "price": [1.0, (3 * 0.5 + 0.25) / 4],
        "transactions": [2, 4],
    }


def test_the_strongest_season_is_named():
    numbers = {"month": [8, 9, 9], "group": ["Knitwear", "Jersey", "Knitwear"], "transactions": [4, 3, 1]}
    season = next(chart for chart in CHARTS if chart.name == "season")
    # Jersey has 3 of 8 sales, and 3 of September's 4.
    assert season.read(numbers) == "The strongest season is that of Jersey in Sep: 2.0 times its usual share."


@pytest.mark.parametrize("channel", [1, 2])
def test_a_shop_with_one_channel_has_no_share_of_it(count, channel):
    assert "channels" not in count(("2020-09-15", 0, 0.5, channel, 3), ("2020-09-05", 0, 0.5, channel, 1))


def test_what_a_log_lacks_is_not_counted(count):
    assert set(count(("2020-09-15", 0, None, None, 3))) == {"weekdays"}
    assert count() == {}
