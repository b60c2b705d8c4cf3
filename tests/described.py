"""The features of every candidate of a week, from what a run left: as the ranker sees them, without an engine."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as arrow_dataset
from kedro.config import OmegaConfigLoader
from tests import runs

from hm_kedro.parameters import FeatureParameters, SalesParameters
from hm_kedro.pipelines.als_candidates.knowledge import read_codes, read_knowledge
from hm_kedro.pipelines.lgbm_ranking.describing import KEYS, TRAITS, Known, describer
from hm_kedro.pipelines.lgbm_ranking.nodes import choose_affinities
from hm_kedro.pipelines.lgbm_ranking.shop import read_shop
from hm_kedro.schemas import ATTRIBUTES


def features_of(output: Path, week: str) -> pd.DataFrame:
    """Describe a week's candidates by the tables of a run in env `test`; ordered by key."""
    conf = OmegaConfigLoader(
        str(runs.PROJECT / "conf"), env="test", base_env="base", merge_strategy={"parameters": "soft"}
    )["parameters"]
    params = FeatureParameters.model_validate(conf["features"])
    sales = SalesParameters.model_validate(conf["sales"])
    first = date.fromisoformat(week)
    names = ("article_sales", "related_articles", "article_features", "histories", "candidates")
    tables = {name: _read(output / f"04_feature/{name}", first) for name in names}
    factors = {name: _read(output / f"06_models/{name}", first) for name in ("item_factors", "user_factors")}
    articles = arrow_dataset.dataset(output / "03_primary/articles").to_table(["article", "product", *ATTRIBUTES])
    knowledge = read_knowledge(
        first, read_codes(articles), tables["article_sales"], factors["item_factors"], tables["related_articles"], sales
    )
    shop = read_shop(first, knowledge, tables["article_features"], factors["item_factors"])
    served = _serve(tables["histories"], factors["user_factors"])
    relevance = pd.read_parquet(output / "08_reporting/eda/feature_relevance.parquet")
    describe = describer(
        {(first - date(1970, 1, 1)).days: Known(lambda: shop, lambda: served)},
        params,
        choose_affinities(relevance, params),
    )
    parts = []
    for batch, features in describe(iter(tables["candidates"].combine_chunks().to_batches())):
        keys = {name: batch.column(name).to_numpy(zero_copy_only=False) for name in KEYS}
        parts.append(pd.DataFrame(keys | features))
    return pd.concat(parts).sort_values(list(KEYS)).reset_index(drop=True)


def _serve(histories: pa.Table, user_factors: pa.Table) -> pa.Table:
    """Put the factors beside the histories, as `describing.serve` does; what customers themselves say is left out."""
    factors = dict(zip(user_factors["customer"].to_pylist(), user_factors["factors"].to_pylist(), strict=True))
    ordered = histories.sort_by("customer")
    of_customers = pa.array([factors.get(one) for one in ordered["customer"].to_pylist()], pa.list_(pa.float32()))
    served = ordered.append_column("factors", of_customers)
    for name in TRAITS:
        served = served.append_column(name, pa.nulls(len(served), pa.float32()))
    return served.combine_chunks()


def _read(folder: Path, week: date) -> pa.Table:
    """Read a week of a table; the folder of a week has its date as text."""
    read = arrow_dataset.dataset(folder, partitioning="hive").to_table()
    of_week = read.filter(pc.equal(read["week"].cast(pa.string()), str(week)))
    return of_week.set_column(
        of_week.schema.get_field_index("week"), "week", pa.array([week] * len(of_week), pa.date32())
    )
