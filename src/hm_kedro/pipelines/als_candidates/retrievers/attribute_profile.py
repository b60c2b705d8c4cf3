"""Articles like those the customer buys: of the same types, departments, sections."""

import numpy as np
from scipy.sparse import csr_matrix, diags, hstack, vstack

from hm_kedro.parameters import AttributeProfileRetriever
from hm_kedro.pipelines.als_candidates.block import Block, decay
from hm_kedro.pipelines.als_candidates.knowledge import Knowledge
from hm_kedro.pipelines.als_candidates.proposals import Proposals
from hm_kedro.pipelines.als_candidates.retrievers.popularity import share_of_value


def propose(block: Block, knowledge: Knowledge, params: AttributeProfileRetriever) -> Proposals:
    """Score an article by the dot product of the customer's decayed shares of attributes with the article's own.

    An article's part in a value of an attribute is its share of the value's sales in the last weeks: of articles that
    fit alike the one that sells comes first.
    """
    attributes = [name for name in params.attributes if knowledge.has(name)]
    if not attributes:
        return Proposals.none()
    articles = knowledge.once(
        ("profile", *attributes, params.articles), lambda: _articles(knowledge, attributes, params.articles)
    )
    weights = decay(block.age_days, params.decay_power) * block.quantities
    profile = [
        _shares(block.values(knowledge.codes[name], weights, int(knowledge.codes[name].max()) + 1))
        for name in attributes
    ]
    return Proposals.of_matrix((hstack(profile) @ articles).tocsr())


def _articles(knowledge: Knowledge, attributes: list[str], most: int) -> csr_matrix:
    return vstack([share_of_value(knowledge, name, most) for name in attributes]).tocsr()


def _shares(weights: csr_matrix) -> csr_matrix:
    totals = np.asarray(weights.sum(axis=1)).ravel()
    return diags(1 / np.where(totals > 0, totals, 1)) @ weights
