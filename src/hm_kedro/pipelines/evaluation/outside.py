"""Lists of models outside, read from their submissions."""

from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from hm_kedro.errors import HmKedroError
from hm_kedro.parameters import EvaluationParameters
from hm_kedro.pipelines.evaluation.contestants import CONTESTANTS
from hm_kedro.timeline import Timeline

SCHEMA = "contestant string, customer_id string, prediction string"


def read_outside_lists(
    outside_submissions: DataFrame,
    customers: DataFrame,
    articles: DataFrame,
    timeline: dict[str, Any],
    evaluation: EvaluationParameters,
) -> DataFrame:
    """Read what models outside predict for the cutoff's week.

    Args:
        outside_submissions: SCHEMA, a row a line of a submission; `contestant` is the file's name.

    Returns:
        One row per (contestant, week, customer, article): `rank` int from 1; of an article that is named twice the
        first place, and no article that is not in `articles`, for such can't be bought.

    Raises:
        HmKedroError: the cutoff's week is not judged, a file has the name of a contestant, or none of its customers
            is known.
    """
    line = Timeline.read(timeline)
    names = [row["contestant"] for row in outside_submissions.select("contestant").distinct().toLocalIterator()]
    if names and line.cutoff not in line.judged_weeks(evaluation.weeks):
        raise HmKedroError(
            f"submissions: {', '.join(sorted(names))} can't be judged, for the log ends on {line.log_end}, before the "
            f"end of the week of {line.cutoff} that they predict: set an earlier cutoff"
        )
    for name in names:
        if name in CONTESTANTS:
            raise HmKedroError(f"submissions: '{name}' is the name of a contestant already: rename the file")
    places = F.posexplode(F.split(F.trim("prediction"), " +"))
    named = outside_submissions.join(customers.select("customer_id", "customer"), "customer_id").select(
        "contestant", "customer", places.alias("position", "article_id")
    )
    known = named.join(articles.select("article_id", "article"), "article_id")
    first = known.groupBy("contestant", "customer", "article").agg((F.min("position") + 1).cast("int").alias("rank"))
    lists = first.select("contestant", F.lit(line.cutoff).alias("week"), "customer", "article", "rank")
    found = {row["contestant"] for row in lists.select("contestant").distinct().toLocalIterator()} if names else set()
    if unknown := sorted(set(names) - found):
        raise HmKedroError(f"submissions: {unknown[0]} has no line of a known customer with a known article")
    return lists
