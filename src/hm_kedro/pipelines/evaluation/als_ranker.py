"""The ranker on ALS's candidates alone: what ranking adds to ALS, without other retrievers."""

from collections.abc import Callable
from typing import Any

import lightgbm as lgb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from hm_kedro import engine
from hm_kedro.parameters import (
    BoosterParameters,
    EvaluationParameters,
    FeatureParameters,
    RankerParameters,
    SalesParameters,
    TrainingParameters,
)
from hm_kedro.pipelines.als_candidates.union import COLUMNS
from hm_kedro.pipelines.lgbm_ranking import ranker
from hm_kedro.pipelines.lgbm_ranking.describing import KEYS, Known, serve
from hm_kedro.pipelines.lgbm_ranking.nodes import (
    choose_affinities,
    collect_examples,
    gather_shops,
    of_weeks,
    read_models,
)
from hm_kedro.pipelines.lgbm_ranking.scoring import SCHEMA, scorer
from hm_kedro.tables import LIST_LENGTH, top_per_customer
from hm_kedro.timeline import Timeline, week_days

ALS = ("als_score", "als_rank")
# What tells of the other retrievers.
OTHERS = ("retrievers", *[name for name in COLUMNS if name not in (*KEYS, *ALS)])


def rank_als_candidates(
    purchases: DataFrame,
    training_examples: DataFrame,
    rankers: dict[str, Callable[[], lgb.Booster]],
    candidates: DataFrame,
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
    training: TrainingParameters,
    ranker_params: RankerParameters,
    evaluation: EvaluationParameters,
) -> DataFrame:
    """Train a ranker for every judged week on what ALS proposed alone, and rank ALS's candidates by it.

    It learns from the same weeks as the week's ranker and grows as many trees; neither examples nor features tell what
    other retrievers proposed.

    Args:
        purchases: only who bought is looked at.
        rankers: say how many trees are grown, which takes half of the time that finding another number would.

    Returns:
        One row per (week, customer, article): `rank` int from 1, up to 12; nothing for who has no candidate of ALS's.
    """
    weeks = Timeline.read(timeline).judged_weeks(evaluation.weeks)
    by_als = candidates.where(F.col("week").isin(weeks) & F.col("als_rank").isNotNull())
    buyers = purchases.select("week", "customer").distinct()
    params = ranker_params.of_a_run()
    trees = {week: model.num_trees() for week, model in read_models(weeks, rankers).items()}
    texts = {
        week_days(week): engine.share(train_on_als(examples, params, trees[str(week)]).model_to_string())
        for week, examples in collect_examples(training_examples, weeks, timeline, training)
    }
    shops = gather_shops(weeks, articles, article_sales, article_features, item_factors, related_articles, sales)
    known = {}
    for week, shop in shops.items():
        of_buyers = of_weeks(histories, week).join(buyers, ["week", "customer"], "semi")
        known[week_days(week)] = Known(shop, engine.share(serve(of_buyers, of_weeks(user_factors, week), customers)))
    affinities = choose_affinities(feature_relevance, features)
    asked = by_als.join(buyers, ["week", "customer"], "semi")
    # What is ordered by where a ranker has no trees.
    asked = asked.withColumn("blend_score", F.col("als_score"))
    scored = asked.mapInArrow(scorer(known, texts, features, affinities), SCHEMA)
    return top_per_customer(scored, LIST_LENGTH).select("week", "customer", "article", "rank")


def train_on_als(examples: pa.Table, params: BoosterParameters, trees: int) -> lgb.Booster:
    """Train a ranker on the examples that ALS proposed, by features that tell of no other retriever."""
    number = ranker.count_boosters(examples.num_rows, params)
    # As many boosters of as many trees as the week's ranker, though it has more examples.
    fixed = {"boosters": number, "boosters_rows": number * max(1, examples.num_rows)}
    params = params.model_copy(update={**fixed, "trees": max(1, trees // number), "patience": 0})
    if "als_rank" in examples.column_names:
        examples = examples.filter(pc.is_valid(examples["als_rank"]))
    return ranker.train(examples.drop_columns([name for name in OTHERS if name in examples.column_names]), params)
