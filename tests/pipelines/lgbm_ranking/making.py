"""Customers, articles and candidates of a week, made of few numbers, as features look at them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_matrix

from hm_kedro.parameters import FeatureParameters
from hm_kedro.pipelines.als_candidates.block import UNKNOWN_CHANNEL, Block
from hm_kedro.pipelines.als_candidates.knowledge import Knowledge, Sales
from hm_kedro.pipelines.als_candidates.union import COLUMNS
from hm_kedro.pipelines.lgbm_ranking.article_features import list_article_features
from hm_kedro.pipelines.lgbm_ranking.features import Pairs
from hm_kedro.pipelines.lgbm_ranking.shop import Shop

FEATURES = FeatureParameters(window_days=100, sales_days=(1, 7, 28), affinities=4, min_lift=1.2, without=())
WEEK, NEXT = date(2020, 9, 2), date(2020, 9, 9)
DAYS, NEXT_DAYS = 18507, 18514
WIDTH = 6
STORE, ONLINE = 1, 2
YOUNG, OLD = 0, 1  # than 30 years, and from then on
LINE = pa.struct(
    [
        *((name, pa.int32()) for name in ("article", "age_days", "quantity")),
        ("price", pa.float32()),
        ("sales_channel_id", pa.int8()),
    ]
)
SERVED = pa.schema(
    [
        ("week", pa.date32()),
        ("customer", pa.int32()),
        ("factors", pa.list_(pa.float32())),
        ("age", pa.int32()),
        ("lines", pa.list_(LINE)),
        ("customer_club", pa.float32()),
        ("customer_news", pa.float32()),
    ]
)


def line(row: int, article: int, age_days: int, pieces: int = 1, price: float = np.nan, channel: int = UNKNOWN_CHANNEL):
    """What the customer of a row bought."""
    return row, age_days, article, pieces, price, channel


def block(*lines: tuple, customers: int = 1, ages: Iterable | None = None, factors: Iterable | None = None) -> Block:
    """Make customers of some lines."""
    columns = zip(*sorted(lines), strict=True) if lines else [()] * 6
    rows, age_days, articles, pieces, prices, channels = columns
    return Block(
        DAYS,
        np.arange(100, 100 + customers, dtype=np.int32),
        np.array([np.nan] * customers if ages is None else ages, np.float32),
        None if factors is None else np.array(factors, np.float32),
        *(np.array(column, np.int32) for column in (rows, articles, age_days, pieces)),
        np.array(prices, np.float32),
        np.array(channels, np.int32),
    )


def shop(
    codes: dict[str, list[int]] | None = None,
    sales: Iterable[tuple] = (),
    factors: Iterable | None = None,
    related: dict[tuple[int, int], float] | None = None,
    **article_features: dict[int, float],
) -> Shop:
    """Make what is known of six articles.

    Args:
        codes: values by attribute and article, -1 for none; each article is its own product where nothing else is said.
        sales: lines of article, age group, pieces sold lately, before, on first days.
        factors: of all articles.
        related: similarity by pair of articles.
        article_features: by name and article; the others are missing.
    """
    sales, related = list(sales), related or {}
    pairs_of = ([one for one, _ in related], [other for _, other in related])
    columns = {feature.name: np.full(WIDTH, np.nan, np.float32) for feature in list_article_features(FEATURES)}
    for name, values in article_features.items():
        columns[name][list(values)] = list(values.values())
    knowledge = Knowledge(
        WIDTH,
        {name: np.array(values, np.int32) for name, values in ({"product": range(WIDTH)} | (codes or {})).items()},
        Sales(*(np.array(column, np.int32) for column in (zip(*sales, strict=True) if sales else [()] * 5))),
        0.25,
        (30,),
        np.empty(0, np.int32),
        np.empty((0, 0), np.float32),
        csr_matrix((np.array(list(related.values()), np.float32), pairs_of), shape=(WIDTH, WIDTH)),
    )
    return Shop(knowledge, columns, np.array(np.empty((WIDTH, 0)) if factors is None else factors, np.float32))


def pairs(of: Block, known: Shop, *candidates: tuple[int, int], traits: dict[str, list] | None = None) -> Pairs:
    """Make candidates of (row, article)."""
    rows, articles = (np.array(column, np.int32) for column in zip(*candidates, strict=True))
    named = {name: np.array(values, np.float32) for name, values in (traits or {}).items()}
    return Pairs(of, named, rows, articles, {}, known)


def said(columns: dict[str, Any], *names: str) -> list[tuple]:
    """The values of some columns, a row a candidate; None for NaN."""
    for name in names:
        assert columns[name].dtype == np.float32, name
    table = zip(*(columns[name].tolist() for name in names), strict=True)
    return [tuple(None if np.isnan(value) else value for value in row) for row in table]


def proposal(customer: int, article: int, week: date = WEEK, **given: float) -> dict[str, Any]:
    """A row of `candidates`, with a blend where nothing else is said."""
    return {"week": week, "customer": customer, "article": article, "blend_score": 1.0, "blend_rank": 1} | given


def batch(*proposals: dict[str, Any]) -> pa.RecordBatch:
    """Candidates as a worker gets them."""
    return pa.RecordBatch.from_pylist(list(proposals), schema=pa.schema(list(COLUMNS.items())))


def customer(number: int, *lines: tuple, week: date = WEEK, **known: Any) -> dict[str, Any]:
    """A row of what is known of customers; lines of article, age in days and pieces, and price and channel or not."""
    whole = [dict(zip(LINE.names, (*bought, None, None), strict=False)) for bought in lines]
    return {"week": week, "customer": number, "lines": whole} | known


def served(*customers: dict[str, Any]) -> pa.Table:
    """What is known of some customers of a week, as `describing.serve` gives it."""
    return pa.Table.from_pylist(list(customers), schema=SERVED)
