"""The work of explain: what spoke for each recommended article."""

import logging
from collections.abc import Callable
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from hm_kedro.errors import HmKedroError
from hm_kedro.parameters import ExplainParameters, FeatureParameters, SalesParameters
from hm_kedro.pipelines.explain.words import reasons
from hm_kedro.pipelines.lgbm_ranking.describing import Known, describer, serve
from hm_kedro.pipelines.lgbm_ranking.nodes import choose_affinities, gather_shops, read_models
from hm_kedro.timeline import Timeline, week_days

logger = logging.getLogger(__name__)


def choose_customers(
    customers: DataFrame, histories: DataFrame, timeline: dict[str, Any], customer_id: str, explain: ExplainParameters
) -> list[int]:
    """Choose whose recommendations are explained: the one who is asked for, or some with a history.

    Returns:
        Numbers of customers.

    Raises:
        HmKedroError: there is no such customer.
    """
    if customer_id:
        found = customers.where(F.col("customer_id") == customer_id).select("customer").toArrow()
        if not len(found):
            raise HmKedroError(f"there is no customer '{customer_id}': take one of customers.csv")
        return [int(found["customer"][0].as_py())]
    week = F.lit(Timeline.read(timeline).cutoff)
    mixed = F.pmod(F.col("customer").cast("long") * 73_856_093 + explain.seed, F.lit(2_147_483_647))
    some = histories.where((F.col("week") == week) & (F.size("lines") > 0)).select("customer", mixed.alias("mixed"))
    return [row["customer"] for row in some.orderBy("mixed", "customer").limit(explain.customers).toLocalIterator()]


def explain_recommendations(
    chosen_customers: list[int],
    recommendations: DataFrame,
    candidates: DataFrame,
    rankers: dict[str, Callable[[], lgb.Booster]],
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
    explain: ExplainParameters,
) -> pd.DataFrame:
    """Explain the submission week's recommendations of some customers.

    What a feature contributes to a score is LightGBM's own SHAP value (Lundberg, Erion, Lee 2018, "Consistent
    individualized feature attribution for tree ensembles"): with the mean score they add up to the score.

    Returns:
        One row per (customer, recommended article), by customer and `rank`: `customer_id`, `rank`, `article_id`,
        `article` (its name and colour), `score`, `reasons` (in words, the weightiest first), and `contributions`
        (`feature=value: contribution`, those of the most weight either way).
    """
    week = Timeline.read(timeline).cutoff
    of_week = [
        table.where((F.col("week") == F.lit(week)) & F.col("customer").isin(chosen_customers))
        for table in (recommendations, candidates, histories, user_factors)
    ]
    recommended, proposed, lines, factors = of_week
    booster = read_models([week], rankers)[str(week)]
    shops = gather_shops([week], articles, article_sales, article_features, item_factors, related_articles, sales)
    served = serve(lines, factors, customers)
    known = {week_days(week): Known(shops[week], lambda: served)}
    named = recommended.join(customers.select("customer", "customer_id"), "customer").join(
        articles.select("article", "article_id", F.concat_ws(", ", "prod_name", "colour_group_name").alias("name")),
        "article",
    )
    listed = named.toArrow().to_pandas()
    said = _explain(
        proposed, booster, describer(known, features, choose_affinities(feature_relevance, features)), explain
    )
    table = listed.merge(said, how="left", on=["customer", "article"]).sort_values(["customer", "rank"])
    filled = table["filled_by"].notna()
    table.loc[filled, "reasons"] = "fills the list: " + table["filled_by"].str.replace("_", " ")
    table["article"] = table["name"]
    columns = ["customer_id", "rank", "article_id", "article", "score", "reasons", "contributions"]
    result: pd.DataFrame = table[columns].fillna({"reasons": "", "contributions": ""}).reset_index(drop=True)
    _show(result)
    return result


def _explain(
    proposed: DataFrame, booster: lgb.Booster, describe: Callable[..., Any], explain: ExplainParameters
) -> pd.DataFrame:
    """Say what speaks for each candidate."""
    names = booster.feature_name()
    rows: list[dict[str, Any]] = []
    for batch, features in describe(iter(proposed.toArrow().combine_chunks().to_batches())):
        matrix = np.column_stack([features[name] for name in names])
        worths = np.asarray(booster.predict(matrix, pred_contrib=True))[:, :-1]
        keys = zip(batch.column("customer").to_pylist(), batch.column("article").to_pylist(), strict=True)
        for (customer, article), worth, values in zip(keys, worths, matrix, strict=True):
            said = reasons(dict(zip(names, worth, strict=True)), dict(zip(names, values, strict=True)), explain.reasons)
            weightiest = np.argsort(-np.abs(worth), kind="stable")[: 2 * explain.reasons]
            shown = "; ".join(f"{names[place]}={values[place]:.4g}: {worth[place]:+.3f}" for place in weightiest)
            rows.append({"customer": customer, "article": article, "reasons": "; ".join(said), "contributions": shown})
    return pd.DataFrame(rows, columns=["customer", "article", "reasons", "contributions"])


def _show(explained: pd.DataFrame) -> None:
    """Print the first customer's list."""
    first = explained[explained["customer_id"] == explained["customer_id"].iloc[0]] if len(explained) else explained
    for row in first.itertuples():
        logger.info("%2d. %s %s: %s", row.rank, row.article_id, row.article, row.reasons)
