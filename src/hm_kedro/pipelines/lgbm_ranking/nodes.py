"""The work of lgbm_ranking: features, examples, a ranker for every predicted week, recommendations."""

from collections.abc import Callable
from datetime import date
from itertools import accumulate
from typing import Any

import lightgbm as lgb
import pandas as pd
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from hm_kedro.errors import HmKedroError
from hm_kedro.parameters import EvaluationParameters, FeatureParameters, RankerParameters, TrainingParameters
from hm_kedro.pipelines.lgbm_ranking import ranker
from hm_kedro.pipelines.lgbm_ranking.features import FEATURES, choose_affinities, join_features
from hm_kedro.tables import LIST_LENGTH, history_by_week, purchases_in_weeks, top_per_customer
from hm_kedro.timeline import Timeline


def build_features(
    candidates: DataFrame,
    transactions: DataFrame,
    articles: DataFrame,
    customers: DataFrame,
    feature_relevance: pd.DataFrame,
    timeline: dict[str, Any],
    features: FeatureParameters,
    evaluation: EvaluationParameters,
    training: TrainingParameters,
) -> DataFrame:
    """Describe every candidate of every target week by what was known before that week.

    Which attributes' affinities are looked at is chosen by `feature_relevance`, of weeks before the judged ones.

    Returns:
        One row per candidate: `week`, `customer`, `article` and `FEATURES`.
    """
    weeks = Timeline.read(timeline).target_weeks(evaluation.weeks, training.weeks)
    history = history_by_week(transactions, weeks, features.window_days)
    affinities = choose_affinities(feature_relevance, features)
    return join_features(candidates, history, articles, customers, weeks, affinities)


def sample_training_examples(
    features: DataFrame,
    transactions: DataFrame,
    timeline: dict[str, Any],
    evaluation: EvaluationParameters,
    training: TrainingParameters,
) -> DataFrame:
    """Take the candidates that were bought, and some that were not, of every week that is learned from.

    Customers of whom no candidate was bought teach nothing about order and are left out. Negatives are
    picked by an arithmetic mix of the keys and the seed, alike on every engine.

    Returns:
        One row per (week, customer, article): `bought` int, 1 or 0, and `FEATURES`.
    """
    line = Timeline.read(timeline)
    weeks = {
        week
        for predicted in line.predicted_weeks(evaluation.weeks)
        for week in line.weeks_before(predicted, training.weeks)
    }
    if not weeks:
        return features.limit(0).withColumn("bought", F.lit(0))
    bought = purchases_in_weeks(transactions, sorted(weeks)).withColumn("bought", F.lit(1))
    labelled = (
        features.where(F.col("week").isin(sorted(weeks)))
        .join(bought, ["week", "customer", "article"], "left")
        .na.fill(0, ["bought"])
    )
    query = Window.partitionBy("week", "customer")
    mixed = F.pmod(
        F.col("article").cast("long") * 19_349_663 + F.col("customer").cast("long") * 73_856_093 + training.seed,
        F.lit(2_147_483_647),
    )
    shuffled = Window.partitionBy("week", "customer", "bought").orderBy(mixed, "article")
    sampled = (
        labelled.withColumn("positives", F.sum("bought").over(query))
        .where(F.col("positives") > 0)
        .withColumn("place", F.row_number().over(shuffled))
        .where((F.col("bought") == 1) | (F.col("place") <= training.negatives * F.col("positives")))
    )
    return sampled.select("week", "customer", "article", "bought", *FEATURES)


def train_rankers(
    training_examples: DataFrame,
    timeline: dict[str, Any],
    training: TrainingParameters,
    ranker_params: RankerParameters,
    evaluation: EvaluationParameters,
) -> dict[str, lgb.Booster]:
    """Train a ranker for every predicted week, each on the weeks before it.

    One ranker's examples at a time are collected: whole weeks, newest first, as long as their rows stay within
    `training.max_rows`; the newest week is kept in any case.

    Returns:
        A booster by predicted week (ISO date).
    """
    line = Timeline.read(timeline)
    rows = {row["week"]: row["count"] for row in training_examples.groupBy("week").count().toLocalIterator()}
    rankers = {}
    for predicted in line.predicted_weeks(evaluation.weeks):
        weeks = _newest(line.weeks_before(predicted, training.weeks), rows, training.max_rows)
        examples = training_examples.where(F.col("week").isin(weeks)).toArrow()
        rankers[str(predicted)] = ranker.train(examples, ranker_params)
    return rankers


def _newest(weeks: list[date], rows: dict[date, int], max_rows: int) -> list[date]:
    """Keep the first of some weeks, newest first, while their rows stay within the bound; the newest always."""
    total = list(accumulate(rows.get(week, 0) for week in weeks))
    return [week for place, week in enumerate(weeks) if place == 0 or total[place] <= max_rows]


def recommend(
    features: DataFrame,
    rankers: dict[str, Callable[[], lgb.Booster]],
    timeline: dict[str, Any],
    evaluation: EvaluationParameters,
) -> DataFrame:
    """Order the candidates of every predicted week by its ranker and keep the best twelve a customer.

    Returns:
        One row per (week, customer, article): `score` float, `rank` int from 1.

    Raises:
        HmKedroError: a predicted week has no ranker.
    """
    weeks = Timeline.read(timeline).predicted_weeks(evaluation.weeks)
    missing = [str(week) for week in weeks if str(week) not in rankers]
    if missing:
        raise HmKedroError(f"there is no ranker for {', '.join(missing)}: run `--pipeline lgbm_ranking` as a whole")
    models = {(week - date(1970, 1, 1)).days: rankers[str(week)]().model_to_string() for week in weeks}
    scored = features.where(F.col("week").isin(weeks)).mapInArrow(
        ranker.scorer(models), "week date, customer int, article int, score float"
    )
    return top_per_customer(scored, LIST_LENGTH)


def write_submission(
    recommendations: DataFrame,
    bestsellers: DataFrame,
    submission_lines: DataFrame,
    customers: DataFrame,
    articles: DataFrame,
    timeline: dict[str, Any],
) -> DataFrame:
    """Write the submission's week in Kaggle's format, every list filled to twelve from the bestsellers.

    Returns:
        One row per line of the submission: `line` (its place), `customer_id`, `prediction` of twelve
        article ids, best first.
    """
    cutoff = F.lit(Timeline.read(timeline).cutoff)
    ids = articles.select("article", "article_id")
    best = _joined_ids(bestsellers.where(F.col("week") == cutoff).join(ids, "article"), []).select(
        F.col("article_ids").alias("fill")
    )
    lists = _joined_ids(recommendations.where(F.col("week") == cutoff).join(ids, "article"), ["customer"])
    known = customers.select("customer_id", "customer").join(lists, "customer", "left")
    lines = submission_lines.join(known, "customer_id", "left").crossJoin(best)
    nothing = F.array().cast("array<string>")
    own = F.coalesce("article_ids", nothing)
    twelve = F.slice(F.concat(own, F.array_except("fill", own)), 1, LIST_LENGTH)
    return lines.select("line", "customer_id", F.concat_ws(" ", twelve).alias("prediction"))


def _joined_ids(ranked: DataFrame, keys: list[str]) -> DataFrame:
    """Gather article ids by rank into `article_ids`, a row per key."""
    places = F.array_sort(F.collect_list(F.struct("rank", "article_id")))
    return ranked.groupBy(*keys).agg(F.transform(places, lambda place: place["article_id"]).alias("article_ids"))
