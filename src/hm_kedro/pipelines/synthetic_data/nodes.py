"""The work of synthetic_data: let customers shop, find what nobody could do better, write it down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as arrow_dataset

from hm_kedro.datasets.kaggle_folder import KaggleFiles
from hm_kedro.errors import HmKedroError
from hm_kedro.parallel import in_order, tracked
from hm_kedro.parameters import SyntheticParameters
from hm_kedro.pipelines.synthetic_data import texts
from hm_kedro.pipelines.synthetic_data.calendar import DAYS, FIRST_DAY, LAST_WEEK, WEEKS, iso_dates
from hm_kedro.pipelines.synthetic_data.customers import block_bounds, customer_ids, draw_customers
from hm_kedro.pipelines.synthetic_data.purchases import (
    H_AND_M_TRANSACTIONS,
    LINES,
    TRUTH,
    Size,
    buy,
    by_week,
    shares_of_blocks,
    shop_of,
)
from hm_kedro.pipelines.synthetic_data.truth import LENGTH, map12

MADE_WITH = b"made with"  # its place among the metadata of synthetic_purchases
FORM = {"processes", "gzip", "parquet", "part_bytes"}


def made_with(scale: float, params: SyntheticParameters) -> bytes:
    """What the purchases depend on; not the form of the files."""
    return json.dumps([scale, params.model_dump(mode="json", exclude=FORM)]).encode()


def draw_purchases(scale: float, params: SyntheticParameters) -> tuple[pa.RecordBatchReader, pa.RecordBatchReader]:
    """Let all customers shop, block by block, in several processes.

    Returns:
        A stream of the lines, a batch per block of customers and week: `week` (the last is 104), `day` from 0,
        `customer`, `article` (numbers in the order of the ids), `cents`, `channel`; and the twelve likeliest
        articles of some of the last week's buyers, with their true probabilities, to be read after the lines.
    """
    size = Size.of(scale, params.article_power)
    blocks = len(block_bounds(size.customers)) - 1
    likeliest: list[pa.RecordBatch] = []

    def lines() -> Iterator[pa.RecordBatch]:
        pieces = ((scale, params, block) for block in range(blocks))
        results = in_order(buy, pieces, min(params.processes, blocks) if blocks > 1 else 1)
        for bought, truth in tracked(results, blocks, "customers shop"):
            # Cut here: a slice travels between processes with all that it was cut from.
            yield from by_week(bought)
            likeliest.append(truth)

    def truths() -> Iterator[pa.RecordBatch]:
        # Kedro saves outputs one after the other; this one is known once the first is through.
        if len(likeliest) != blocks:
            raise RuntimeError("the likeliest articles were asked for before the lines were taken")
        yield from likeliest

    return (
        pa.RecordBatchReader.from_batches(LINES.with_metadata({MADE_WITH: made_with(scale, params)}), lines()),
        pa.RecordBatchReader.from_batches(TRUTH, truths()),
    )


def measure_ceiling(
    synthetic_purchases: arrow_dataset.Dataset, synthetic_truth: arrow_dataset.Dataset
) -> dict[str, Any]:
    """Score the likeliest articles on what was bought: the MAP@12 that knowing every probability gives.

    Returns:
        `week` (its first day), `buyers`, `buyers_scored`, and `map12` of the scored ones.
    """
    last = synthetic_purchases.to_table(
        columns=["customer", "article"], filter=arrow_dataset.field("week") == LAST_WEEK
    )
    truth = synthetic_truth.to_table().sort_by([("customer", "ascending"), ("rank", "ascending")])
    asked = truth.column("customer").to_numpy()[::LENGTH]
    lists = truth.column("article").to_numpy().reshape(-1, LENGTH)
    customer, article = last.column("customer").to_numpy(), last.column("article").to_numpy()
    order = np.argsort(customer, kind="stable")
    begin, end = (np.searchsorted(customer[order], asked, side=side) for side in ("left", "right"))
    bought = [article[order[one:other]] for one, other in zip(begin, end, strict=True)]
    return {
        "week": iso_dates()[DAYS - 7],
        "buyers": pc.count_distinct(last.column("customer")).as_py(),
        "buyers_scored": len(asked),
        "map12": round(map12(lists, bought), 5) if len(asked) else None,
    }


def write_files(
    scale: float, params: SyntheticParameters, synthetic_purchases: arrow_dataset.Dataset, ceiling: dict[str, Any]
) -> KaggleFiles:
    """Put everything into the form of Kaggle's files.

    Returns:
        Streams of the four files' bytes; transactions ordered by date, customer and article.

    Raises:
        HmKedroError: the purchases were drawn with other parameters, so that their numbers mean other ids.
    """
    if (synthetic_purchases.schema.metadata or {}).get(MADE_WITH) != made_with(scale, params):
        raise HmKedroError(
            "synthetic_purchases were drawn with another scale or other parameters: run the whole pipeline, "
            "`--pipeline synthetic_data`"
        )
    size = Size.of(scale, params.article_power)
    blocks = len(block_bounds(size.customers)) - 1
    about = {
        "made_by": "kedro run --pipeline synthetic_data",
        "customers": size.customers,
        "buyers": size.buyers,
        "transactions": size.transactions,
        "articles": size.articles,
        "first_day": FIRST_DAY.isoformat(),
        "last_day": iso_dates()[-1],
        "ceiling": ceiling,
        "parameters": {"scale": scale, "synthetic": params.model_dump(mode="json", exclude={"processes"})},
    }

    def articles() -> Iterator[bytes]:
        yield texts.header("articles")
        yield texts.article_lines(params.seed, shop_of(scale, params).assortment)

    def customers() -> Iterator[bytes]:
        yield texts.header("customers")
        pieces = ((scale, params, block) for block in range(blocks))
        yield from in_order(format_customers, pieces, params.processes if blocks > 1 else 1)

    def transactions() -> Iterator[bytes]:
        yield texts.header("transactions_train")
        days_at_once = 7 if size.transactions < 2 * H_AND_M_TRANSACTIONS else 1  # so that memory stays bounded
        pieces = ((scale, params, lines) for lines in lines_by_days(synthetic_purchases, days_at_once))
        few = size.transactions < 10 * WEEKS * 1_000  # not worth starting processes for
        results = in_order(format_transactions, pieces, 1 if few else params.processes)
        yield from tracked(results, WEEKS * 7 // days_at_once, "weeks written" if days_at_once > 1 else "days written")

    def submission() -> Iterator[bytes]:
        yield b"customer_id,prediction\n"
        last = synthetic_purchases.to_table(columns=["article"], filter=arrow_dataset.field("week") == LAST_WEEK)
        sales = np.bincount(last.column("article").to_numpy(), minlength=size.articles)
        twelve = texts.article_ids(scale, params)[texts.bestsellers(sales)]
        bounds = block_bounds(size.customers)
        for begin, end in pairwise(bounds.tolist()):
            yield texts.submission_lines(customer_ids(params.seed, begin, end, size.customers), twelve)

    return KaggleFiles(
        pieces={
            "articles": articles(),
            "customers": customers(),
            "transactions_train": transactions(),
            "sample_submission": submission(),
        },
        about=about,
        readme=README.format(**about, scale=scale),
        gzip=params.gzip,
        parquet=params.parquet,
        part_bytes=params.part_bytes,
    )


def format_customers(scale: float, params: SyntheticParameters, block: int) -> bytes:
    """The lines of customers.csv of a block."""
    size = Size.of(scale, params.article_power)
    bounds = block_bounds(size.customers)
    begin, end = int(bounds[block]), int(bounds[block + 1])
    buyers = int(shares_of_blocks(bounds, size.customers, size.buyers)[block])
    customers = draw_customers(params.seed, block, end - begin, buyers)
    ids = customer_ids(params.seed, begin, end, size.customers)
    return texts.customer_lines(params.seed, block, customers, ids, size.customers)


def lines_by_days(synthetic_purchases: arrow_dataset.Dataset, days: int) -> Iterator[pa.Table]:
    """Read the lines of a week or a day after the other."""
    for week in range(WEEKS):
        lines = synthetic_purchases.to_table(filter=arrow_dataset.field("week") == week)
        for first in range(7 * week - 1, 7 * week + 6, days):
            day = lines.column("day")
            yield (
                lines if days == 7 else lines.filter(pc.and_(pc.greater_equal(day, first), pc.less(day, first + days)))
            )


def format_transactions(scale: float, params: SyntheticParameters, lines: pa.Table) -> bytes:
    """The lines of transactions_train.csv of some days, ordered by date, customer and article."""
    size = Size.of(scale, params.article_power)
    day, customer = lines.column("day").to_numpy().astype(np.int64), lines.column("customer").to_numpy()
    # The lines of a customer's day lie together, ordered by article: a stable sort keeps them so.
    ordered = lines.take(np.argsort(day * size.customers + customer, kind="stable"))
    customers, articles = texts.all_customer_ids(params.seed, size.customers), texts.article_ids(scale, params)
    return texts.transaction_lines(ordered, customers, articles)


README = """# Synthetic files in the format of Kaggle's H&M data

Made by the pipeline `synthetic_data` of hm-kedro at scale {scale}: {customers:,} customers, {transactions:,}
transactions from {first_day} to {last_day}, {articles:,} articles. **Nobody bought any of this**: customers and
purchases are drawn from a model, and scores on them say nothing about H&M. `synthetic.json` holds the parameters;
the same ones make the same bytes again.
"""
