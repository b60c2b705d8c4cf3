"""Examples, a ranker for every predicted week, recommendations and the submission."""

import logging
from datetime import date, timedelta
from typing import Any

import lightgbm as lgb
import pandas as pd
import pyarrow as pa
import pytest
from tests.conftest import day, rows
from tests.rankers import RANKER as SMALL

from hm_kedro import engine
from hm_kedro.datasets.parted_table import Progress
from hm_kedro.errors import HmKedroError, one_line
from hm_kedro.parameters import (
    EvaluationParameters,
    FeatureParameters,
    SalesParameters,
    ScoringParameters,
    TrainingParameters,
)
from hm_kedro.pipelines.als_candidates import union
from hm_kedro.pipelines.lgbm_ranking.article_features import list_article_features
from hm_kedro.pipelines.lgbm_ranking.features import list_features
from hm_kedro.pipelines.lgbm_ranking.nodes import (
    choose_affinities,
    recommend,
    sample_training_examples,
    train_rankers,
    write_submission,
)
from hm_kedro.schemas import ATTRIBUTES
from hm_kedro.timeline import Timeline

PURCHASES = "t_dat date, customer int, article int"
HISTORIES = (
    "week date, customer int, age int, "
    "lines array<struct<article:int,age_days:int,quantity:int,price:float,sales_channel_id:tinyint>>"
)
CUTOFF, JUDGED, LEARNED, OLDER = day("2020-09-16"), day("2020-09-09"), day("2020-09-02"), day("2020-08-26")
ONE_WEEK = EvaluationParameters(weeks=1)
TRAINING = TrainingParameters(
    weeks=2, most_weeks=2, enough_purchases=0, negatives=3, misses=0, max_rows=100_000, seed=1
)
FEATURES = FeatureParameters(window_days=100, sales_days=(7, 28), affinities=4, min_lift=1.2, without=())
SALES = SalesParameters(window_days=7, trend_days=35, age_edges=(30,))
TWO_CUSTOMERS = ScoringParameters(customers=2, compile_rows=0)
RELEVANCE = pd.DataFrame(
    [
        ("information", "age", "department", 9.0),
        ("lift", None, "section", 1.5),
        ("lift", None, "product", 7.0),
        ("lift", None, "colour_group", 2.0),
    ],
    columns=["kind", "customer_attribute", "article_attribute", "value"],
)
NO_RELEVANCE = RELEVANCE.head(0)
RANKER = SMALL.model_copy(update={"objective": "lambdarank"})


def line(first_day: str = "2020-01-01") -> dict[str, Any]:
    last_day = CUTOFF - timedelta(days=1)
    return Timeline(
        raw_dir="raw", asked_cutoff=None, cutoff=CUTOFF, first_day=day(first_day), last_day=last_day, log_end=last_day
    ).model_dump(mode="json")


ONE_DAY = line(first_day="2020-09-15")


@pytest.mark.parametrize(
    ("affinities", "min_lift", "chosen"),
    [
        (2, 1.0, ("product", "colour_group")),
        (9, 2.0, ("product", "colour_group")),
        (9, 3.0, ("product",)),
        (0, 1.0, ()),
    ],
)
def test_the_attributes_with_the_highest_lifts_are_chosen(affinities, min_lift, chosen):
    params = FEATURES.model_copy(update={"affinities": affinities, "min_lift": min_lift})
    assert choose_affinities(RELEVANCE, params) == chosen
    assert choose_affinities(NO_RELEVANCE, params) == ()


def candidate(week: date, customer: int, article: int, **said: float) -> tuple:
    """A row of `candidates`, proposed by no retriever where nothing else is said."""
    known = {"week": week, "customer": customer, "article": article, "blend_score": 1.0, "blend_rank": 1} | said
    return tuple(known.get(name) for name in union.COLUMNS)


def history(week: date, customer: int, *lines: tuple[int, int, int], age: int | None = 40) -> tuple:
    """A row of `histories`; lines of article, age in days and pieces."""
    return week, customer, age, [(*bought, 0.5, 1) for bought in lines]


# Articles 0 to 29, all but the attributes that matter here unknown; customers 1 to 6.
ARTICLES = [
    (number, number // 2, *[number % 2 if name == "section" else None for name in ATTRIBUTES]) for number in range(30)
]
# Article 20 sells best, 19 after it, and so on; before the judged week it was article 0, 1 and so on.
BEST = [(CUTOFF, 20 - place, 1.0, place + 1) for place in range(20)] + [
    (JUDGED, place, 1.0, place + 1) for place in range(30)
]


@pytest.fixture(scope="module")
def shelf(session):
    """The tables that examples and recommendations are made of beside candidates and histories."""
    article_features = ", ".join(f"{feature.name} float" for feature in list_article_features(FEATURES))
    tables = {
        "user_factors": ("week date, customer int, factors array<float>", []),
        "customers": (
            "customer int, customer_id string, club_member_status string, fashion_news_frequency string",
            [(number, f"c{number}", "ACTIVE", None) for number in range(1, 7)],
        ),
        "articles": (", ".join(["article int, product int", *[f"{name} smallint" for name in ATTRIBUTES]]), ARTICLES),
        "article_sales": (
            "week date, article int, age_group int, lately int, before int, first int",
            [(CUTOFF, 25, 1, 4, 0, 0), (JUDGED, 26, 1, 4, 0, 0), (CUTOFF, 27, 0, 4, 0, 0)],
        ),
        "article_features": (f"week date, article int, {article_features}", []),
        "item_factors": ("week date, article int, factors array<float>, rarity float, on_sale boolean", []),
        "related_articles": ("week date, article int, related int, similarity float, customers int, rank int", []),
        "bestsellers": ("week date, article int, score float, rank int", BEST),
    }
    return {name: session.createDataFrame(lines, schema) for name, (schema, lines) in tables.items()}


@pytest.fixture(scope="module")
def sampled(session, shelf):
    """Training examples of candidates, purchases and histories."""

    def make(candidates, log, histories, timeline=None, relevance=NO_RELEVANCE):
        tables = {name: frame for name, frame in shelf.items() if name != "bestsellers"}
        return sample_training_examples(
            candidates=session.createDataFrame(candidates, union.SCHEMA),
            transactions=session.createDataFrame([(*bought, 1) for bought in log], f"{PURCHASES}, quantity int"),
            histories=session.createDataFrame(histories, HISTORIES),
            **tables,
            feature_relevance=relevance,
            timeline=timeline or line(),
            features=FEATURES,
            sales=SALES,
            evaluation=ONE_WEEK,
            training=TRAINING,
        )

    return make


def test_examples_are_of_the_weeks_before_the_predicted_ones_and_of_their_own_histories(sampled):
    weeks = [OLDER - timedelta(days=7), OLDER, LEARNED, JUDGED, CUTOFF]
    candidates = [candidate(week, 1, article) for week in weeks for article in (0, 1)]
    histories = [history(week, 1, (1, 3, place)) for place, week in enumerate(weeks)]
    made = sampled(candidates, [(week, 1, 0) for week in weeks], histories)
    # The judged week teaches the cutoff's ranker alone.
    found = [(week, article, article == 0, place * article) for place, week in enumerate(weeks) for article in (0, 1)]
    assert sorted(rows(made, "week", "article", "bought", "article_times_bought")) == found[2:8]


def test_affinities_that_are_examples_features_are_those_of_the_highest_lifts(sampled):
    candidates = [candidate(LEARNED, 1, article) for article in (0, 1)]
    made = sampled(candidates, [(LEARNED, 1, 0)], [history(LEARNED, 1, (2, 3, 3), (3, 3, 1))], relevance=RELEVANCE)
    affinities = ("product", "colour_group", "section")
    assert made.columns == ["week", "customer", "article", "bought", *list_features(FEATURES, affinities)]
    assert sorted(rows(made, "article", "affinity_section", "affinity_colour_group")) == [
        (0, 0.75, None),
        (1, 0.25, None),
    ]


def test_a_log_without_earlier_weeks_has_no_examples(sampled):
    made = sampled(
        [candidate(CUTOFF, 1, 0)], [(CUTOFF - timedelta(days=1), 1, 0)], [history(CUTOFF, 1)], timeline=ONE_DAY
    )
    assert rows(made) == []
    assert made.columns == ["week", "customer", "article", "bought", *list_features(FEATURES, ())]


NAMES = list_features(FEATURES, ())


@pytest.fixture(scope="module")
def examples(session):
    """Training examples of (week, customer, article, bought, article_times_bought)."""
    keys = ("customer", "article", "bought")
    schema = pa.schema(
        [("week", pa.date32()), *((key, pa.int32()) for key in keys), *((name, pa.float32()) for name in NAMES)]
    )

    def make(lines):
        named = [dict(zip(("week", *keys, "article_times_bought"), line, strict=True)) for line in lines]
        return engine.from_arrow(pa.Table.from_pylist(named, schema=schema))

    return make


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


@pytest.fixture(scope="module")
def of_newest(examples):
    """The text of the cutoff's ranker of the newest week alone."""
    return trained(examples, lessons(JUDGED))[str(CUTOFF)]


def test_every_predicted_week_has_a_ranker(examples):
    assert list(trained(examples, lessons(OLDER))) == [str(CUTOFF), str(JUDGED)]


def test_a_ranker_never_learns_from_its_own_week(examples):
    told = trained(examples, lessons(LEARNED) + lessons(JUDGED, liked=2))
    otherwise = trained(examples, lessons(LEARNED) + lessons(JUDGED, liked=0))
    assert otherwise[str(JUDGED)] == told[str(JUDGED)]
    assert otherwise[str(CUTOFF)] != told[str(CUTOFF)]


def test_a_ranker_learns_from_no_more_weeks_than_asked_for(examples, of_newest):
    one = trained(examples, lessons(JUDGED) + lessons(LEARNED, liked=0), weeks=1)
    assert one[str(CUTOFF)] == of_newest


def test_older_weeks_are_left_out_where_rows_are_too_many(examples, of_newest):
    both = lessons(JUDGED) + lessons(LEARNED, liked=0)
    assert trained(examples, both, max_rows=59)[str(CUTOFF)] == of_newest
    assert trained(examples, both, max_rows=60)[str(CUTOFF)] != of_newest


def test_the_newest_week_is_learned_from_even_where_its_rows_are_too_many(examples, of_newest):
    few = trained(examples, lessons(JUDGED) + lessons(LEARNED, liked=0), max_rows=1)
    assert few[str(CUTOFF)] == of_newest


def test_a_week_without_examples_has_a_ranker_without_trees(examples):
    rankers = train_rankers(examples(lessons(JUDGED)), line(), TRAINING, RANKER, ONE_WEEK)
    assert {week: model.num_trees() for week, model in rankers.items()} == {str(CUTOFF): 3, str(JUDGED): 0}


def test_the_rankers_do_not_depend_on_the_order_of_the_examples(examples):
    lines = lessons(LEARNED) + lessons(JUDGED)
    assert trained(examples, lines[::-1]) == trained(examples, lines)


@pytest.fixture(scope="module")
def rankers(examples) -> dict[str, Any]:
    """Rankers as the catalog gives them, by what was bought before; the judged week's has no trees."""
    models = train_rankers(examples(lessons(JUDGED)), line(), TRAINING, RANKER, ONE_WEEK)
    return loaders(models)


def loaders(models: dict[str, lgb.Booster]) -> dict[str, Any]:
    def loader(model: lgb.Booster):
        return lambda: model

    return {week: loader(model) for week, model in models.items()}


# Of the cutoff's week customers 1 to 4 and 6, of the judged week 1 and 2, of one that is only learned from 1.
SERVED = [
    history(CUTOFF, 1, (3, 2, 2)),
    history(CUTOFF, 2, age=None),
    history(CUTOFF, 3, (7, 5, 2)),
    history(CUTOFF, 4, (9, 1, 1)),
    history(CUTOFF, 6, age=20),
    history(JUDGED, 1, (3, 2, 2)),
    history(JUDGED, 2),
    history(LEARNED, 1, (3, 2, 2)),
]
PROPOSED = [
    # Customer 1 bought article 3 twice and article 2 never: the ranker's choice, and not the blend's.
    *[candidate(CUTOFF, 1, article, blend_score=float(-article)) for article in (2, 3)],
    *[candidate(CUTOFF, 3, article, blend_score=float(-article)) for article in range(20)],
    *[candidate(week, 1, article, blend_score=float(-article)) for week in (JUDGED, LEARNED) for article in (3, 2)],
    candidate(CUTOFF, 4, 19),
]


@pytest.fixture(scope="module")
def parts(session, shelf, rankers):
    """The parts of recommendations, where nothing else is said of two customers each, and nothing done before."""
    candidates = session.createDataFrame(PROPOSED, union.SCHEMA)
    histories = session.createDataFrame(SERVED, HISTORIES)

    def make(made=Progress("", (), 0), features=FEATURES, scoring=TWO_CUSTOMERS, models=None, relevance=NO_RELEVANCE):  # noqa: B008
        return recommend(
            candidates=candidates,
            rankers=rankers if models is None else models,
            histories=histories,
            **shelf,
            feature_relevance=relevance,
            recommended=made,
            timeline=line(),
            features=features,
            sales=SALES,
            scoring=scoring,
            evaluation=ONE_WEEK,
        )

    return make


def read(made) -> list[tuple[Any, list[tuple]]]:
    """Parts, each with its rows: week, customer, article, rank, score, what filled it; read before the next is made."""
    names = ("week", "customer", "article", "rank", "score", "filled_by")
    return [(part, sorted(tuple(row) for row in part.rows.select(*names).toLocalIterator())) for part in made]


@pytest.fixture(scope="module")
def whole(parts):
    """All parts with their rows."""
    return read(parts())


@pytest.fixture(scope="module")
def lists(whole):
    """The lists by week and customer: article and what filled it."""
    found: dict[tuple[date, int], list[tuple[int, str | None]]] = {}
    for _, of_part in whole:
        for week, customer, article, rank, _, filled_by in sorted(of_part, key=lambda row: row[:2] + row[3:4]):
            found.setdefault((week, customer), []).append((article, filled_by))
            assert rank == len(found[week, customer])
    return found


def test_everyone_of_a_predicted_week_has_twelve_articles_and_nobody_else(lists):
    expected = {(week, customer) for week, customer, _, _ in SERVED if week != LEARNED}
    assert {key: len({article for article, _ in places}) for key, places in lists.items()} == dict.fromkeys(
        expected, 12
    )


def test_the_candidates_of_a_week_are_ordered_by_its_ranker(lists):
    assert lists[CUTOFF, 1][:2] == [(3, None), (2, None)]


def test_a_ranker_without_trees_orders_by_the_retrievers(lists):
    assert lists[JUDGED, 1][:2] == [(2, None), (3, None)]


def test_of_many_candidates_the_best_twelve_are_recommended(lists):
    # What was bought before comes first, the others are alike to the ranker and come by article.
    assert lists[CUTOFF, 3] == [(article, None) for article in (7, *range(7), *range(8, 12))]


def test_lists_are_filled_with_bestsellers_of_the_age_group_and_then_of_the_week(lists):
    own, all_of_them = "age_bestsellers", "bestsellers"
    assert lists[CUTOFF, 4] == [(19, None), (25, own), (20, all_of_them), *[(n, all_of_them) for n in range(18, 9, -1)]]
    assert lists[CUTOFF, 6] == [(27, own), *[(n, all_of_them) for n in range(20, 9, -1)]]
    assert lists[CUTOFF, 2] == [(n, all_of_them) for n in range(20, 8, -1)]
    assert lists[JUDGED, 2] == [(26, own), *[(n, all_of_them) for n in range(11)]]


def test_a_score_stands_where_the_ranker_chose_and_nowhere_else(whole):
    for _, of_part in whole:
        assert all((score is None) == (filled_by is not None) for *_, score, filled_by in of_part)


def test_customers_are_cut_into_ranges_of_their_numbers_newest_week_first(whole):
    # Five customers of the numbers 1 to 6 make three ranges.
    assert [(part.name, part.parts) for part, _ in whole] == [
        ("2020-09-16-1", 4),
        ("2020-09-16-3", 4),
        ("2020-09-16-5", 4),
        ("2020-09-09-1", 4),
    ]
    assert [sorted({row[1] for row in of_part}) for _, of_part in whole] == [[1, 2], [3, 4], [6], [1, 2]]


def test_the_parts_are_the_same_rows_however_many_they_are(parts, whole):
    few = read(parts(scoring=TWO_CUSTOMERS.model_copy(update={"customers": 5})))
    assert [part.name for part, _ in few] == ["2020-09-16-1", "2020-09-09-1"]
    assert sorted((row for _, of_part in few for row in of_part), key=str) == sorted(
        (row for _, of_part in whole for row in of_part), key=str
    )


def test_compiled_rankers_give_the_same_rows_of_the_same_work(parts, whole, caplog):
    pytest.importorskip("lleaves")
    caplog.set_level(logging.INFO, "hm_kedro")
    compiled = read(parts(scoring=TWO_CUSTOMERS.model_copy(update={"compile_rows": 1})))
    assert [(part.work, rows) for part, rows in compiled] == [(part.work, rows) for part, rows in whole]
    # The judged week's has no trees.
    assert [message for message in caplog.messages if "ompiling" in message] == ["Compiling the ranker of 2020-09-16"]


def test_a_ranker_is_compiled_for_the_candidates_that_are_still_to_be_scored(parts, whole, caplog):
    pytest.importorskip("lleaves")
    caplog.set_level(logging.INFO, "hm_kedro")
    # Of 23 candidates of the cutoff's week, in three parts, two parts are missing.
    made = Progress(whole[0][0].work, ("2020-09-16-3",), 4)
    for least, compiled in ((15, True), (16, False)):
        caplog.clear()
        next(parts(made=made, scoring=TWO_CUSTOMERS.model_copy(update={"compile_rows": least})))
        assert ("Compiling the ranker of 2020-09-16" in caplog.messages) == compiled


def names_of(made) -> list[str]:
    return [part.name for part in made]


def test_a_run_goes_on_where_one_of_the_same_work_stopped(parts, whole):
    work = whole[0][0].work
    made = list(parts(made=Progress(work, ("2020-09-16-3", "2020-09-09-1"), 4)))
    assert names_of(made) == ["2020-09-16-1", "2020-09-16-5"]
    assert {(part.work, part.parts) for part in made} == {(work, 4)}


def test_what_is_finished_is_made_anew(parts, whole):
    every = tuple(names_of(part for part, _ in whole))
    assert names_of(parts(made=Progress(whole[0][0].work, every, 4))) == list(every)


def test_parts_of_other_work_are_made_again(parts):
    assert len(names_of(parts(made=Progress("other", ("2020-09-16-3",), 4)))) == 4


def test_work_is_other_work_with_other_rankers_and_parts(parts, whole, examples):
    other = loaders(train_rankers(examples(lessons(JUDGED, liked=0)), line(), TRAINING, RANKER, ONE_WEEK))
    works = [
        whole[0][0].work,
        next(parts(models=other)).work,
        next(parts(scoring=TWO_CUSTOMERS.model_copy(update={"customers": 3}))).work,
        next(parts(features=FEATURES.model_copy(update={"window_days": 99}))).work,
    ]
    assert len(set(works)) == 4
    assert next(parts()).work == works[0]


def test_a_predicted_week_without_a_ranker_is_an_error_that_names_it(parts, rankers):
    with pytest.raises(HmKedroError, match="2020-09-09") as caught:
        next(parts(models={str(CUTOFF): rankers[str(CUTOFF)]}))
    assert one_line(caught.value) == ("there is no ranker for 2020-09-09: run `--pipeline lgbm_ranking` as a whole")


def test_a_ranker_of_other_features_is_an_error_that_names_them(parts):
    with pytest.raises(HmKedroError) as caught:
        next(parts(relevance=RELEVANCE.query("article_attribute == 'section'")))
    assert one_line(caught.value) == (
        "the ranker of 2020-09-16 was trained on other features, they differ in affinity_section, "
        "recent_affinity_section, section_days_since_bought, section_repeat_rate: run `--pipeline lgbm_ranking` as a "
        "whole"
    )


def test_what_retrievers_say_may_be_left_out_though_a_week_has_nothing_to_learn_from(session, parts):
    without = FEATURES.model_copy(update={"without": ("retrieval",)})
    names = ", ".join(f"{name} float" for name in list_features(without, ()))
    nothing = session.createDataFrame([], f"week date, customer int, article int, bought int, {names}")
    models = loaders(train_rankers(nothing, line(), TRAINING, RANKER, ONE_WEEK))
    made = read(parts(features=without, models=models, scoring=TWO_CUSTOMERS.model_copy(update={"customers": 5})))
    assert [len(of_part) for part, of_part in made if part.name.startswith(str(JUDGED))] == [24]


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


def test_recommendations_past_the_twelfth_are_not_written(submission):
    [(_, _, predicted)] = submission(own(*range(15)))
    assert predicted == ids(*range(12))


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


def test_bestsellers_of_other_weeks_are_not_written(submission):
    [(_, _, predicted)] = submission([], bestsellers=[*POPULAR, (JUDGED, 29, 9.0, 1)])
    assert predicted == ids(*range(20, 8, -1))


def test_article_ids_keep_their_leading_zeros(submission):
    [(_, _, predicted)] = submission(own(3))
    assert predicted[0] == "0000000003"
    assert {len(identity) for identity in predicted} == {10}


def test_customers_that_are_on_no_line_are_not_written(submission):
    assert [customer for _, customer, _ in submission(own(3) + own(7, customer=1), lines=[(0, "b")])] == ["b"]
