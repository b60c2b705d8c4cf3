"""The table of related articles: a week's own, by engine; the measure itself is tested in test_related."""

from datetime import date, timedelta
from typing import Any

import pytest
from tests.conftest import day, rows

from hm_kedro.parameters import EvaluationParameters, RelatedParameters, TrainingParameters
from hm_kedro.pipelines.als_candidates.related import relate_articles
from hm_kedro.timeline import Timeline

PURCHASES = "t_dat date, customer int, article int, quantity int"
CUTOFF, JUDGED, LEARNED = day("2020-09-16"), day("2020-09-09"), day("2020-09-02")
FIRST_DAY = day("2020-01-01")
ONE_WEEK = EvaluationParameters(weeks=1)
TRAINING = TrainingParameters(weeks=1, most_weeks=1, enough_purchases=0, negatives=30, misses=0, max_rows=1000, seed=1)
PARAMS = RelatedParameters(
    window_days=30,
    max_purchases=1000,
    half_life_days=10,
    history_power=0,
    popularity_power=0,
    min_customers=1,
    neighbours=10,
)
COLUMNS = ["week", "article", "related", "similarity", "customers", "rank"]


def line(first_day: date = FIRST_DAY) -> dict[str, Any]:
    eve = CUTOFF - timedelta(days=1)
    days = {"cutoff": CUTOFF, "first_day": first_day, "last_day": eve, "log_end": eve}
    return Timeline(raw_dir="raw", asked_cutoff=None, **days).model_dump(mode="json")


def ago(days: int, week: date = CUTOFF) -> date:
    return week - timedelta(days=days)


# Two half-lives are 20 days. Customer 1 bought article 10 once before, five pieces of it.
LOG = [
    (ago(40), 3, 10, 1),
    (ago(25), 1, 10, 5),
    (ago(20), 1, 20, 1),
    (ago(10), 1, 10, 1),
    (ago(10), 2, 10, 1),
    (ago(10), 2, 20, 1),
    (ago(10), 3, 20, 1),
    (ago(3), 3, 30, 1),
]
LATER = [(CUTOFF, customer, article, 1) for customer in (1, 2) for article in (30, 40)]


@pytest.fixture(scope="module")
def related(session):
    log = session.createDataFrame(LOG + LATER, PURCHASES)
    return relate_articles(log, line(), PARAMS, ONE_WEEK, TRAINING)


@pytest.fixture(scope="module")
def by_week(related):
    """Similarity, common customers and rank of each pair, of each week."""
    found: dict[date, dict[tuple[int, int], tuple[Any, ...]]] = {LEARNED: {}, JUDGED: {}, CUTOFF: {}}
    collected = rows(related)
    for week, article, other, *values in collected:
        found[week][article, other] = tuple(values)
    assert len(collected) == sum(map(len, found.values())), "a pair has two rows"
    return found


def test_a_customers_latest_purchase_of_an_article_counts_and_no_earlier_one(by_week):
    # Weights of 10: 1/2, 1/2, 0; of 20: 1/4, 1/2, 1/2; squares 1/2 and 9/16. Customer 3's article 10 is too old.
    assert by_week[CUTOFF][10, 20] == pytest.approx((3 / 4, 2, 1))
    assert by_week[CUTOFF][20, 10] == pytest.approx((2 / 3, 2, 2))


def test_the_best_neighbours_come_first(by_week):
    # Customer 3's weights of 20 and 30 are 1/2 and 2^-0.3.
    assert by_week[CUTOFF][20, 30] == pytest.approx((2**-0.3 / 2 * 16 / 9, 1, 1))
    assert by_week[CUTOFF][30, 20] == pytest.approx((2**0.3 / 2, 1, 1))


def test_every_week_has_pairs_of_its_own_history(by_week):
    assert set(by_week[CUTOFF]) == {(10, 20), (20, 10), (20, 30), (30, 20)}
    # A week earlier the same pair is as alike: all weights are twice to the 0.7 as much.
    assert by_week[JUDGED] == {(10, 20): pytest.approx((3 / 4, 2, 1)), (20, 10): pytest.approx((2 / 3, 2, 1))}


def test_a_week_before_the_others_knows_only_the_first_purchases(by_week):
    # Customer 1 bought article 10 eleven days before it and 20 six, customer 3 article 10 alone, 26 days before it.
    ten = 2**-2.2 + 2**-5.2
    assert by_week[LEARNED] == {
        (10, 20): pytest.approx((2**-1.7 / ten, 1, 1)),
        (20, 10): pytest.approx((2**-1.7 / 2**-1.2, 1, 1)),
    }


def test_purchases_on_or_after_the_week_relate_nothing(by_week):
    # Customers 1 and 2 buy 30 and 40 on the cutoff; customer 3 buys 30 in the judged week.
    assert 40 not in {article for pair in by_week[CUTOFF] for article in pair}
    assert not {(10, 30), (30, 10)} & set(by_week[CUTOFF])
    assert 30 not in {article for pair in by_week[JUDGED] for article in pair}


def test_the_columns_of_related_articles_have_their_types(related):
    kinds = ["date", "int", "int", "float", "int", "int"]
    assert related.dtypes == list(zip(COLUMNS, kinds, strict=True))


def test_only_the_newest_days_relate_articles_where_there_are_too_many_purchases(table):
    # The newest two days hold four purchases; the third would be one too many.
    log = [(ago(1), 1, 10, 1), (ago(1), 1, 20, 1), (ago(2), 2, 20, 1), (ago(2), 2, 30, 1), (ago(3), 1, 40, 1)]
    found = relate_articles(
        table(PURCHASES, log), line(ago(1)), PARAMS.model_copy(update={"max_purchases": 4}), ONE_WEEK, TRAINING
    )
    assert rows(found, "article", "related") == [(10, 20), (20, 10), (20, 30), (30, 20)]


@pytest.mark.parametrize("log", [[], [(ago(1), 1, 10, 1), (ago(1), 2, 20, 1)]], ids=["nothing bought", "no pair"])
def test_without_a_pair_the_table_has_no_rows(table, log):
    assert rows(relate_articles(table(PURCHASES, log), line(ago(1)), PARAMS, ONE_WEEK, TRAINING)) == []
