"""The retrievers by name; to add one, write its module, its parameters and its line here.

A retriever takes a block of customers, the week's `Knowledge` and its group of parameters, and gives `Proposals`.
What is common to all is done outside: their order, their ranks, their number a customer, their union.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from hm_kedro.pipelines.als_candidates.block import Block
from hm_kedro.pipelines.als_candidates.knowledge import Knowledge
from hm_kedro.pipelines.als_candidates.proposals import Proposals
from hm_kedro.pipelines.als_candidates.retrievers import (
    age_bestsellers,
    als,
    attribute_profile,
    bestsellers,
    bought_together,
    newcomers,
    own_purchases,
    product_variants,
    section_bestsellers,
    trending,
)


class Retriever(NamedTuple):
    """A retriever and what a log must have for it (see `Knowledge.has`); else it proposes nothing."""

    propose: Callable[[Block, Knowledge, Any], Proposals]
    needs: str = ""


RETRIEVERS: dict[str, Retriever] = {
    "als": Retriever(als.propose, "factors"),
    "own_purchases": Retriever(own_purchases.propose),
    "product_variants": Retriever(product_variants.propose, "product"),
    "bought_together": Retriever(bought_together.propose, "related"),
    "attribute_profile": Retriever(attribute_profile.propose),
    "bestsellers": Retriever(bestsellers.propose),
    "age_bestsellers": Retriever(age_bestsellers.propose, "ages"),
    "section_bestsellers": Retriever(section_bestsellers.propose, "section"),
    "trending": Retriever(trending.propose),
    "newcomers": Retriever(newcomers.propose),
}

__all__ = ["RETRIEVERS", "Retriever"]
