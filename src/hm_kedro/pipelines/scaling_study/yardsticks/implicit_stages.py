"""ALS by `implicit` alone: the articles' factors, and the best articles of every customer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hm_kedro.blas import keep_to_one_thread
from hm_kedro.pipelines.als_candidates.block import read_factors
from hm_kedro.pipelines.als_candidates.nodes import affordable_rank
from hm_kedro.pipelines.als_candidates.solvers import solve_implicit
from hm_kedro.pipelines.scaling_study.yardsticks.tables import (
    make_folder,
    of_week,
    open_table,
    read_table,
    target_weeks,
    write_table,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from hm_kedro.pipelines.als_candidates.proposals import Integers, Scores
    from hm_kedro.pipelines.scaling_study.yardsticks import Work

INTERACTIONS, ITEMS, USERS = "04_feature/interactions", "06_models/item_factors", "06_models/user_factors"
# Customers who are served at a time: bounds the memory.
CUSTOMERS = 1 << 16
CANDIDATES = pa.schema(
    [
        ("week", pa.date32()),
        ("customer", pa.int32()),
        ("article", pa.int32()),
        ("als_score", pa.float32()),
        ("als_rank", pa.int32()),
    ]
)


def fit(work: Work) -> None:
    """Fit ALS for every target week, as `als_candidates.nodes.fit_factors` does, in float32 up to the last bits."""
    keep_to_one_thread()
    als = work.params.als
    fitted = []
    for week in sorted(target_weeks(work)):
        pairs = read_table(work, INTERACTIONS, ["customer", "article", "strength", "rarity", "age_days"], of_week(week))
        if not pairs.num_rows:
            continue
        customers, articles = (pc.count_distinct(pairs[of]).as_py() for of in ("customer", "article"))
        params = als.model_copy(update={"rank": affordable_rank(pairs.num_rows, customers, articles, als)})
        factors = solve_implicit(pairs, params, work.threads)
        known = pairs.group_by("article").aggregate([("age_days", "min"), ("rarity", "max")])
        of_article = known.take(pc.index_in(factors["article"], known["article"]))
        fitted.append(
            pa.table(
                {
                    "week": pa.repeat(pa.scalar(week, pa.date32()), factors.num_rows),
                    **{name: factors[name] for name in ("article", "factors")},
                    "rarity": of_article["rarity_max"],
                    "on_sale": pc.less_equal(of_article["age_days_min"], als.on_sale_days),
                }
            )
        )
    write_table(work, ITEMS, pa.concat_tables(fitted))


def recommend(work: Work) -> None:
    """Find the articles on sale whose factors fit a customer's best, as the node `retrieve_candidates` does by ALS.

    Its table, with every other retriever switched off and already bought articles proposed, but for the columns of the
    others and of the blend: `week`, `customer`, `article`, `als_score`, `als_rank`. Scores are summed up in single
    precision, where the project sums those near the last place in double: articles may differ where scores are equal
    up to 1e-6 of the factors' lengths.
    """
    keep_to_one_thread()
    retriever = work.params.retrieval.als
    if not retriever.already_bought:
        raise ValueError("retrieval.als.already_bought is false: implicit's table has bought articles, too")
    top = min(retriever.top, work.params.retrieval.budget)
    with pq.ParquetWriter(
        make_folder(work, "04_feature/candidates") / "part.parquet", CANDIDATES, compression="zstd"
    ) as writer:
        for week in sorted(target_weeks(work)):
            items = read_table(work, ITEMS, ["article", "factors"], of_week(week) & pc.field("on_sale"))
            if not items.num_rows:
                continue
            items = items.sort_by("article").combine_chunks()
            factors = read_factors(items["factors"].chunk(0))
            users = open_table(work, USERS).scanner(
                ["customer", "factors"], filter=of_week(week), batch_size=CUSTOMERS, use_threads=False
            )
            for batch in users.to_batches():
                if batch.num_rows:
                    writer.write_batch(_best(week, batch, items["article"].to_numpy(), factors, top, work.threads))


def _best(
    week: date, users: pa.RecordBatch, articles: Integers, factors: Scores, top: int, threads: int
) -> pa.RecordBatch:
    """Rank the best articles of some customers, by falling score and article."""
    from implicit.cpu.topk import topk

    count = min(top, len(articles))
    places, scores = topk(factors, read_factors(users["factors"]), count, num_threads=threads)
    order = np.lexsort((places, -scores), axis=1)
    found, score = (np.take_along_axis(values, order, axis=1).ravel() for values in (articles[places], scores))
    customers = np.repeat(users["customer"].to_numpy(), count)
    ranks = np.tile(np.arange(1, count + 1, dtype=np.int32), users.num_rows)
    weeks = pa.repeat(pa.scalar(week, pa.date32()), len(found))
    return pa.RecordBatch.from_arrays([weeks, *map(pa.array, (customers, found, score, ranks))], schema=CANDIDATES)


STAGES: dict[str, Callable[[Work], None]] = {"als_fit": fit, "als_top": recommend}
