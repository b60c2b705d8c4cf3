"""The work of lgbm_ranking: examples, a ranker for every predicted week, recommendations."""

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import accumulate
from typing import Any

import lightgbm as lgb
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from hm_kedro import engine
from hm_kedro.datasets.parted_table import Part, Progress
from hm_kedro.errors import HmKedroError
from hm_kedro.parameters import (
    EvaluationParameters,
    FeatureParameters,
    Group,
    RankerParameters,
    SalesParameters,
    ScoringParameters,
    TrainingParameters,
)
from hm_kedro.pipelines.als_candidates.knowledge import gather_knowledge
from hm_kedro.pipelines.lgbm_ranking import distributed, ranker
from hm_kedro.pipelines.lgbm_ranking.compiled import Code, choose_weeks, compile_booster, may_compile
from hm_kedro.pipelines.lgbm_ranking.describing import Known, serve
from hm_kedro.pipelines.lgbm_ranking.examples import describe_examples, pick
from hm_kedro.pipelines.lgbm_ranking.features import list_features
from hm_kedro.pipelines.lgbm_ranking.filling import fill_lists, list_fillings
from hm_kedro.pipelines.lgbm_ranking.scoring import SCHEMA, scorer
from hm_kedro.pipelines.lgbm_ranking.shop import Shop, read_shop
from hm_kedro.tables import LIST_LENGTH
from hm_kedro.timeline import Timeline, week_days

logger = logging.getLogger(__name__)


def choose_affinities(feature_relevance: pd.DataFrame, features: FeatureParameters) -> tuple[str, ...]:
    """Choose the attributes whose affinities are looked at: those with the highest lifts."""
    lifts = feature_relevance[feature_relevance["kind"] == "lift"]
    enough = lifts[lifts["value"] >= features.min_lift].sort_values(
        ["value", "article_attribute"], ascending=[False, True]
    )
    return tuple(enough["article_attribute"].head(features.affinities))


def sample_training_examples(
    candidates: DataFrame,
    transactions: DataFrame,
    histories: DataFrame,
    user_factors: DataFrame,
    customers: DataFrame,
    articles: DataFrame,
    article_sales: DataFrame,
    article_features: DataFrame,
    item_factors: DataFrame,
    related_articles: DataFrame,
    feature_relevance: pd.DataFrame,
    timeline: dict[str, Any],
    features: FeatureParameters,
    sales: SalesParameters,
    evaluation: EvaluationParameters,
    training: TrainingParameters,
) -> DataFrame:
    """Take the candidates that were bought, and some that were not, of every week that is learned from.

    Returns:
        One row per (week, customer, article) picked (see `examples.pick`): `bought` int, 1 or 0, and the features, of
        the week's history alone; which attributes' affinities are among them is chosen by `feature_relevance`, of weeks
        before the judged ones.
    """
    line = Timeline.read(timeline)
    weeks = sorted(
        {
            week
            for predicted in line.predicted_weeks(evaluation.weeks)
            for week in line.learned_weeks(predicted, training)
        }
    )
    return describe_picked(
        weeks,
        pick(candidates, transactions, weeks, training),
        histories,
        user_factors,
        customers,
        articles,
        article_sales,
        article_features,
        item_factors,
        related_articles,
        feature_relevance,
        features,
        sales,
    )


def describe_picked(
    weeks: list[date],
    picked: DataFrame,
    histories: DataFrame,
    user_factors: DataFrame,
    customers: DataFrame,
    articles: DataFrame,
    article_sales: DataFrame,
    article_features: DataFrame,
    item_factors: DataFrame,
    related_articles: DataFrame,
    feature_relevance: pd.DataFrame,
    features: FeatureParameters,
    sales: SalesParameters,
) -> DataFrame:
    """Describe what `pick` gave of some weeks (see `describe_examples`)."""
    affinities = choose_affinities(feature_relevance, features)
    shops = gather_shops(weeks, articles, article_sales, article_features, item_factors, related_articles, sales)
    known = {
        week_days(week): Known(
            shop, engine.share(serve(of_weeks(histories, week), of_weeks(user_factors, week), customers))
        )
        for week, shop in shops.items()
    }
    return describe_examples(picked, known, features, affinities)


def gather_shops(
    weeks: list[date],
    articles: DataFrame,
    article_sales: DataFrame,
    article_features: DataFrame,
    item_factors: DataFrame,
    related_articles: DataFrame,
    sales: SalesParameters,
) -> dict[date, Callable[[], Shop]]:
    """Bring what is known of articles to the driver and share it, a week at a time."""
    sold, items, related = (of_weeks(table, *weeks) for table in (article_sales, item_factors, related_articles))
    knowledge = gather_knowledge(weeks, articles, sold, items, related, sales)
    factors, described = items.toArrow(), of_weeks(article_features, *weeks).toArrow()
    return {week: engine.share(read_shop(week, knowledge.pop(week), described, factors)) for week in weeks}


def of_weeks(table: DataFrame, *weeks: date) -> DataFrame:
    """Keep the rows of some weeks."""
    return table.where(F.col("week").isin(list(weeks)))


def train_rankers(
    training_examples: DataFrame,
    timeline: dict[str, Any],
    training: TrainingParameters,
    ranker_params: RankerParameters,
    evaluation: EvaluationParameters,
) -> dict[str, lgb.Booster]:
    """Train a ranker for every predicted week, each on the weeks before it.

    The driver does, or, as `ranker_params.training` says, workers who share the examples, if there are many.

    Returns:
        A booster by predicted week (ISO date).

    Raises:
        HmKedroError: the engine can't run as many workers at once.
    """
    line = Timeline.read(timeline)
    weeks = line.predicted_weeks(evaluation.weeks)
    boosters = {}
    if ranker_params.training == "distributed":
        distributed.check_engine(ranker_params.workers)
        for predicted in weeks:
            learned = training_examples.where(F.col("week").isin(line.learned_weeks(predicted, training)))
            if distributed.is_enough(learned, ranker_params.workers):
                boosters[str(predicted)] = distributed.train(learned, ranker_params)
    others = [week for week in weeks if str(week) not in boosters]
    for predicted, examples in collect_examples(training_examples, others, timeline, training):
        boosters[str(predicted)] = ranker.train(examples, ranker_params.of_a_run())
    return {str(week): boosters[str(week)] for week in weeks}


def collect_examples(
    training_examples: DataFrame,
    predicted_weeks: Sequence[date],
    timeline: dict[str, Any],
    training: TrainingParameters,
) -> Iterator[tuple[date, pa.Table]]:
    """Collect what the rankers of some weeks learn from, one ranker's examples at a time.

    Whole weeks, newest first, as long as their rows stay within `training.max_rows`; the newest week is kept in any
    case.

    Yields:
        A predicted week and examples of its `Timeline.learned_weeks`, in any order.
    """
    line = Timeline.read(timeline)
    rows = {row["week"]: row["count"] for row in training_examples.groupBy("week").count().toLocalIterator()}
    for predicted in predicted_weeks:
        weeks = newest_weeks(line.learned_weeks(predicted, training), rows, training.max_rows)
        yield predicted, training_examples.where(F.col("week").isin(weeks)).toArrow()


def newest_weeks(weeks: list[date], rows: dict[date, int], max_rows: int) -> list[date]:
    """Keep the first of some weeks, newest first, while their rows stay within the bound; the newest always."""
    total = list(accumulate(rows.get(week, 0) for week in weeks))
    return [week for place, week in enumerate(weeks) if place == 0 or total[place] <= max_rows]


def recommend(
    candidates: DataFrame,
    rankers: dict[str, Callable[[], lgb.Booster]],
    histories: DataFrame,
    user_factors: DataFrame,
    customers: DataFrame,
    articles: DataFrame,
    bestsellers: DataFrame,
    article_sales: DataFrame,
    article_features: DataFrame,
    item_factors: DataFrame,
    related_articles: DataFrame,
    feature_relevance: pd.DataFrame,
    recommended: Progress,
    timeline: dict[str, Any],
    features: FeatureParameters,
    sales: SalesParameters,
    scoring: ScoringParameters,
    evaluation: EvaluationParameters,
) -> Iterator[Part]:
    """Order the candidates of every predicted week by its ranker: the best twelve for each of its customers.

    A part of the customers at a time, those of a range of numbers; parts that an interrupted run of the same work left
    are not made again.

    Yields:
        One row per (week, customer, article): `rank` int from 1 to 12 without gaps; `score` float, missing where the
        list was filled; `filled_by` string, what filled it, missing where the ranker chose.

    Raises:
        HmKedroError: a predicted week has no ranker.
    """
    weeks = Timeline.read(timeline).predicted_weeks(evaluation.weeks)
    models = read_models(weeks, rankers)
    affinities = choose_affinities(feature_relevance, features)
    _check_fit(models, list_features(features, affinities))
    work = _fingerprint(timeline, (features, sales, scoring), affinities, models)
    parts = _list_parts(of_weeks(histories, *weeks), scoring.customers)
    missing = [part for part in parts if not recommended.has(work, _name(part))]
    needed = sorted({week for week, _, _ in missing})
    shops = gather_shops(needed, articles, article_sales, article_features, item_factors, related_articles, sales)
    fillings = list_fillings(shops, bestsellers)
    waiting = _count_waiting(candidates, parts, missing) if may_compile(scoring.compile_rows) else {}
    boosters = share_boosters(needed, models, choose_weeks(waiting, scoring.compile_rows))
    for part in missing:
        week, first, end = part
        of_part, their_candidates, their_factors = (
            of_weeks(table, week).where(F.col("customer").between(first, end - 1))
            for table in (histories, candidates, user_factors)
        )
        served = engine.share(serve(of_part, their_factors, customers))
        known = {week_days(week): Known(shops[week], served)}
        scored = their_candidates.mapInArrow(scorer(known, boosters, features, affinities), SCHEMA)
        yield Part(work, _name(part), len(parts), fill_lists(scored, of_part, fillings, sales))
        engine.release(served)


def read_models(weeks: list[date], rankers: dict[str, Callable[[], lgb.Booster]]) -> dict[str, lgb.Booster]:
    """Read the rankers of some weeks.

    Raises:
        HmKedroError: one is missing.
    """
    missing = [str(week) for week in weeks if str(week) not in rankers]
    if missing:
        raise HmKedroError(f"there is no ranker for {', '.join(missing)}: run `--pipeline lgbm_ranking` as a whole")
    return {str(week): rankers[str(week)]() for week in weeks}


def share_boosters(
    weeks: list[date], models: dict[str, lgb.Booster], compiled: set[date]
) -> dict[int, Callable[[], str | Code]]:
    """Share the rankers of some weeks, compiled or as text, by week in days from 1970."""
    shared = {}
    for week in weeks:
        booster = models[str(week)]
        if week in compiled and booster.num_trees():
            logger.info("Compiling the ranker of %s", week)
            shared[week_days(week)] = engine.share(compile_booster(booster))
        else:
            shared[week_days(week)] = engine.share(booster.model_to_string())
    return shared


def _check_fit(models: dict[str, lgb.Booster], names: list[str]) -> None:
    for week, model in models.items():
        differing = sorted(set(model.feature_name()) ^ set(names))
        if differing:
            raise HmKedroError(
                f"the ranker of {week} was trained on other features, they differ in {', '.join(differing[:5])}: "
                "run `--pipeline lgbm_ranking` as a whole"
            )


def _fingerprint(
    timeline: dict[str, Any],
    params: Sequence[Group],
    affinities: tuple[str, ...],
    models: dict[str, lgb.Booster],
) -> str:
    """Name the work by all that decides it; models tell of the candidates that they were trained on, too.

    Whether a ranker is compiled changes no score.
    """
    texts = {week: model.model_to_string() for week, model in models.items()}
    what = [timeline, [group.model_dump(exclude={"compile_rows"}) for group in params], affinities, texts]
    return hashlib.sha256(json.dumps(what, default=str, sort_keys=True).encode()).hexdigest()


def _list_parts(histories: DataFrame, most: int) -> list[tuple[date, int, int]]:
    """Cut every week's customers into ranges of their numbers, of at most so many customers on average."""
    counted = histories.groupBy("week").agg(
        F.count("*").alias("count"), F.min("customer").alias("first"), F.max("customer").alias("last")
    )
    parts = []
    for row in sorted(counted.toLocalIterator(), key=lambda row: row["week"], reverse=True):
        pieces = -(-row["count"] // most)
        width = -(-(row["last"] + 1 - row["first"]) // pieces)
        parts += [(row["week"], start, start + width) for start in range(row["first"], row["last"] + 1, width)]
    return parts


def _count_waiting(
    candidates: DataFrame, parts: list[tuple[date, int, int]], missing: list[tuple[date, int, int]]
) -> dict[date, int]:
    """Estimate how many candidates of each week are still to be scored, from its share of parts that are missing."""
    of_all, waiting = (Counter(week for week, _, _ in some) for some in (parts, missing))
    counted = of_weeks(candidates, *waiting).groupBy("week").count().toLocalIterator()
    return {row["week"]: row["count"] * waiting[row["week"]] // of_all[row["week"]] for row in counted}


def _name(part: tuple[date, int, int]) -> str:
    week, first, _ = part
    return f"{week}-{first}"


def write_submission(
    recommendations: DataFrame,
    bestsellers: DataFrame,
    submission_lines: DataFrame,
    customers: DataFrame,
    articles: DataFrame,
    timeline: dict[str, Any],
) -> DataFrame:
    """Write the submission's week in Kaggle's format; who is no customer of the file gets the bestsellers.

    Returns:
        One row per line of the submission: `line` (its place), `customer_id`, `prediction` of twelve
        article ids, best first.
    """
    cutoff = F.lit(Timeline.read(timeline).cutoff)
    ids = articles.select("article", "article_id")
    best, ranked = (
        table.where((F.col("week") == cutoff) & (F.col("rank") <= LIST_LENGTH)).join(ids, "article")
        for table in (bestsellers, recommendations)
    )
    places = F.array_sort(F.collect_list(F.struct("rank", "article_id")))
    listed = F.concat_ws(" ", F.transform(places, lambda place: place["article_id"]))
    known = customers.select("customer_id", "customer").join(
        ranked.groupBy("customer").agg(listed.alias("ranked")), "customer"
    )
    lines = submission_lines.join(known, "customer_id", "left").crossJoin(best.agg(listed.alias("best")))
    return lines.select("line", "customer_id", F.coalesce("ranked", "best").alias("prediction"))
