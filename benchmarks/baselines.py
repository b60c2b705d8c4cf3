"""Plain recommenders in numpy, scipy and `implicit`, as notebooks write them: what a log's methods are told apart by.

Each gives twelve articles a buyer of a week from what came before the week. They are no part of the project's
pipelines; they show that methods rank on a synthetic log as they do on a real one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
from implicit.als import AlternatingLeastSquares
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits

from hm_kedro.pipelines.synthetic_data.truth import map12

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
BATCH = 512
AGE_BANDS = (21, 25, 30, 37, 46, 54)


@dataclass(frozen=True)
class Log:
    """A purchase log: one entry per line, with numbers in place of ids."""

    day: Ints
    customer: Ints
    article: Ints
    product: Ints  # of each article
    age: Floats  # of each customer, NaN where missing

    @classmethod
    def read(cls, folder: Path) -> Log:
        """Read Kaggle's files."""

        def table(name: str, *columns: str) -> dict[str, pa.ChunkedArray]:
            path = next(folder.glob(f"{name}.csv*"))
            types = dict.fromkeys(columns, "string") | ({"t_dat": "date32"} if "t_dat" in columns else {})
            convert = arrow_csv.ConvertOptions(include_columns=columns, column_types=types)
            parse = arrow_csv.ParseOptions(newlines_in_values=True)
            read = arrow_csv.read_csv(path, convert_options=convert, parse_options=parse)
            return {name: read.column(name) for name in columns}

        lines = table("transactions_train", "t_dat", "customer_id", "article_id")
        people, things = table("customers", "customer_id", "age"), table("articles", "article_id", "product_code")
        customers, articles = people["customer_id"].to_numpy(), things["article_id"].to_numpy()
        by_customer, by_article = np.argsort(customers), np.argsort(articles)

        def number(ids: NDArray[np.object_], order: Ints, column: pa.ChunkedArray) -> Ints:
            coded = column.combine_chunks().dictionary_encode()
            numbers = order[np.searchsorted(ids, coded.dictionary.to_numpy(zero_copy_only=False), sorter=order)]
            return numbers[coded.indices.to_numpy()]

        products = things["product_code"].combine_chunks().dictionary_encode().indices.to_numpy()
        day = lines["t_dat"].to_numpy().astype("datetime64[D]").astype(np.int64)
        ages = np.array([float(age) if age else np.nan for age in people["age"].to_pylist()])
        return cls(
            day=day - day.min(),
            customer=number(customers, by_customer, lines["customer_id"]),
            article=number(articles, by_article, lines["article_id"]),
            product=products.astype(np.int64),
            age=ages,
        )

    def week(self, back: int) -> Week:
        """The last week of the log, or one `back` weeks before it, with its history."""
        return Week(self, int(self.day.max()) - 7 * back - 6)


@dataclass(frozen=True)
class Week:
    """A week to be predicted."""

    log: Log
    first: int

    @cached_property
    def buyers(self) -> Ints:
        """Who buys in the week."""
        return np.unique(self.log.customer[self._now])

    @cached_property
    def bought(self) -> list[Ints]:
        """What each of the buyers buys."""
        pairs = np.unique(np.column_stack([self.log.customer[self._now], self.log.article[self._now]]), axis=0)
        return np.split(pairs[:, 1], np.flatnonzero(np.diff(pairs[:, 0])) + 1)

    @property
    def _now(self) -> NDArray[np.bool_]:
        return (self.log.day >= self.first) & (self.log.day < self.first + 7)

    def matrix(self, days: int, weigh: Callable[[Floats], Floats] = np.ones_like) -> sparse.csr_matrix:
        """The last days of the history: (customers, articles), each line weighed by its days before the week."""
        past = (self.log.day < self.first) & (self.log.day >= self.first - days)
        weights = weigh((self.first - self.log.day[past]).astype(float))
        shape = (len(self.log.age), len(self.log.product))
        matrix = sparse.csr_matrix((weights, (self.log.customer[past], self.log.article[past])), shape=shape)
        matrix.sum_duplicates()
        return matrix

    def sales(self, days: int, weigh: Callable[[Floats], Floats] = np.ones_like) -> Floats:
        """How much each article sold in the last days."""
        return np.asarray(self.matrix(days, weigh).sum(axis=0)).ravel()

    def score(self, lists: Ints) -> float:
        """MAP@12 of a list for each of the buyers."""
        return map12(lists, self.bought)


def half(days: float) -> Callable[[Floats], Floats]:
    """Weight 2^(-age / days)."""
    return lambda age: 2.0 ** (-age / days)


def best(scores: Floats, count: int = 12) -> Ints:
    """The columns of the highest scores of each row, ties by column."""
    order = np.argsort(-scores, axis=1, kind="stable")
    return np.asarray(order[:, :count])


def best_of(rows: Ints, score: Callable[[Ints], Floats]) -> Ints:
    """`best` batch by batch."""
    batches = [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]
    return np.concatenate([best(score(batch)) for batch in batches])


def bestsellers(week: Week, days: int) -> Ints:
    """The same twelve for everyone."""
    return np.tile(best(week.sales(days)[None]), (len(week.buyers), 1))


def own_purchases(week: Week, days: int, *, fill: bool) -> Ints:
    """What each bought in the last days, the latest first; -1, or the bestsellers of a week, where that ends."""
    own = week.matrix(days, lambda age: age**-1.0)
    popular = week.sales(7)
    popular = popular / popular.max() * 1e-6

    def score(rows: Ints) -> Floats:
        return own[rows].toarray() + popular

    lists = best_of(week.buyers, score)
    if not fill:
        few = np.diff(own[week.buyers].indptr)
        lists[np.arange(lists.shape[1]) >= few[:, None]] = -1
    return lists


def als(week: Week, days: int, weigh: Callable[[Floats], Floats], *, fresh_days: int | None, history: int) -> Ints:
    """ALS (Hu, Koren, Volinsky 2008) on the last days; already bought articles are kept, as they are bought again.

    Args:
        week: to be predicted.
        days: of history that the articles' factors are fitted on.
        weigh: a line's weight by its age.
        fresh_days: only articles sold in so many last days are proposed; None: all.
        history: days of history that the customers' factors are solved from.
    """
    known = week.matrix(history, weigh).astype(np.float32)[week.buyers]
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(64, regularization=0.1, alpha=20, iterations=10, random_state=1)
        model.fit(week.matrix(days, weigh).astype(np.float32), show_progress=False)
        factors = model.recalculate_user(np.arange(len(week.buyers)), known)
    stale = np.zeros(len(week.log.product)) if fresh_days is None else np.where(week.sales(fresh_days) > 0, 0, -1e9)
    popular = week.sales(7)
    without = np.diff(known.indptr) == 0

    def score(rows: Ints) -> Floats:
        scores = factors[rows] @ model.item_factors.T + stale
        scores[without[rows]] = popular
        return np.asarray(scores)

    return best_of(np.arange(len(week.buyers)), score)


def summed(week: Week) -> Ints:
    """One summed score: own purchases, decayed; what was bought together with them; bestsellers of the age group.

    The weights were chosen on the fifth and seventh week before the end of a log of scale 0.1.
    """
    band = np.digitize(np.nan_to_num(week.log.age, nan=32), AGE_BANDS)
    popular = week.sales(28, half(7))
    recent = week.matrix(28, half(10))
    groups = sparse.csr_matrix((np.ones(len(band)), (band, np.arange(len(band)))))
    by_age = (groups @ recent).toarray()
    by_age = 0.5 * by_age / by_age.sum(axis=1, keepdims=True) + 0.5 * popular / popular.sum()
    baskets = (week.matrix(120) > 0).astype(np.float64)
    count = np.asarray(baskets.sum(axis=0)).ravel()
    shrunk = sparse.diags((count + 3) ** -0.5)  # the cosine of their customers, less for those of few
    together = shrunk @ (baskets.T @ baskets) @ shrunk
    together.setdiag(0)
    variants = sparse.csr_matrix((np.ones(len(count)), (np.arange(len(count)), week.log.product)))
    siblings = variants @ variants.T
    siblings.setdiag(0)
    on_sale = np.minimum(week.sales(14), 1)
    own = week.matrix(364, lambda age: age**-0.8)
    known = week.matrix(364, lambda age: (3 + age) ** -0.5)

    def score(rows: Ints) -> Floats:
        scores = 25 * by_age[band[rows]] + own[rows].toarray() * (0.15 + 0.85 * on_sale)
        scores += 75 * (known[rows] @ siblings).toarray() * popular / popular.sum()
        return np.asarray(scores + (known[rows] @ together).toarray() * on_sale)

    return best_of(week.buyers, score)


METHODS: dict[str, Callable[[Week], Ints]] = {
    "all-time bestsellers": lambda week: bestsellers(week, 10_000),
    "bestsellers of 7 days": lambda week: bestsellers(week, 7),
    "ALS on a year of counts": lambda week: als(week, 365, np.ones_like, fresh_days=None, history=365),
    "own purchases of 90 days": lambda week: own_purchases(week, 90, fill=False),
    "own purchases of 90 days, filled": lambda week: own_purchases(week, 90, fill=True),
    "ALS on two decayed weeks": lambda week: als(week, 14, half(10), fresh_days=14, history=90),
    "own + pairs + age, summed": summed,
}
