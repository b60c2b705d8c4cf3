"""What the retrievers know of a target week's articles, the same for every customer: carried to every worker."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import csr_matrix

from hm_kedro.pipelines.als_candidates.block import read_factors
from hm_kedro.schemas import ATTRIBUTES

if TYPE_CHECKING:
    from datetime import date

    from pyspark.sql import DataFrame

    from hm_kedro.parameters import SalesParameters
    from hm_kedro.pipelines.als_candidates.proposals import Integers, Scores

UNKNOWN_AGE = -1


@dataclass(frozen=True)
class Sales:
    """Pieces sold of articles to a group of customers, an entry each.

    Attributes:
        articles: rising, each once for a group.
        groups: age group of the buyers, from 0; UNKNOWN_AGE.
        lately: pieces of the last days (`sales.window_days`).
        before: pieces of the days before those (`sales.trend_days` in all).
        first: pieces bought on a customer's first day of all.
    """

    articles: Integers
    groups: Integers
    lately: Integers
    before: Integers
    first: Integers


@dataclass(frozen=True)
class Knowledge:
    """What a week's history says of the articles.

    Attributes:
        width: one more than the highest number of an article.
        codes: by attribute, the number of each article's value; -1 where it has none.
        sales: of the last weeks.
        expected: pieces expected lately for each one sold before, of an article that sells evenly.
        age_edges: first age of each age group but the first, years.
        items, factors: the articles on sale that have factors, rising, and those.
        related: article by article, how alike the customers are who bought them.
    """

    width: int
    codes: dict[str, Integers]
    sales: Sales
    expected: float
    age_edges: tuple[int, ...]
    items: Integers
    factors: Scores
    related: csr_matrix
    _made: dict[Hashable, Any] = field(default_factory=dict, compare=False, repr=False)

    def once(self, name: Hashable, make: Callable[[], Any]) -> Any:
        """Make something of this knowledge once in this process, under a name that says all that it depends on."""
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    def age_groups(self, ages: Scores) -> Integers:
        """Give the age groups of ages, UNKNOWN_AGE of NaN."""
        groups = np.searchsorted(self.age_edges, ages, side="right")
        return np.where(np.isnan(ages), UNKNOWN_AGE, groups).astype(np.int32)

    def has(self, need: str) -> bool:
        """Say whether the log has what a retriever needs: `ages`, `factors`, `related`, or an attribute."""
        if need == "ages":
            return bool((self.sales.groups != UNKNOWN_AGE).any())
        if need in ("factors", "related"):
            return bool(len(self.items) if need == "factors" else self.related.nnz)
        return bool(need in self.codes and (self.codes[need] >= 0).any())


def gather_knowledge(
    weeks: list[date],
    articles: DataFrame,
    article_sales: DataFrame,
    item_factors: DataFrame,
    related_articles: DataFrame,
    params: SalesParameters,
) -> dict[date, Knowledge]:
    """Bring what is known of articles to the driver: tables of a row an article, or a few."""
    codes = read_codes(articles.select("article", "product", *ATTRIBUTES).toArrow())
    sold, items, pairs = (table.toArrow() for table in (article_sales, item_factors, related_articles))
    return {week: read_knowledge(week, codes, sold, items, pairs, params) for week in weeks}


def read_knowledge(
    week: date,
    codes: dict[str, Integers],
    sales: pa.Table,
    item_factors: pa.Table,
    related_articles: pa.Table,
    params: SalesParameters,
) -> Knowledge:
    """Put together what is known of a week.

    Args:
        codes: `read_codes` of the articles.
        sales: `article_sales`, of any weeks.
        item_factors: of any weeks.
        related_articles: of any weeks.
    """
    width = len(next(iter(codes.values())))
    sold = _of_week(sales, week, ["article", "age_group"])
    items = _of_week(item_factors.filter(pc.field("on_sale")), week, ["article"])
    pairs = _of_week(related_articles, week, ["article", "related"])
    matrix = csr_matrix(
        (pairs["similarity"].to_numpy(), (pairs["article"].to_numpy(), pairs["related"].to_numpy())),
        shape=(width, width),
    )
    return Knowledge(
        width,
        codes,
        Sales(*(sold[name].to_numpy() for name in ("article", "age_group", "lately", "before", "first"))),
        params.window_days / (params.trend_days - params.window_days),
        params.age_edges,
        items["article"].to_numpy(),
        read_factors(items["factors"].combine_chunks()),
        matrix,
    )


def read_codes(articles: pa.Table) -> dict[str, Integers]:
    """Give the values' numbers of every attribute by article, -1 where an article has none."""
    width = pc.max(articles["article"]).as_py() + 1
    codes = {}
    for name in articles.column_names:
        if name == "article":
            continue
        of_article = np.full(width, -1, np.int32)
        values = articles[name].cast(pa.int32()).fill_null(-1).to_numpy()
        of_article[articles["article"].to_numpy()] = values
        codes[name] = _dense(of_article)
    return codes


def _dense(codes: Integers) -> Integers:
    """Number the values from 0 in their order; -1 stays."""
    values = np.unique(codes[codes >= 0])
    return np.where(codes >= 0, np.searchsorted(values, codes), -1).astype(np.int32)


def _of_week(table: pa.Table, week: date, keys: list[str]) -> pa.Table:
    rows = table.filter(pc.field("week") == pa.scalar(week, pa.date32()))
    return rows.sort_by([(key, "ascending") for key in keys]).combine_chunks()
