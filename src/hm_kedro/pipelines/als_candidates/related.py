"""Which articles are bought by the same customers."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from scipy.sparse import csr_matrix, diags

from hm_kedro.parameters import EvaluationParameters, RelatedParameters, TrainingParameters
from hm_kedro.pipelines.als_candidates.histories import target_weeks
from hm_kedro.pipelines.als_candidates.proposals import MOST_ROWS, Proposals, pair_codes, rank
from hm_kedro.tables import newest_purchases

# Of a weight, so that no product of two is taken for none.
LEAST = 1e-30
SCHEMA = "week date, article int, related int, similarity float, customers int, rank int"


def relate_articles(
    transactions: DataFrame,
    timeline: dict[str, Any],
    related: RelatedParameters,
    evaluation: EvaluationParameters,
    training: TrainingParameters,
) -> DataFrame:
    """Find, before each target week, the articles that are bought by the same customers.

    Returns:
        One row per (week, article, related article), `related.neighbours` for an article at the most: `similarity`
        float (see `relate`), `customers` int who bought both, `rank` int from 1.
    """
    weeks = target_weeks(timeline, evaluation, training)
    history = newest_purchases(transactions, weeks, related.window_days, related.max_purchases)
    latest = history.groupBy("week", "customer", "article").agg(F.min("age_days").alias("age_days"))
    return latest.groupBy("week").applyInArrow(_of_a_week(related), SCHEMA)


def _of_a_week(params: RelatedParameters) -> Callable[[pa.Table], pa.Table]:
    def of_a_week(table: pa.Table) -> pa.Table:
        ordered = table.sort_by([("customer", "ascending"), ("article", "ascending")]).combine_chunks()
        customers, articles, age_days = (ordered[name].to_numpy() for name in ("customer", "article", "age_days"))
        pairs = relate(customers, articles, age_days, params)
        weeks = pa.repeat(ordered["week"][0], len(pairs["article"]))
        return pa.table({"week": weeks, **{name: pa.array(values) for name, values in pairs.items()}})

    return of_a_week


def relate(customers: Any, articles: Any, age_days: Any, params: RelatedParameters) -> dict[str, Any]:
    """Measure how alike the customers of articles are.

    A purchase weighs 2^(-age / half-life) over its customer's number of articles to the power `history_power`: what is
    bought beside a hundred others says little. The similarity of i to j is the sum over customers of both weights'
    product, over n_i^(1 - p) · n_j^p, n the sum of an article's squared weights and p the `popularity_power`: at 0 how
    much of i's weight goes with j (a conditional probability), at 1/2 the cosine.

    Args:
        customers, articles, age_days: of each purchase, by customer and article, a pair at most once.

    Returns:
        `article`, `related`, `similarity`, `customers`, `rank`: by article and rank, of pairs with `min_customers` in
        common.
    """
    bought, columns = np.unique(articles, return_inverse=True)
    _, rows = np.unique(customers, return_inverse=True)
    counts = np.bincount(rows)
    weights = np.maximum(np.exp2(-age_days / params.half_life_days), LEAST) / counts[rows] ** params.history_power
    shape = (len(counts), len(bought))
    weighed = csr_matrix((weights, (rows, columns)), shape=shape)
    once = csr_matrix((np.ones(len(rows), np.int32), (rows, columns)), shape=shape)
    sizes = np.asarray(weighed.power(2).sum(axis=0)).ravel()
    scaled = weighed @ diags(sizes**-params.popularity_power)
    left, left_once = (diags(sizes ** (params.popularity_power - 1)) @ weighed.T).tocsr(), once.T.tocsr()
    parts = []
    for start in range(0, len(bought), MOST_ROWS):
        chosen = slice(start, start + MOST_ROWS)
        similar, common = (left[chosen] @ scaled).tocsr(), (left_once[chosen] @ once).tocsr()
        similar.sort_indices()
        common.sort_indices()
        of = np.repeat(np.arange(similar.shape[0], dtype=np.int32), np.diff(similar.indptr))
        kept = (common.data >= params.min_customers) & (similar.indices != of + start)
        proposed = Proposals(of[kept], similar.indices[kept].astype(np.int32), similar.data[kept].astype(np.float32))
        best = rank(proposed, params.neighbours)
        places = np.searchsorted(pair_codes(of, common.indices), pair_codes(best.rows, best.articles))
        together = common.data[places]
        parts.append((bought[best.rows + start], bought[best.articles], best.scores, together, best.ranks))
    names = {
        "article": np.int32,
        "related": np.int32,
        "similarity": np.float32,
        "customers": np.int32,
        "rank": np.int32,
    }
    merged = [np.concatenate(of_parts) for of_parts in zip(*parts, strict=True)]
    return {name: values.astype(kind) for (name, kind), values in zip(names.items(), merged, strict=True)}
