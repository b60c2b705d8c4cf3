"""What rankers learn from: candidates that were bought, and some that were not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa
from pyspark.sql import functions as F

from hm_kedro.pipelines.lgbm_ranking.describing import KEYS, Known, describer
from hm_kedro.pipelines.lgbm_ranking.features import list_features
from hm_kedro.tables import purchases_in_weeks

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from hm_kedro.parameters import FeatureParameters, TrainingParameters
    from hm_kedro.pipelines.lgbm_ranking.values import Values

# A prime; what mixed numbers are taken modulo.
MODULUS = 2_147_483_647
# More candidates than anyone has: negatives a positive where none is left out.
ALL = 1_000_000


def pick(
    candidates: DataFrame, transactions: DataFrame, weeks: Sequence[date], params: TrainingParameters
) -> DataFrame:
    """Pick the candidates of some weeks that rankers learn from.

    There are about `params.negatives` others for each candidate bought, or all there are: of them the share
    `params.misses` of all candidates of the week alike, whosever they are, the rest of those of the customer who bought
    it. Without the former, customers of whom no candidate was bought are left out. Others are picked by an arithmetic
    mix of the keys and the seed, alike on every engine.

    Returns:
        The rows of `candidates` picked, with `bought` int, 1 or 0.
    """
    query, key = ["week", "customer"], ["week", "customer", "article"]
    of_weeks = candidates.where(F.col("week").isin(list(weeks)))
    hits = purchases_in_weeks(transactions, weeks).join(of_weeks.select(*key), key)
    hits = hits.groupBy(*query).agg(F.count("*").alias("hits"), F.collect_list("article").alias("bought_articles"))
    counts = of_weeks.groupBy(*query).agg(F.count("*").alias("proposed"))
    counted = counts.join(hits, query, "left" if params.misses else "inner").fillna(0, "hits")
    counted = counted.withColumn("others", F.col("proposed") - F.col("hits"))
    totals = counted.groupBy("week").agg(F.sum("hits").alias("week_hits"), F.sum("others").alias("week_others"))
    # Who has no others is asked for none, so what divides them does not matter.
    own, alike = (F.col(f"{of}hits") / F.greatest(F.col(f"{of}others"), F.lit(1)) for of in ("", "week_"))
    share = params.negatives * ((1 - params.misses) * own + params.misses * alike)
    buyers = counted.join(totals, "week").select(*query, "bought_articles", share.alias("wanted_share"))
    days = F.datediff("week", F.lit("1970-01-01").cast("date"))
    keys = (("article", 19_349_663), ("customer", 73_856_093))
    summed = sum((F.col(key).cast("long") * prime for key, prime in keys), days.cast("long") * 83_492_791 + params.seed)
    # The square, for neighbouring numbers' sums are neighbours.
    mixed = F.pmod(F.pmod(summed, F.lit(MODULUS)) * F.pmod(summed, F.lit(MODULUS)), F.lit(MODULUS))
    # By customer alone, so that nobody's candidates are dealt out to many tasks, each of which reads their history; the
    # smaller table on the left, of which one of the engines makes a table in memory.
    labelled = buyers.join(of_weeks, query).withColumn(
        "bought", F.coalesce(F.array_contains("bought_articles", F.col("article")), F.lit(False)).cast("int")
    )
    kept = (F.col("bought") == 1) | (mixed / MODULUS < F.col("wanted_share"))
    return labelled.where(kept).drop("wanted_share", "bought_articles")


def pick_all(
    candidates: DataFrame, transactions: DataFrame, weeks: Sequence[date], params: TrainingParameters
) -> DataFrame:
    """Pick as `pick` does, but all candidates of those of whom one was bought; with `params.misses` of everybody."""
    return pick(candidates, transactions, weeks, params.model_copy(update={"negatives": ALL}))


def describe_examples(
    picked: DataFrame, known: dict[int, Known], params: FeatureParameters, affinities: tuple[str, ...]
) -> DataFrame:
    """Describe what was picked.

    Returns:
        One row per (week, customer, article): `bought` int and the features, floats.
    """
    names = list_features(params, affinities)
    schema = ", ".join(["week date, customer int, article int, bought int", *[f"{name} float" for name in names]])
    return picked.mapInArrow(_tables(describer(known, params, affinities)), schema)


def _tables(
    describe_batches: Callable[[Iterator[pa.RecordBatch]], Iterator[tuple[pa.RecordBatch, dict[str, Values]]]],
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def tables(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch, features in describe_batches(batches):
            columns = {name: batch.column(name) for name in (*KEYS, "bought")}
            missing = {name: pa.array(values, from_pandas=True) for name, values in features.items()}
            yield pa.RecordBatch.from_pydict(columns | missing)

    return tables
