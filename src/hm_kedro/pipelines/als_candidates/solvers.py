"""Two solvers of implicit-feedback ALS, one result: a table of factors for each side.

Both minimise the objective of Hu, Koren, Volinsky (2008, "Collaborative filtering for implicit feedback
datasets"), with confidence 1 + alpha · r for a pair of strength r. They differ in the regularisation:
Spark multiplies it by the number of a customer's (an article's) pairs, as Zhou et al. (2008) do;
`implicit` does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from hm_kedro import engine

if TYPE_CHECKING:
    import numpy.typing as npt
    from pyspark.sql import DataFrame

    from hm_kedro.parameters import AlsParameters


def fit(pairs: DataFrame, params: AlsParameters) -> tuple[DataFrame, DataFrame]:
    """Fit ALS by the solver that the engine has.

    Args:
        pairs: one row per (customer, article) with `strength` float; not empty.

    Returns:
        Factors of the customers (`customer` int, `factors` array of `rank` floats) and of the articles
        (`article` int, `factors`).
    """
    return fit_spark_ml(pairs, params) if engine.has_spark_ml() else fit_implicit(pairs, params)


def fit_spark_ml(pairs: DataFrame, params: AlsParameters) -> tuple[DataFrame, DataFrame]:
    """Fit ALS by `pyspark.ml.recommendation.ALS`."""
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
    )
    model = solver.fit(pairs)
    return (
        model.userFactors.select(F.col("id").cast("int").alias("customer"), F.col("features").alias("factors")),
        model.itemFactors.select(F.col("id").cast("int").alias("article"), F.col("features").alias("factors")),
    )


def fit_implicit(pairs: DataFrame, params: AlsParameters) -> tuple[DataFrame, DataFrame]:
    """Fit ALS by the library `implicit`, in this process: the pairs of one week's window are collected."""
    from implicit.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix
    from threadpoolctl import threadpool_limits

    table = pairs.select("customer", "article", "strength").toArrow().combine_chunks()
    customers, rows = np.unique(table["customer"].to_numpy(), return_inverse=True)
    articles, columns = np.unique(table["article"].to_numpy(), return_inverse=True)
    confidence = 1.0 + params.alpha * table["strength"].to_numpy()
    matrix = csr_matrix((confidence.astype(np.float32), (rows, columns)), shape=(len(customers), len(articles)))
    matrix.sort_indices()
    with threadpool_limits(1, "blas"):
        solver = AlternatingLeastSquares(
            factors=params.rank,
            iterations=params.iterations,
            regularization=params.regularisation,
            alpha=1.0,
            random_state=params.seed,
            use_gpu=False,
        )
        solver.fit(matrix, show_progress=False)
    return (
        _factor_table("customer", customers, solver.user_factors),
        _factor_table("article", articles, solver.item_factors),
    )


def _factor_table(key: str, keys: npt.NDArray[np.int32], factors: npt.NDArray[np.float32]) -> DataFrame:
    """Make a table of factors from a matrix; rows that are not finite never become part of it."""
    finite = np.isfinite(factors).all(axis=1)
    matrix = np.ascontiguousarray(factors[finite], dtype=np.float32)
    offsets = np.arange(len(matrix) + 1, dtype=np.int32) * matrix.shape[1]
    lists = pa.ListArray.from_arrays(pa.array(offsets), pa.array(matrix.ravel()))
    table = pa.table({key: pa.array(keys[finite].astype(np.int32)), "factors": lists})
    return engine.from_arrow(table)
