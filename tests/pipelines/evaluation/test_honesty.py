"""The run's checks of its own comparison: each fault stops it, by name."""

import pytest
from tests.conftest import day
from tests.pipelines.evaluation.making import EARLIER, JUDGED, line

from hm_kedro.errors import HmKedroError
from hm_kedro.parameters import EvaluationParameters, FeatureParameters, RetrievalParameters, SalesParameters
from hm_kedro.pipelines.evaluation.contestants import CONTESTANTS
from hm_kedro.pipelines.evaluation.honesty import check_honesty

LISTS = "contestant string, week date, customer int, article int, rank int"
SCHEMAS = {
    "contestant_lists": LISTS,
    "purchases": "week date, customer int, article int",
    "transactions": "t_dat date, customer int, article int",
    "articles": "article int",
    "histories": "week date, customer int, lines array<struct<article int, age_days int, quantity int>>",
    "interactions": "week date, age_days int",
    "article_sales": "week date, article int, lately int, before int",
    "article_features": "week date, article int, article_sales_28d float",
    "training_examples": "week date, customer int, article int, bought int",
}
LINE = line()
# Customer 1 bought article 5 before, in the week learned from, and article 6 in the judged one; customer 2 nothing
# before the judged week.
SOUND = {
    "contestant_lists": [
        (name, JUDGED, customer, article, article - 4)
        for name in CONTESTANTS
        for customer in (1, 2)
        for article in (5, 6)
    ],
    "purchases": [(JUDGED, 1, 6), (JUDGED, 2, 5)],
    "transactions": [
        (day("2020-08-30"), 1, 5),
        (EARLIER, 1, 5),
        (EARLIER, 3, 6),
        (JUDGED, 1, 6),
        (JUDGED, 2, 5),
        (day("2020-02-01"), 1, 5),
    ],
    "articles": [(5,), (6,)],
    "histories": [(JUDGED, 1, [(5, 10, 1), (5, 7, 1)]), (JUDGED, 2, []), (JUDGED, 3, [(6, 7, 1)])],
    "interactions": [(JUDGED, 1), (JUDGED, 7)],
    "article_sales": [(JUDGED, 5, 1, 1), (JUDGED, 6, 1, 0)],
    "article_features": [(JUDGED, 5, 2.0), (JUDGED, 6, 1.0)],
    "training_examples": [(EARLIER, 1, 5, 1), (EARLIER, 1, 6, 0)],
}


@pytest.fixture
def check(table):
    """Check tables that are sound but for those that are named."""

    def run(**changed):
        tables = {name: table(schema, (SOUND | changed)[name]) for name, schema in SCHEMAS.items()}
        return check_honesty(
            **tables,
            timeline=LINE,
            retrieval=RetrievalParameters.model_construct(history_days=100),
            sales=SalesParameters(window_days=7, trend_days=28, age_edges=(30,)),
            features=FeatureParameters.model_construct(sales_days=(1, 28)),
            evaluation=EvaluationParameters(weeks=1),
        )

    return run


def test_a_sound_comparison_passes_and_says_what_was_counted(check):
    checks = check()
    assert all(row["found"] == row["expected"] for row in checks)
    found = {row["check"]: row["found"] for row in checks}
    assert found["pieces in the buyers' histories, week of 2020-09-09"] == 2
    assert found["pieces in article_sales, week of 2020-09-09"] == 3
    assert found["buyers with a list of ranker"] == 2


def lists(*changed):
    """The sound lists, but those of one contestant."""
    name = changed[0][0]
    return [row for row in SOUND["contestant_lists"] if row[0] != name] + list(changed)


FAULTS = {
    "lists of more than twelve articles": {
        "contestant_lists": lists(*[("als", JUDGED, 1, place % 2 + 5, place) for place in range(1, 14)])
    },
    "name an article twice": {"contestant_lists": lists(("als", JUDGED, 1, 5, 1), ("als", JUDGED, 1, 5, 2))},
    "two articles in one place": {"contestant_lists": lists(("als", JUDGED, 1, 5, 1), ("als", JUDGED, 1, 6, 1))},
    "not in the catalogue": {"contestant_lists": lists(("als", JUDGED, 1, 7, 1))},
    "buyers with a list of ranker: 1 instead of 2": {"contestant_lists": lists(("ranker", JUDGED, 1, 5, 1))},
    "buyers with a list of bestsellers: 0 instead of 2": {
        "contestant_lists": [row for row in SOUND["contestant_lists"] if row[0] != "bestsellers"]
    },
    "histories with a purchase of their week": {"histories": [(JUDGED, 1, [(5, 10, 1), (5, 0, 1)]), (JUDGED, 2, [])]},
    "ALS interactions of their week": {"interactions": [(JUDGED, 0)]},
    # Of the judged week, but said to be older than it is.
    "pieces in the buyers' histories": {
        "histories": [(JUDGED, 1, [(5, 10, 1), (5, 7, 1), (6, 1, 1)]), (JUDGED, 2, [])]
    },
    "pieces in article_sales": {"article_sales": [(JUDGED, 5, 2, 1), (JUDGED, 6, 1, 0)]},
    "pieces in article_features": {"article_features": [(JUDGED, 5, 3.0), (JUDGED, 6, 1.0)]},
    "learned as bought": {"training_examples": [(EARLIER, 1, 6, 1)]},
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_stops_the_run(check, name):
    with pytest.raises(HmKedroError, match="not be honest") as caught:
        check(**FAULTS[name])
    assert name in str(caught.value)


def test_als_and_the_oracle_may_leave_buyers_without_a_list(check):
    check(contestant_lists=[row for row in SOUND["contestant_lists"] if row[0] not in ("als", "oracle")])
