"""For customers without any history: what others bought on their first day."""

from hm_kedro.parameters import GroupRetriever
from hm_kedro.pipelines.als_candidates.block import Block
from hm_kedro.pipelines.als_candidates.knowledge import Knowledge
from hm_kedro.pipelines.als_candidates.proposals import Proposals
from hm_kedro.pipelines.als_candidates.retrievers.popularity import by_age_group, propose_lists

NOT_NEW = -2


def propose(block: Block, knowledge: Knowledge, params: GroupRetriever) -> Proposals:
    """Score an article by its share of first days' purchases in the age group, drawn towards everybody's."""
    best = knowledge.once(("newcomers", params.smoothing), lambda: by_age_group(knowledge, "first", params.smoothing))
    groups = knowledge.age_groups(block.ages)
    groups[block.rows] = NOT_NEW
    return propose_lists(groups, best, params.top)
