"""Kinds of customers, and kinds of what was bought."""

import pytest
from tests.conftest import rows
from tests.pipelines.evaluation.making import CUTOFF, JUDGED, line

from hm_kedro.parameters import ComparisonParameters, EvaluationParameters, SalesParameters
from hm_kedro.pipelines.evaluation.segments import count_hits_by_article, segment_buyers
from hm_kedro.schemas import ATTRIBUTES

PURCHASES = "week date, customer int, article int"
LINES = "array<struct<article int, age_days int, quantity int, sales_channel_id int>>"
HISTORIES = f"week date, customer int, age int, lines {LINES}"
LISTS = "contestant string, week date, customer int, article int, rank int"
SALES = "week date, article int, age_group int, lately int, before int"
ARTICLES = "article int, first_day date, product int, " + ", ".join(f"`{name}` smallint" for name in ATTRIBUTES)
LINE = line()
AGES = SalesParameters(window_days=7, trend_days=28, age_edges=(25, 40))


@pytest.fixture
def segments(table):
    """The segments of one buyer, by their age and history."""

    def of(age, *lines):
        purchases = table(PURCHASES, [(JUDGED, 1, 0), (JUDGED, 1, 1)])
        histories = [(JUDGED, 1, age, list(lines)), (JUDGED, 2, 30, [(0, 1, 1, 1)]), (CUTOFF, 1, 99, [])]
        [found] = rows(segment_buyers(purchases, table(HISTORIES, histories), AGES))
        assert found[:2] == (JUDGED, 1)
        return found[2:]

    return of


def test_a_customer_without_history_is_new_in_every_way_but_age(segments):
    new = "new: no purchase before"
    assert segments(None) == (new, new, "unknown", new)


def test_the_last_purchase_and_the_pieces_bought_say_how_active_a_customer_is(segments):
    assert segments(24, (0, 300, 4, 1), (1, 8, 1, 2))[:3] == ("last month", "5 to 19", "under 25")
    assert segments(25, (0, 7, 4, 1))[:3] == ("last week", "1 to 4", "25 to 39")
    assert segments(40, (0, 365, 100, 1))[:3] == ("older", "100 and more", "40 and older")


def test_the_channel_is_where_most_was_bought(segments):
    assert segments(30, (0, 1, 9, 1), (1, 1, 1, 1))[3] == "store"
    assert segments(30, (0, 1, 1, 1), (1, 1, 1, 2))[3] == "both"
    assert segments(30, (0, 1, 1, 2), (1, 1, 1, None))[3] == "online"
    assert segments(30, (0, 1, 1, None))[3] == "unknown"


def test_hits_are_counted_by_how_an_article_sold_and_whether_it_was_bought_before(table):
    width = 13
    articles = [(place, None, place, *[0] * len(ATTRIBUTES)) for place in range(width)]
    # Ten articles of a tenth of the pieces each, the lowest number first; article 10 sells one piece more, 11 none.
    sales = [(JUDGED, place, 0, 5, 5) for place in range(9)] + [(JUDGED, 9, 0, 4, 5), (JUDGED, 10, 0, 1, 0)]
    found = count_hits_by_article(
        table(PURCHASES, [(JUDGED, 1, article) for article in (0, 1, 10, 11)]),
        table(LISTS, [("als", JUDGED, 1, 1, 3), ("als", JUDGED, 1, 0, 13), ("ranker", JUDGED, 1, 11, 12)]),
        table(HISTORIES, [(JUDGED, 1, 30, [(1, 5, 1, 1), (1, 9, 1, 1), (8, 5, 1, 1)])]),
        table(ARTICLES, articles),
        table(SALES, sales),
        LINE,
        ComparisonParameters(resamples=100, seed=1, head_share=0.8, new_days=28),
        EvaluationParameters(weeks=1),
    )
    counted = {row[:3]: row[3:] for row in rows(found, "contestant", "kind", "level", "bought", "hits")}
    assert counted == {
        ("als", "popularity", "tenth 01"): (1, 0),
        ("als", "popularity", "tenth 02"): (1, 1),
        ("als", "popularity", "tenth 10"): (1, 0),
        ("als", "popularity", "not sold lately"): (1, 0),
        ("als", "repeat", "bought before"): (1, 1),
        ("als", "repeat", "never bought before"): (3, 0),
        ("ranker", "popularity", "tenth 01"): (1, 0),
        ("ranker", "popularity", "tenth 02"): (1, 0),
        ("ranker", "popularity", "tenth 10"): (1, 0),
        ("ranker", "popularity", "not sold lately"): (1, 1),
        ("ranker", "repeat", "bought before"): (1, 0),
        ("ranker", "repeat", "never bought before"): (3, 1),
    }
