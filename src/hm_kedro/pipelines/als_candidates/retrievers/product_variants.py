"""Other variants of the products that the customer bought: another colour or pattern of the same design."""

from hm_kedro.parameters import HistoryRetriever
from hm_kedro.pipelines.als_candidates.block import Block, decay
from hm_kedro.pipelines.als_candidates.knowledge import Knowledge
from hm_kedro.pipelines.als_candidates.proposals import Proposals
from hm_kedro.pipelines.als_candidates.retrievers.popularity import share_of_value


def propose(block: Block, knowledge: Knowledge, params: HistoryRetriever) -> Proposals:
    """Score a variant by the decayed purchases of its product times its share of the product's sales."""
    shares = knowledge.once("share of product", lambda: share_of_value(knowledge, "product"))
    weights = decay(block.age_days, params.decay_power) * block.quantities
    scores = block.values(knowledge.codes["product"], weights, shares.shape[0]) @ shares
    own = block.purchases(weights, knowledge.width)
    own.data[:] = 1
    return Proposals.of_matrix((scores - scores.multiply(own)).tocsr())
