"""What the retrievers find of what is bought: the evidence that the first stage is worth its cost."""

from functools import reduce
from time import perf_counter
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from hm_kedro.chart import Numbers, present
from hm_kedro.parameters import EvaluationParameters, RetrievalParameters, SalesParameters
from hm_kedro.pipelines.als_candidates import union
from hm_kedro.pipelines.als_candidates.block import read_blocks
from hm_kedro.pipelines.als_candidates.knowledge import gather_knowledge
from hm_kedro.pipelines.als_candidates.proposals import rank
from hm_kedro.pipelines.als_candidates.retrievers import RETRIEVERS
from hm_kedro.tables import exact, purchases_in_weeks
from hm_kedro.timeline import Timeline

DEPTHS = (12, 50, 100)
UNION = "union"
EVERYBODY = "all"
# Days since the last purchase up to which a customer belongs to a segment.
SEGMENTS = {"last week": 7, "last month": 28, "last quarter": 91}
OLDER, NEW = "older", "new"
# Customers on whom the retrievers' time is taken.
TIMED = 2048


def find_hits(
    candidates: DataFrame,
    histories: DataFrame,
    transactions: DataFrame,
    timeline: dict[str, Any],
    evaluation: EvaluationParameters,
) -> DataFrame:
    """Find what the buyers of the judged weeks bought, and which retriever had proposed it at which rank.

    Returns:
        One row per (week, customer, article) bought: `segment` of the customer by the days since their last purchase,
        `share` double of the customer's articles of the week that it is, `union_rank`, `<retriever>_rank` int, missing
        where it was not proposed.
    """
    weeks = Timeline.read(timeline).weeks_before(Timeline.read(timeline).cutoff, evaluation.weeks)
    bought = purchases_in_weeks(transactions, weeks)
    counts = bought.groupBy("week", "customer").agg(exact(F.lit(1.0) / F.count("*")).alias("share"))
    last = F.array_min(F.transform("lines", lambda line: line["age_days"]))
    segments = histories.where(F.col("week").isin(weeks)).select("week", "customer", _segment(last).alias("segment"))
    keys = ["week", "customer"]
    ranks = candidates.where(F.col("week").isin(weeks)).select(
        *keys, "article", F.col("blend_rank").alias(f"{UNION}_rank"), *[f"{name}_rank" for name in RETRIEVERS]
    )
    return bought.join(counts, keys).join(segments, keys).join(ranks, [*keys, "article"], "left")


def _segment(last: Column) -> Column:
    segment = F.when(last.isNull(), NEW)
    for name, days in SEGMENTS.items():
        segment = segment.when(last <= days, name)
    return segment.otherwise(OLDER)


def report_retrieval(
    retrieval_hits: DataFrame,
    candidates: DataFrame,
    histories: DataFrame,
    user_factors: DataFrame,
    item_factors: DataFrame,
    related_articles: DataFrame,
    article_sales: DataFrame,
    articles: DataFrame,
    timeline: dict[str, Any],
    retrieval: RetrievalParameters,
    sales: SalesParameters,
    evaluation: EvaluationParameters,
) -> dict[str, Numbers]:
    """Report, over the judged weeks before the cutoff, what each retriever and their union find.

    Recall is the mean over buyers of the share of their articles that was proposed within a rank.

    Returns:
        As JSON keeps it, lists of equal length under: `retrieval_recall` (`segment`, `retriever` or UNION, `buyers`,
        `recall_12`, `recall_50`, `recall_100`, `recall_all`, `lost_without`: what the union finds by it alone);
        `retrieval_budget` (`budget` candidates a customer, `recall` of the union); `retrieval_overlap` (`retriever`,
        `other`, `share` of its candidates that the other proposes, too); `retrieval_cost` (`retriever`, `candidates` a
        customer, `seconds` for 100,000 customers on one core, measured on TIMED of them; ALS without its fit).
        Without what no buyer of a judged week tells.
    """
    line = Timeline.read(timeline)
    weeks = line.weeks_before(line.cutoff, evaluation.weeks)
    with_buyers = [row["week"] for row in retrieval_hits.select("week").distinct().toLocalIterator()]
    if not with_buyers:
        return {}
    overlap, rows = _overlap(candidates.where(F.col("week").isin(weeks)))
    newest = max(with_buyers)
    knowledge = gather_knowledge([newest], articles, article_sales, item_factors, related_articles, sales)
    served = user_factors.join(histories, ["week", "customer"], "right").where(F.col("week") == F.lit(newest))
    timed = served.limit(TIMED).toArrow().combine_chunks()
    customers = histories.where(F.col("week").isin(weeks)).count()
    seconds = _seconds(timed, knowledge[newest], retrieval)
    return present(
        {
            "retrieval_recall": _recall(retrieval_hits),
            "retrieval_budget": _budget(retrieval_hits),
            "retrieval_overlap": overlap,
            "retrieval_cost": {
                "retriever": list(RETRIEVERS),
                "candidates": [rows[name] / customers for name in RETRIEVERS],
                "seconds": [seconds[name] for name in RETRIEVERS],
            },
        }
    )


def _seconds(timed: Any, knowledge: Any, params: RetrievalParameters) -> dict[str, float]:
    batches = timed.to_batches()
    seconds = dict.fromkeys(RETRIEVERS, 0.0)
    idle = union.unable(knowledge, params)
    for block in (block for batch in batches for block in read_blocks(batch)):
        for name, retriever in RETRIEVERS.items():
            group = params.of(name)
            if group.top and name not in idle:
                retriever.propose(block, knowledge, group)  # what is made once is made
                start = perf_counter()
                rank(retriever.propose(block, knowledge, group), group.top)
                seconds[name] += perf_counter() - start
    return {name: 100_000 * spent / max(timed.num_rows, 1) for name, spent in seconds.items()}


def _recall(hits: DataFrame) -> Numbers:
    finders = [UNION, *RETRIEVERS]
    # Of the retrievers only: who else proposed it.
    proposers = reduce(lambda one, other: one + other, [_proposed(name).cast("int") for name in RETRIEVERS])
    sums = [
        F.sum(F.when(F.col(f"{name}_rank") <= depth, F.col("share")).otherwise(0.0)).alias(f"{name} {depth}")
        for name in finders
        for depth in DEPTHS
    ]
    sums += [F.sum(F.when(_proposed(name), F.col("share")).otherwise(0.0)).alias(f"{name} all") for name in finders]
    sums += [
        F.sum(F.when(_proposed(name) & (proposers == 1), F.col("share")).otherwise(0.0)).alias(f"{name} alone")
        for name in RETRIEVERS
    ]
    buyers = F.count_distinct("week", "customer").alias("buyers")
    found = {row["segment"]: row for row in hits.groupBy("segment").agg(buyers, *sums).toArrow().to_pylist()}
    table: list[dict[str, Any]] = []
    for segment in [EVERYBODY, *SEGMENTS, OLDER, NEW]:
        of_segment = list(found.values()) if segment == EVERYBODY else [found[segment]] if segment in found else []
        count = sum(row["buyers"] for row in of_segment)
        for name in finders if count else []:
            recalls = {
                f"recall_{depth}": sum(row[f"{name} {depth}"] for row in of_segment) / count
                for depth in (*DEPTHS, "all")
            }
            alone = None if name == UNION else sum(row[f"{name} alone"] for row in of_segment) / count
            table.append({"segment": segment, "retriever": name, "buyers": count, **recalls, "lost_without": alone})
    return {key: [row[key] for row in table] for key in table[0]} if table else {}


def _proposed(name: str) -> Column:
    return F.col(f"{name}_rank").isNotNull()


def _budget(hits: DataFrame) -> Numbers:
    found = hits.groupBy(f"{UNION}_rank").agg(F.sum("share").alias("share")).toArrow().to_pylist()
    buyers = hits.select("week", "customer").distinct().count()
    at = {row[f"{UNION}_rank"]: row["share"] for row in found if row[f"{UNION}_rank"] is not None}
    recall, total = [], 0.0
    for budget in range(1, max(at, default=0) + 1):
        total += at.get(budget, 0.0)
        recall.append(total / buyers)
    return {"budget": list(range(1, len(recall) + 1)), "recall": recall}


def _overlap(candidates: DataFrame) -> tuple[Numbers, dict[str, int]]:
    names = list(RETRIEVERS)
    both = [
        F.sum((_proposed(one) & _proposed(other)).cast("int")).alias(f"{one} {other}")
        for place, one in enumerate(names)
        for other in names[place:]
    ]
    counts = candidates.agg(*both).toArrow().to_pylist()[0]
    together = {frozenset(pair.split()): count or 0 for pair, count in counts.items()}
    rows = {name: together[frozenset([name])] for name in names}
    shares = [
        (one, other, together[frozenset([one, other])] / rows[one])
        for one in names
        for other in names
        if one != other and rows[one]
    ]
    return {key: [row[place] for row in shares] for place, key in enumerate(("retriever", "other", "share"))}, rows
