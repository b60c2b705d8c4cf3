"""Scoring customers: features, prediction and the best twelve in one pass over their candidates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import lightgbm as lgb
import numpy as np
import pyarrow as pa

from hm_kedro.pipelines.lgbm_ranking.compiled import Code, CompiledBooster
from hm_kedro.pipelines.lgbm_ranking.describing import Known, describer, values_of
from hm_kedro.pipelines.lgbm_ranking.ranker import predict
from hm_kedro.tables import LIST_LENGTH

if TYPE_CHECKING:
    from hm_kedro.parameters import FeatureParameters
    from hm_kedro.pipelines.als_candidates.proposals import Integers, Scores

SCHEMA = "week date, customer int, article int, score float"


def scorer(
    known: dict[int, Known],
    models: dict[int, Callable[[], str | Code]],
    params: FeatureParameters,
    affinities: tuple[str, ...],
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Make the function that workers run over batches of `candidates`.

    Args:
        models: what gives a booster's text or code, by week in days from 1970.

    Returns:
        What gives rows of SCHEMA: of each customer in a batch the best twelve there, so that few go on.
    """

    def score(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        boosters: dict[int, lgb.Booster | CompiledBooster] = {}
        for batch, features in describer(known, params, affinities)(batches):
            week = batch.column("week")[0].cast(pa.int32()).as_py()
            if week not in boosters:
                boosters[week] = read_booster(models[week]())
            # Without trees it knows nothing, and the retrievers decide.
            grown = boosters[week].num_trees()
            scores = predict(boosters[week], features) if grown else values_of(batch, "blend_score")
            best = best_rows(batch.column("customer").to_numpy(), batch.column("article").to_numpy(), scores)
            columns = [batch.column(key).take(pa.array(best)) for key in ("week", "customer", "article")]
            yield pa.RecordBatch.from_arrays(
                [*columns, pa.array(scores[best])], names=["week", "customer", "article", "score"]
            )

    return score


def read_booster(made: str | Code) -> lgb.Booster | CompiledBooster:
    """Read a booster from its text or its code."""
    return CompiledBooster(made) if isinstance(made, Code) else lgb.Booster(model_str=made)


def best_rows(customers: Integers, articles: Integers, scores: Scores) -> Integers:
    """Give the places of each customer's best LIST_LENGTH rows.

    >>> best_rows(np.int32([1] * 13 + [2]), np.arange(14, dtype=np.int32), np.float32([*range(13), 5])).tolist()
    [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 13]
    """
    order = np.lexsort((articles, -scores, customers))
    of_order = customers[order]
    starts = np.flatnonzero(np.diff(of_order, prepend=-1))
    place = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    best: Integers = order[place < LIST_LENGTH].astype(np.int32)
    return best
