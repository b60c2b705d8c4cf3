"""How long the best articles of many customers take, by BLAS in Arrow batches and by Spark ML's recommendForAllUsers.

    python -m benchmarks.topk

Both work on the factors of one fitted model, in one session, in turns; what they find is written nowhere. The table
goes into docs/als_candidates.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from benchmarks.pages import PROJECT, insert, rows
from hm_kedro import engine
from hm_kedro.blas import keep_to_one_thread
from hm_kedro.pipelines.als_candidates.block import read_factors
from hm_kedro.pipelines.als_candidates.proposals import MOST_ROWS, rank
from hm_kedro.pipelines.als_candidates.topk import best_articles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pyspark.ml.recommendation import ALSModel
    from pyspark.sql import DataFrame

PAGE = PROJECT / "docs/als_candidates.md"
CONF = {
    "spark.master": "local[*]",
    "spark.driver.memory": "10g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "8",
}


def fit(customers: int, articles: int, factors: int) -> ALSModel:
    """Fit a model of the wanted size to purchases drawn at random, three a customer."""
    from pyspark.ml.recommendation import ALS

    rng = np.random.default_rng(1)
    who = np.repeat(np.arange(customers, dtype=np.int32), 3)
    what = np.minimum(rng.exponential(articles / 6, len(who)), articles - 1).astype(np.int32)
    what[:articles] = np.arange(articles)
    pairs = engine.from_arrow(pa.table({"customer": who, "article": what, "strength": np.ones(len(who), np.float32)}))
    solver = ALS(
        userCol="customer",
        itemCol="article",
        ratingCol="strength",
        implicitPrefs=True,
        rank=factors,
        maxIter=1,
        numUserBlocks=4,
        numItemBlocks=4,
    )
    return solver.fit(pairs)


def by_blas(model: ALSModel, top: int) -> DataFrame:
    """Find the best articles as the retriever `als` does."""
    items = model.itemFactors.toArrow().sort_by("id").combine_chunks()
    shared = engine.share((items["id"].to_numpy(), read_factors(items["features"].chunk(0))))

    def find(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        keep_to_one_thread()
        articles, factors = shared()
        for whole in batches:
            for start in range(0, whole.num_rows, MOST_ROWS):
                batch = whole.slice(start, MOST_ROWS)
                found = best_articles(read_factors(batch.column("features")), factors, articles, top)
                best = rank(found, top)
                customers = batch.column("id").to_numpy()[best.rows]
                columns = [pa.array(column) for column in (customers, best.articles, best.scores, best.ranks)]
                yield pa.RecordBatch.from_arrays(columns, names=["customer", "article", "score", "rank"])

    return model.userFactors.mapInArrow(find, "customer int, article int, score float, rank int")


def seconds(found: DataFrame) -> float:
    """Compute a table and throw it away."""
    start = time.perf_counter()
    found.write.format("noop").mode("overwrite").save()
    return time.perf_counter() - start


def compare(customers: int, articles: int, factors: int, top: int, repeats: int) -> None:
    """Measure both in turns and write the table."""
    engine.configure("spark", CONF)
    model = fit(customers, articles, factors)
    model.userFactors.cache().count()
    ways: dict[str, Callable[[], DataFrame]] = {
        "BLAS in Arrow batches": lambda: by_blas(model, top),
        "`recommendForAllUsers`": lambda: model.recommendForAllUsers(top),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(repeats):
        for name, find in ways.items():
            taken[name].append(seconds(find()))
            print(f"{number + 1}/{repeats} {name}: {taken[name][-1]:.1f} s", flush=True)
    engine.stop()
    ours, theirs = taken.values()
    lines = [
        [name, f"{statistics.median(of):.1f} s ({min(of):.1f} to {max(of):.1f})", ratio]
        for (name, of), ratio in zip(
            taken.items(),
            ("1", f"{statistics.median(b / a for a, b in zip(ours, theirs, strict=True)):.1f}"),
            strict=True,
        )
    ]
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    note = (
        f"{customers:,} customers × {articles:,} articles, {factors} factors, the best {top}; medians of {repeats} "
        f"runs in turns, ratios run by run. {machine}."
    )
    table = rows(["way", "wall time", "times ours"], lines)
    insert(PAGE, "top k", f"{table}\n\n{note}")
    print(f"{table}\n\n{note}")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=300_000)
    parser.add_argument("--articles", type=int, default=11_000)
    parser.add_argument("--factors", type=int, default=64)
    parser.add_argument("--top", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    compare(args.customers, args.articles, args.factors, args.top, args.repeats)


if __name__ == "__main__":
    main()
