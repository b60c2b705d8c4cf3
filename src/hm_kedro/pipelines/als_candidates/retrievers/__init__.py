"""The retrievers by name; to add one, write its module, its parameters and its line here.

A retriever takes the `RetrievalInputs` and its group of parameters, and gives one row per
(week, customer, article) with `score` float and `rank` int from 1, ties by article.
"""

from collections.abc import Callable
from typing import Any

from pyspark.sql import DataFrame

from hm_kedro.pipelines.als_candidates.retrievers import als, bestsellers, own_purchases
from hm_kedro.pipelines.als_candidates.retrievers.inputs import RetrievalInputs

RETRIEVERS: dict[str, Callable[[RetrievalInputs, Any], DataFrame]] = {
    "als": als.retrieve,
    "own_purchases": own_purchases.retrieve,
    "bestsellers": bestsellers.retrieve,
}

__all__ = ["RETRIEVERS", "RetrievalInputs"]
