"""Two solvers of implicit-feedback ALS, one result: the articles' factors.

Both minimise the objective of Hu, Koren, Volinsky (2008, "Collaborative filtering for implicit feedback
datasets"), with confidence 1 + alpha · r for a pair of strength r. They differ in the regularisation:
Spark multiplies it by the number of a customer's (an article's) pairs, as Zhou et al. (2008) do;
`implicit` does not, and is given it times the mean number of pairs of a customer. Customers' factors are solved for
from the articles' afterwards, the same way for both (`fold_in`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from hm_kedro import engine
from hm_kedro.pipelines.als_candidates.block import write_factors

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from hm_kedro.parameters import AlsParameters


def bound_rank(params: AlsParameters) -> int:
    """Give the rank that the engine's solver is asked for."""
    return min(params.rank, params.max_spark_rank) if engine.has_spark_ml() else params.rank


def fit(pairs: DataFrame, params: AlsParameters) -> DataFrame:
    """Fit ALS by the solver that the engine has.

    Args:
        pairs: one row per (customer, article) with `strength` float; not empty.

    Returns:
        One row per article: `article` int, `factors` array of `rank` floats, all finite.
    """
    return fit_spark_ml(pairs, params) if engine.has_spark_ml() else fit_implicit(pairs, params)


def fit_spark_ml(pairs: DataFrame, params: AlsParameters) -> DataFrame:
    """Fit ALS by `pyspark.ml.recommendation.ALS`; where there is a checkpoint directory its lineage stays short.

    The pairs come to it in one order, by one task: the order in which shuffles bring them differs from run to run on a
    cluster, again after a worker's loss, and decides the order of its sums. The iterations are spread over the blocks.
    """
    from pyspark.ml.recommendation import ALS

    solver = ALS(
        userCol="customer",
        itemCol="article",
        ratingCol="strength",
        implicitPrefs=True,
        rank=params.rank,
        maxIter=params.iterations,
        alpha=params.alpha,
        regParam=params.regularisation,
        seed=params.seed,
        numUserBlocks=params.blocks,
        numItemBlocks=params.blocks,
        checkpointInterval=params.checkpoint_interval,
    )
    ordered = pairs.repartition(1).sortWithinPartitions("customer", "article")
    factors = solver.fit(ordered).itemFactors.select(
        F.col("id").cast("int").alias("article"), F.col("features").alias("factors")
    )
    return factors.where(F.forall("factors", lambda factor: ~F.isnan(factor) & (F.abs(factor) < float("inf"))))


def fit_implicit(pairs: DataFrame, params: AlsParameters) -> DataFrame:
    """Fit ALS by the library `implicit`, in this process: the pairs of one week's window are collected."""
    return engine.from_arrow(solve_implicit(pairs.select("customer", "article", "strength").toArrow(), params))


def solve_implicit(pairs: pa.Table, params: AlsParameters, threads: int = 0) -> pa.Table:
    """Fit ALS by the library `implicit`, as `fit` does.

    Args:
        pairs: one row per (customer, article), in any order, with `strength`.
        threads: 0 for as many as there are cores.

    Returns:
        One row per article, rising: `article`, `factors`.
    """
    from implicit.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix

    found = pairs.combine_chunks()
    customers, rows = np.unique(found["customer"].to_numpy(), return_inverse=True)
    articles, columns = np.unique(found["article"].to_numpy(), return_inverse=True)
    confidence = 1.0 + params.alpha * found["strength"].to_numpy()
    matrix = csr_matrix((confidence.astype(np.float32), (rows, columns)), shape=(len(customers), len(articles)))
    matrix.sort_indices()
    solver = AlternatingLeastSquares(
        factors=params.rank,
        iterations=params.iterations,
        regularization=params.regularisation * len(rows) / len(customers),
        alpha=1.0,
        random_state=params.seed,
        use_gpu=False,
        num_threads=threads,
    )
    solver.fit(matrix, show_progress=False)
    finite = np.isfinite(solver.item_factors).all(axis=1)
    table = {
        "article": pa.array(articles[finite].astype(np.int32)),
        "factors": write_factors(solver.item_factors[finite]),
    }
    return pa.table(table)
