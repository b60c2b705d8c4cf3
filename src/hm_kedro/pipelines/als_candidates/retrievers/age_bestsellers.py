"""What customers of the same age group bought in the last days."""

from hm_kedro.parameters import GroupRetriever
from hm_kedro.pipelines.als_candidates.block import Block
from hm_kedro.pipelines.als_candidates.knowledge import Knowledge
from hm_kedro.pipelines.als_candidates.proposals import Proposals
from hm_kedro.pipelines.als_candidates.retrievers.popularity import by_age_group, propose_lists


def propose(block: Block, knowledge: Knowledge, params: GroupRetriever) -> Proposals:
    """Score an article by its share of what the age group bought, drawn towards what everybody did."""
    best = knowledge.once(
        ("age bestsellers", params.smoothing), lambda: by_age_group(knowledge, "lately", params.smoothing)
    )
    return propose_lists(knowledge.age_groups(block.ages), best, params.top)
