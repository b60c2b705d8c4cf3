"""The work of als_candidates that is done week by week: ALS, and the union of the retrievers."""

import logging
from collections.abc import Callable, Iterator
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from hm_kedro import engine
from hm_kedro.blas import keep_to_one_thread
from hm_kedro.parameters import (
    AlsParameters,
    EvaluationParameters,
    RetrievalParameters,
    SalesParameters,
    TrainingParameters,
)
from hm_kedro.pipelines.als_candidates import solvers, union
from hm_kedro.pipelines.als_candidates.block import Block, decay, read_blocks, read_factors, write_factors
from hm_kedro.pipelines.als_candidates.fold_in import fold_in
from hm_kedro.pipelines.als_candidates.histories import target_weeks
from hm_kedro.pipelines.als_candidates.knowledge import gather_knowledge
from hm_kedro.pipelines.als_candidates.proposals import Integers, Scores
from hm_kedro.timeline import week_days

logger = logging.getLogger(__name__)


class Items(NamedTuple):
    """The articles of one week that have factors, rising, with their factors and `rarity`."""

    articles: Integers
    factors: Scores
    rarity: Scores


def fit_factors(interactions: DataFrame, als: AlsParameters) -> DataFrame:
    """Fit ALS for every target week, each on its own window.

    Returns:
        One row per (week, article): `factors` array of floats, as many as the week's `affordable_rank`; `rarity` of
        `weigh_interactions`; `on_sale` boolean, whether it was sold in the last `on_sale_days` before the week.
    """
    counts = interactions.groupBy("week").agg(
        F.count("*").alias("pairs"), *[F.count_distinct(of).alias(f"{of}s") for of in ("customer", "article")]
    )
    weeks = {row["week"]: row for row in counts.toLocalIterator()}
    bounded = als.model_copy(update={"rank": solvers.bound_rank(als)})
    fitted = []
    for week in sorted(weeks):
        pairs = interactions.where(F.col("week") == F.lit(week)).select("customer", "article", "strength")
        rank = affordable_rank(weeks[week]["pairs"], weeks[week]["customers"], weeks[week]["articles"], bounded)
        params = als.model_copy(update={"rank": rank})
        fitted.append(solvers.fit(pairs, params).select(F.lit(week).alias("week"), "article", "factors"))
    if not weeks:
        fitted = [engine.session().createDataFrame([], "week date, article int, factors array<float>")]
    of_article = interactions.groupBy("week", "article").agg(
        F.min("age_days").alias("age_days"), F.max("rarity").alias("rarity")
    )
    return (
        reduce(lambda one, other: one.unionByName(other), fitted)
        .join(of_article, ["week", "article"])
        .select("week", "article", "factors", "rarity", (F.col("age_days") <= als.on_sale_days).alias("on_sale"))
    )


def affordable_rank(pairs: int, customers: int, articles: int, als: AlsParameters) -> int:
    """Halve the rank until time affords it and so many pairs can tell the factors of all customers and articles."""
    rank = als.rank
    while rank > 1 and (
        customers * rank > als.max_factors or (customers + articles) * rank > als.factors_a_pair * pairs
    ):
        rank //= 2
    return rank


def fold_in_customers(histories: DataFrame, item_factors: DataFrame, als: AlsParameters) -> DataFrame:
    """Solve for the factors of every target customer with a history, in the window of ALS or before it.

    Returns:
        One row per (week, customer) of whom an article with factors is known: `factors` array of floats.
    """
    items = item_factors.select("week", "article", "factors", "rarity").toArrow()
    shared = {
        week_days(week): engine.share(read_items(items.filter(pc.field("week") == pa.scalar(week, pa.date32()))))
        for week in items["week"].unique().to_pylist()
    }
    return histories.mapInArrow(_folder(shared, als), "week date, customer int, factors array<float>")


def read_items(item_factors: pa.Table) -> Items:
    """Read the articles of one week."""
    ordered = item_factors.sort_by("article").combine_chunks()
    factors = read_factors(ordered["factors"].chunk(0))
    return Items(ordered["article"].to_numpy(), factors, ordered["rarity"].to_numpy())


def _folder(
    shared: dict[int, Callable[[], Any]], als: AlsParameters
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def fold(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        keep_to_one_thread()
        for batch in batches:
            for block in read_blocks(batch):
                if block.week in shared:
                    yield _table(block, solve_block(block, shared[block.week](), als))

    return fold


def solve_block(block: Block, items: Items, als: AlsParameters) -> Scores:
    """Solve for the factors of a block's customers; NaN of those of whom no article has factors."""
    width = int(max(items.articles[-1], block.articles.max(initial=0))) + 1
    faded = np.exp2(-block.age_days / als.half_life_days) * decay(block.age_days, als.decay_power)
    decayed = block.purchases(faded * block.quantities, width)
    strengths = decayed[:, items.articles].tocsr()
    counts = np.diff(strengths.indptr)
    shares = np.repeat(np.maximum(counts, 1) ** -float(als.history_power), counts)
    strengths.data = als.alpha * strengths.data * items.rarity[strengths.indices] * shares
    return fold_in(strengths, items.factors, als.fold_in_regularisation)


def _table(block: Block, factors: Scores) -> pa.RecordBatch:
    known = np.isfinite(factors).all(axis=1)
    weeks = pa.array(np.full(known.sum(), block.week, np.int32)).cast(pa.date32())
    columns = [weeks, pa.array(block.customers[known]), write_factors(factors[known])]
    return pa.RecordBatch.from_arrays(columns, names=["week", "customer", "factors"])


def retrieve_candidates(
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
    training: TrainingParameters,
) -> DataFrame:
    """Join what the retrievers propose for every target week, as many for a customer as the budget says.

    Returns:
        One row per (week, customer, article): `blend_score` float and `blend_rank` int by it (see `union.unite`), and
        `<retriever>_score` float and `<retriever>_rank` int of each, missing where it did not propose the article.
    """
    weeks = target_weeks(timeline, evaluation, training)
    knowledge = gather_knowledge(weeks, articles, article_sales, item_factors, related_articles, sales)
    for name, needs in union.unable(knowledge[max(weeks)], retrieval).items():
        logger.warning("The retriever %s proposes nothing: this log has no %s", name, " or ".join(needs))
    shared = {week_days(week): engine.share(of_week) for week, of_week in knowledge.items()}
    # The table of factors on the left, of which one of the engines makes a table in memory.
    served = user_factors.join(histories, ["week", "customer"], "right")
    return served.mapInArrow(union.retriever_of_batches(shared, retrieval), union.SCHEMA)
