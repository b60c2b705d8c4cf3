"""Features, examples, a ranker for every predicted week, recommendations and the submission."""

from datetime import date, timedelta
from typing import Any

import lightgbm as lgb
import pandas as pd
import pytest
from tests.conftest import day, rows

from hm_kedro.errors import HmKedroError
from hm_kedro.parameters import EvaluationParameters, FeatureParameters, RankerParameters, TrainingParameters
from hm_kedro.pipelines.als_candidates.retrievers import RETRIEVERS
from hm_kedro.pipelines.lgbm_ranking.features import FEATURES
from hm_kedro.pipelines.lgbm_ranking.nodes import (
    build_features,
    recommend,
    sample_training_examples,
    train_rankers,
    write_submission,
)
from hm_kedro.timeline import Timeline

PURCHASES = "t_dat date, customer int, article int"
PRIMARY = "t_dat date, customer int, article int, price float, sales_channel_id int"
CANDIDATES = "week date, customer int, article int, " + ", ".join(
    f"{name}_score float, {name}_rank int" for name in RETRIEVERS
)
NOT_PROPOSED = (None, None) * len(RETRIEVERS)
CUTOFF, JUDGED, LEARNED, OLDER = day("2020-09-16"), day("2020-09-09"), day("2020-09-02"), day("2020-08-26")
ONE_WEEK = EvaluationParameters(weeks=1)
TRAINING = TrainingParameters(weeks=2, negatives=3, max_rows=100_000, seed=1)
WINDOW = FeatureParameters(window_days=100, affinities=4, min_lift=1.2)
NO_RELEVANCE = pd.DataFrame(columns=["kind", "customer_attribute", "article_attribute", "value"])
RANKER = RankerParameters(
    objective="lambdarank",
    trees=3,
    num_leaves=3,
    learning_rate=0.1,
    min_data_in_leaf=2,
    feature_fraction=1.0,
    max_bin=63,
    num_threads=1,
    seed=1,
)


def line(first_day: str = "2020-01-01") -> dict[str, Any]:
    last_day = CUTOFF - timedelta(days=1)
    return Timeline(
        raw_dir="raw", asked_cutoff=None, cutoff=CUTOFF, first_day=day(first_day), last_day=last_day, log_end=last_day
    ).model_dump(mode="json")


ONE_DAY = line(first_day="2020-09-15")


@pytest.fixture
def features(table):
    """Features of (week, customer, article), all missing but those named."""
    names = list(FEATURES)
    schema = "week date, customer int, article int, " + ", ".join(f"{name} float" for name in names)

    def make(keys, **known):
        values = [known.get(name) for name in names]
        return table(schema, [(*key, *values) for key in keys])

    return make


@pytest.fixture
def examples(table):
    """Training examples of (week, customer, article, bought, times_bought)."""
    names = list(FEATURES)
    schema = "week date, customer int, article int, bought int, " + ", ".join(f"{name} float" for name in names)

    def make(lines):
        missing = [None] * len(names)
        place = names.index("times_bought")
        return table(schema, [(*key, *missing[:place], float(times), *missing[place + 1 :]) for *key, times in lines])

    return make


def test_every_target_week_has_features_of_its_own_history(table):
    log = table(PRIMARY, [(OLDER, 1, 0, 0.5, 1), (LEARNED, 1, 0, 0.5, 1), (JUDGED, 1, 0, 0.5, 1)])
    weeks = [LEARNED, JUDGED, CUTOFF]
    candidates = table(CANDIDATES, [(week, 1, 0, *NOT_PROPOSED) for week in weeks])
    articles, customers = table("article int, product int", [(0, 0)]), table("customer int, age int", [(1, 30)])
    described = build_features(candidates, log, articles, customers, NO_RELEVANCE, line(), WINDOW, ONE_WEEK, TRAINING)
    assert sorted(rows(described, "week", "times_bought")) == [(LEARNED, 1), (JUDGED, 2), (CUTOFF, 3)]


def test_purchases_before_the_window_are_not_features(table):
    log = table(PRIMARY, [(CUTOFF - timedelta(days=100), 1, 0, 0.5, 1), (CUTOFF - timedelta(days=101), 1, 0, 0.5, 1)])
    candidates = table(CANDIDATES, [(CUTOFF, 1, 0, *NOT_PROPOSED)])
    articles, customers = table("article int, product int", [(0, 0)]), table("customer int, age int", [(1, 30)])
    described = build_features(candidates, log, articles, customers, NO_RELEVANCE, ONE_DAY, WINDOW, ONE_WEEK, TRAINING)
    assert rows(described, "times_bought", "days_since_bought") == [(1, 100)]


def sampled(features, log, keys, training=TRAINING, timeline=None):
    return sample_training_examples(features(keys), log, timeline or line(), ONE_WEEK, training)


def test_a_candidate_bought_in_its_week_is_a_positive(table, features):
    log = table(PURCHASES, [(LEARNED, 1, 0)])
    examples = sampled(features, log, [(LEARNED, 1, 0), (LEARNED, 1, 1)])
    assert rows(examples, "article", "bought") == [(0, 1), (1, 0)]


def test_purchases_of_other_weeks_are_no_positives(table, features):
    log = table(PURCHASES, [(LEARNED, 1, 0), (LEARNED - timedelta(days=1), 1, 1), (JUDGED, 1, 2), (LEARNED, 2, 3)])
    examples = sampled(features, log, [(LEARNED, 1, article) for article in range(4)])
    assert rows(examples, "article", "bought") == [(0, 1), (1, 0), (2, 0), (3, 0)]


def test_an_article_bought_twice_in_the_week_is_one_positive(table, features):
    log = table(PURCHASES, [(LEARNED, 1, 0), (LEARNED, 1, 0), (LEARNED + timedelta(days=6), 1, 0)])
    assert rows(sampled(features, log, [(LEARNED, 1, 0)]), "article", "bought") == [(0, 1)]


def test_a_customer_of_whom_no_candidate_was_bought_is_left_out(table, features):
    log = table(PURCHASES, [(LEARNED, 1, 0), (LEARNED, 2, 9)])
    examples = sampled(features, log, [(LEARNED, 1, 0), (LEARNED, 2, 0)])
    assert rows(examples, "customer") == [(1,)]


def test_a_customer_is_left_out_of_the_weeks_without_a_bought_candidate_only(table, features):
    log = table(PURCHASES, [(LEARNED, 1, 0), (JUDGED, 1, 9)])
    examples = sampled(features, log, [(week, 1, 0) for week in (LEARNED, JUDGED)])
    assert rows(examples, "week") == [(LEARNED,)]


def test_all_positives_and_at_most_so_many_negatives_a_positive_are_kept(table, features):
    log = table(PURCHASES, [(LEARNED, 1, article) for article in range(2)])
    examples = sampled(features, log, [(LEARNED, 1, article) for article in range(20)])
    labels = rows(examples, "article", "bought")
    assert [article for article, bought in labels if bought] == [0, 1]
    assert len([article for article, bought in labels if not bought]) == 3 * 2


def test_all_negatives_are_kept_where_they_are_few(table, features):
    examples = sampled(features, table(PURCHASES, [(LEARNED, 1, 0)]), [(LEARNED, 1, article) for article in range(4)])
    assert rows(examples, "article") == [(0,), (1,), (2,), (3,)]


def test_another_seed_picks_other_negatives(table, features):
    log = table(PURCHASES, [(LEARNED, customer, 0) for customer in range(5)])
    keys = [(LEARNED, customer, article) for customer in range(5) for article in range(100)]
    other = TRAINING.model_copy(update={"seed": 2_000_000_000})
    assert rows(sampled(features, log, keys), "customer", "article") != rows(
        sampled(features, log, keys, other), "customer", "article"
    )


def test_examples_do_not_depend_on_the_order_of_the_features(table, features):
    log = table(PURCHASES, [(LEARNED, customer, 0) for customer in range(5)])
    keys = [(LEARNED, customer, article) for customer in range(5) for article in range(50)]
    assert rows(sampled(features, log, keys[::-1])) == rows(sampled(features, log, keys))


def test_examples_are_of_the_weeks_before_the_predicted_ones(table, features):
    weeks = [OLDER - timedelta(days=7), OLDER, LEARNED, JUDGED, CUTOFF]
    log = table(PURCHASES, [(week, 1, 0) for week in weeks])
    examples = sampled(features, log, [(week, 1, 0) for week in weeks])
    # The judged week teaches the cutoff's ranker alone.
    assert sorted(rows(examples, "week")) == [(OLDER,), (LEARNED,), (JUDGED,)]


def test_examples_have_a_label_and_every_feature(table, features):
    keys, log = [(LEARNED, 1, 0)], table(PURCHASES, [(LEARNED, 1, 0)])
    examples = sample_training_examples(features(keys, times_bought=4.0), log, line(), ONE_WEEK, TRAINING)
    assert sorted(examples.columns) == sorted(["week", "customer", "article", "bought", *FEATURES])
    assert rows(examples, "bought", "times_bought", "als_rank") == [(1, 4.0, None)]


def test_a_log_without_earlier_weeks_has_no_examples(table, features):
    log = table(PURCHASES, [(CUTOFF - timedelta(days=1), 1, 0)])
    examples = sampled(features, log, [(CUTOFF, 1, 0)], timeline=ONE_DAY)
    assert rows(examples) == []
    assert sorted(examples.columns) == sorted(["week", "customer", "article", "bought", *FEATURES])


def lessons(week: date, liked: int = 2) -> list[tuple]:
    """Ten customers with three candidates; bought is the one that they have bought `liked` times before."""
    return [
        (week, customer, article, int((customer + article) % 3 == liked), (customer + article) % 3)
        for customer in range(10)
        for article in range(3)
    ]


def trained(examples, lines, **changed) -> dict[str, str]:
    """The rankers' texts by week."""
    training = TRAINING.model_copy(update=changed)
    rankers = train_rankers(examples(lines), line(), training, RANKER, ONE_WEEK)
    return {week: model.model_to_string() for week, model in rankers.items()}


def test_every_predicted_week_has_a_ranker(examples):
    assert list(trained(examples, lessons(OLDER))) == [str(CUTOFF), str(JUDGED)]


def test_a_ranker_never_learns_from_its_own_week(examples):
    told = trained(examples, lessons(LEARNED) + lessons(JUDGED, liked=2))
    otherwise = trained(examples, lessons(LEARNED) + lessons(JUDGED, liked=0))
    assert otherwise[str(JUDGED)] == told[str(JUDGED)]
    assert otherwise[str(CUTOFF)] != told[str(CUTOFF)]


def test_a_ranker_learns_from_no_more_weeks_than_asked_for(examples):
    one = trained(examples, lessons(JUDGED) + lessons(LEARNED, liked=0), weeks=1)
    assert one[str(CUTOFF)] == trained(examples, lessons(JUDGED))[str(CUTOFF)]


def test_older_weeks_are_left_out_where_rows_are_too_many(examples):
    both = lessons(JUDGED) + lessons(LEARNED, liked=0)
    newest = trained(examples, lessons(JUDGED))[str(CUTOFF)]
    assert trained(examples, both, max_rows=59)[str(CUTOFF)] == newest
    assert trained(examples, both, max_rows=60)[str(CUTOFF)] != newest


def test_the_newest_week_is_learned_from_even_where_its_rows_are_too_many(examples):
    few = trained(examples, lessons(JUDGED) + lessons(LEARNED, liked=0), max_rows=1)
    assert few[str(CUTOFF)] == trained(examples, lessons(JUDGED))[str(CUTOFF)]


def test_a_week_without_examples_has_a_ranker_without_trees(examples):
    rankers = train_rankers(examples(lessons(JUDGED)), line(), TRAINING, RANKER, ONE_WEEK)
    assert {week: model.num_trees() for week, model in rankers.items()} == {str(CUTOFF): 3, str(JUDGED): 0}


def test_the_rankers_do_not_depend_on_the_order_of_the_examples(examples):
    lines = lessons(LEARNED) + lessons(JUDGED)
    assert trained(examples, lines[::-1]) == trained(examples, lines)


@pytest.fixture
def rankers(examples) -> dict[str, Any]:
    """Rankers as the catalog gives them; the judged week's has no trees."""
    models = train_rankers(examples(lessons(JUDGED)), line(), TRAINING, RANKER, ONE_WEEK)

    def loader(model: lgb.Booster):
        return lambda: model

    return {week: loader(model) for week, model in models.items()}


def test_the_candidates_of_a_week_are_ordered_by_its_ranker(features, rankers):
    known = features([(CUTOFF, 1, 0)], times_bought=0.0).union(features([(CUTOFF, 1, 1)], times_bought=2.0))
    assert rows(recommend(known, rankers, line(), ONE_WEEK), "article", "rank") == [(0, 2), (1, 1)]


def test_a_ranker_without_trees_orders_by_the_retrievers(features, rankers):
    known = features([(JUDGED, 1, 0)], als_rank=9.0).union(features([(JUDGED, 1, 1)], als_rank=1.0))
    assert rows(recommend(known, rankers, line(), ONE_WEEK), "article", "rank") == [(0, 2), (1, 1)]


def test_candidates_of_equal_score_are_ordered_by_article(features, rankers):
    known = features([(JUDGED, 1, article) for article in (2, 0, 1)], als_rank=1.0)
    assert rows(recommend(known, rankers, line(), ONE_WEEK), "article", "rank") == [(0, 1), (1, 2), (2, 3)]


def test_a_customer_gets_twelve_recommendations(features, rankers):
    known = features([(JUDGED, 1, article) for article in range(20)], als_rank=1.0)
    assert sorted(rows(recommend(known, rankers, line(), ONE_WEEK), "rank")) == [(rank,) for rank in range(1, 13)]


def test_weeks_that_are_only_learned_from_get_no_recommendations(features, rankers):
    known = features([(week, 1, 0) for week in (LEARNED, JUDGED, CUTOFF)], als_rank=1.0)
    assert sorted(rows(recommend(known, rankers, line(), ONE_WEEK), "week")) == [(JUDGED,), (CUTOFF,)]


def test_a_predicted_week_without_a_ranker_is_an_error_that_names_it(features, rankers):
    del rankers[str(JUDGED)]
    with pytest.raises(HmKedroError, match="2020-09-09"):
        recommend(features([(CUTOFF, 1, 0)]), rankers, line(), ONE_WEEK)


RECOMMENDED = "week date, customer int, article int, score float, rank int"
BESTSELLERS = "week date, article int, score float, rank int"
IDS = [f"0{article:09d}" for article in range(30)]
# The best-selling article is 20, then 19, 18 and so on.
POPULAR = [(CUTOFF, 20 - place, 1.0, place + 1) for place in range(20)]


@pytest.fixture
def submission(table):
    """The submission's lines as (line, customer id, ids) where customers "a" and "b" are 0 and 1."""

    def make(recommended, lines=((0, "a"),), bestsellers=POPULAR):
        written = write_submission(
            recommendations=table(RECOMMENDED, list(recommended)),
            bestsellers=table(BESTSELLERS, list(bestsellers)),
            submission_lines=table("line long, customer_id string", list(lines)),
            customers=table("customer_id string, customer int", [("a", 0), ("b", 1)]),
            articles=table("article int, article_id string", list(enumerate(IDS))),
            timeline=line(),
        )
        assert written.columns == ["line", "customer_id", "prediction"]
        return [(number, customer, ids.split(" ")) for number, customer, ids in sorted(rows(written))]

    return make


def ids(*articles: int) -> list[str]:
    return [IDS[article] for article in articles]


def own(*articles: int, customer: int = 0, week: date = CUTOFF) -> list[tuple]:
    return [(week, customer, article, 1.0 / rank, rank) for rank, article in enumerate(articles, 1)]


def test_a_full_list_is_written_in_the_order_of_its_ranks(submission):
    articles = (7, 3, 29, 1, 0, 15, 22, 11, 9, 8, 2, 28)
    assert submission(own(*articles)[::-1]) == [(0, "a", ids(*articles))]


def test_a_short_list_is_filled_with_bestsellers(submission):
    [(_, _, predicted)] = submission(own(3, 7))
    assert predicted == ids(3, 7, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11)


def test_a_bestseller_of_the_own_list_is_not_repeated(submission):
    [(_, _, predicted)] = submission(own(19, 3, 20))
    assert predicted == ids(19, 3, 20, 18, 17, 16, 15, 14, 13, 12, 11, 10)
    assert len(set(predicted)) == 12


def test_a_customer_without_recommendations_gets_the_bestsellers(submission):
    assert submission([]) == [(0, "a", ids(*range(20, 8, -1)))]


def test_an_unknown_customer_gets_the_bestsellers(submission):
    assert submission(own(3), lines=[(0, "nobody")]) == [(0, "nobody", ids(*range(20, 8, -1)))]


def test_each_customer_gets_the_own_list_on_the_own_line(submission):
    written = submission(own(3) + own(7, customer=1), lines=[(0, "b"), (1, "nobody"), (2, "a")])
    assert [(number, customer, predicted[0]) for number, customer, predicted in written] == [
        (0, "b", IDS[7]),
        (1, "nobody", IDS[20]),
        (2, "a", IDS[3]),
    ]


def test_recommendations_of_other_weeks_are_not_written(submission):
    [(_, _, predicted)] = submission(own(3, week=JUDGED))
    assert IDS[3] not in predicted


def test_bestsellers_of_other_weeks_do_not_fill(submission):
    [(_, _, predicted)] = submission([], bestsellers=[*POPULAR, (JUDGED, 29, 9.0, 1)])
    assert IDS[29] not in predicted


def test_article_ids_keep_their_leading_zeros(submission):
    [(_, _, predicted)] = submission(own(3))
    assert predicted[0] == "0000000003"
    assert {len(identity) for identity in predicted} == {10}


def test_customers_that_are_on_no_line_are_not_written(submission):
    assert [customer for _, customer, _ in submission(own(3) + own(7, customer=1), lines=[(0, "b")])] == ["b"]
