"""Articles on sale whose factors fit the customer's best."""

from pyspark.sql import DataFrame

from hm_kedro.parameters import AlsRetriever
from hm_kedro.pipelines.als_candidates.retrievers.inputs import RetrievalInputs
from hm_kedro.pipelines.als_candidates.topk import best_articles


def retrieve(inputs: RetrievalInputs, params: AlsRetriever) -> DataFrame:
    """Rank the articles on sale by the dot product of factors; already bought ones are kept."""
    wanted = inputs.user_factors.join(inputs.targets, ["week", "customer"], "semi")
    return best_articles(wanted, inputs.item_factors.where("on_sale"), params.top)
