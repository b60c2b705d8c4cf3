"""Metrics per customer, so that means, intervals and segments come from one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import functions as F

from hm_kedro.tables import LIST_LENGTH

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from hm_kedro.pipelines.evaluation.catalogue import Catalogue

Integers = npt.NDArray[np.int32]
Doubles = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
KEYS = ("week", "customer")
# What a list finds of what was bought …
ACCURACY = ("ap12", "precision12", "recall12", "ndcg12", "mrr12", "hit12", "revenue12")
# … and what it is like, whatever was bought.
LISTS = ("novelty12", "diversity12", "tail12", "new12", "repeat12")
# What the mean over buyers of each is called.
MEANS = {name: "map12" if name == "ap12" else name for name in (*ACCURACY, *LISTS)}
NO_ARTICLE = -1
SCHEMA = "contestant string, week date, customer int, bought int, listed int, hits int, " + ", ".join(
    f"{name} double" for name in (*ACCURACY, *LISTS)
)


def score_lists(
    purchases: DataFrame,
    lists: DataFrame,
    histories: DataFrame,
    contestants: Mapping[int, Sequence[str]],
    catalogues: Mapping[int, Callable[[], Catalogue]],
) -> DataFrame:
    """Score every contestant's list of each buyer of each judged week.

    Args:
        purchases: one row per (week, customer, article) bought in the week, `spent` for it, null where no price is
            known.
        lists: one row per (contestant, week, customer, article) with `rank` from 1; those past 12 don't count.
        histories: one row per (week, customer), `lines` with the articles bought before the week.
        contestants: by days from 1970 to a week, who is judged there: with a list for every buyer or without.
        catalogues: what gives the week's articles, by the same.

    Returns:
        One row per (contestant, week, customer): SCHEMA. `bought` articles, `listed` of up to twelve, `hits` of those;
        ACCURACY (`measure_hits`) and LISTS (`measure_lists`), missing where there is nothing to measure.
    """
    bought = purchases.groupBy(*KEYS).agg(F.collect_list(F.struct("article", "spent")).alias("bought"))
    past = histories.select(*KEYS, F.transform("lines", lambda line: line["article"]).alias("past"))
    places = F.collect_list(F.struct("contestant", "rank", "article"))
    listed = lists.where(F.col("rank") <= LIST_LENGTH).groupBy(*KEYS).agg(places.alias("listed"))
    buyers = bought.join(past, list(KEYS), "left").join(listed, list(KEYS), "left")
    return buyers.mapInArrow(_scorer(contestants, catalogues), SCHEMA)


def _scorer(
    contestants: Mapping[int, Sequence[str]], catalogues: Mapping[int, Callable[[], Catalogue]]
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def score(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            weeks = batch.column("week").cast(pa.int32()).to_numpy()
            for week in np.unique(weeks):
                of_week = batch.filter(pa.array(weeks == week))
                yield _score(int(week), of_week, list(contestants[int(week)]), catalogues[int(week)]())

    return score


def _score(week: int, buyers: pa.RecordBatch, contestants: list[str], catalogue: Catalogue) -> pa.RecordBatch:
    """Score the lists of some buyers of one week, contestant by contestant."""
    rows, lines = _flatten(buyers.column("listed"))
    codes = pc.index_in(lines.field("contestant").cast(pa.string()), pa.array(contestants, pa.string()))
    judged = codes.is_valid().to_numpy(zero_copy_only=False)
    places = lines.field("rank").to_numpy(zero_copy_only=False)[judged] - 1
    listed = np.full((len(buyers), len(contestants), LIST_LENGTH), NO_ARTICLE, np.int32)
    codes = codes.drop_null().to_numpy(zero_copy_only=False)
    listed[rows[judged], codes, places] = lines.field("article").to_numpy(zero_copy_only=False)[judged]
    bought_rows, bought = _flatten(buyers.column("bought"))
    articles, spent = (bought.field(name).to_numpy(zero_copy_only=False) for name in ("article", "spent"))
    past_rows, past = _flatten(buyers.column("past"))
    counts = np.bincount(bought_rows, minlength=len(buyers))
    found = find(listed, bought_rows, articles)
    spent = np.nan_to_num(spent.astype(np.float64))
    paid = np.append(spent, 0.0)[found]
    totals: Doubles = np.bincount(bought_rows, spent, len(buyers)).astype(np.float64)
    repeated = find(listed, past_rows, past.to_numpy(zero_copy_only=False)) >= 0
    values = measure_hits(found >= 0, counts, paid, totals) | measure_lists(listed, repeated, catalogue)
    shape = len(buyers), len(contestants)
    columns: dict[str, Any] = {
        "contestant": pa.array(np.tile(np.array(contestants, dtype=object), len(buyers)), pa.string()),
        "week": pa.array(np.full(shape[0] * shape[1], week, np.int32)).cast(pa.date32()),
        "customer": np.repeat(buyers.column("customer").to_numpy(), shape[1]),
        "bought": np.repeat(counts.astype(np.int32), shape[1]),
        "listed": (listed != NO_ARTICLE).sum(axis=2).astype(np.int32).ravel(),
        "hits": (found >= 0).sum(axis=2).astype(np.int32).ravel(),
    }
    columns |= {name: pa.array(values[name].ravel(), from_pandas=True) for name in (*ACCURACY, *LISTS)}
    return pa.RecordBatch.from_pydict(columns)


def _flatten(lists: pa.Array) -> tuple[Integers, pa.Array]:
    """Give the entries of lists and the row of each; a missing list has none."""
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    return np.repeat(np.arange(len(lists), dtype=np.int32), lengths), lists.flatten()


def find(listed: Integers, rows: Integers, articles: Integers) -> npt.NDArray[np.int64]:
    """Find listed articles among some of each customer.

    Args:
        listed: customers × contestants × places, NO_ARTICLE where a place is empty.
        rows, articles: pairs of a customer's row and an article.

    Returns:
        Of each place the number of the pair (the first of equals), -1 where there is none.

    >>> find(np.int32([[[5, 7, -1]]]), np.int32([0, 0]), np.int32([7, 9])).tolist()
    [[[-1, 0, -1]]]
    """
    pairs = rows.astype(np.int64) << 32 | articles.astype(np.int64)
    if not len(pairs):
        return np.full(listed.shape, -1, np.int64)
    order = np.argsort(pairs, kind="stable")
    asked = np.arange(len(listed), dtype=np.int64)[:, None, None] << 32 | np.maximum(listed, 0)
    at = np.minimum(np.searchsorted(pairs, asked, sorter=order), len(pairs) - 1)
    found: npt.NDArray[np.int64] = np.where((pairs[order[at]] == asked) & (listed != NO_ARTICLE), order[at], -1)
    return found


def measure_hits(hits: Flags, bought: npt.NDArray[Any], paid: Doubles, spent: Doubles) -> dict[str, Doubles]:
    """Measure what lists of twelve find of what was bought.

    Args:
        hits: customers × contestants × 12 places, whether the article there was bought.
        bought: number of articles a customer, from 1.
        paid: of each place, what was paid for the article, 0 where it is no hit or no price is known.
        spent: a customer, for all articles with a price.

    Returns:
        Customers × contestants each:
        `ap12`, Kaggle's AP@12: the mean over min(articles bought, 12) of the precision at each hit
        (https://www.kaggle.com/c/h-and-m-personalized-fashion-recommendations/overview/evaluation);
        `precision12`: hits by 12, empty places too; `recall12`: hits by articles bought, which may be more than 12;
        `ndcg12`: sum of 1 / log2(1 + place) over hits, by the most that min(articles bought, 12) hits can have
        (Järvelin, Kekäläinen 2002); `mrr12`: 1 / place of the first hit, 0 without one; `hit12`: 1 where there is a
        hit; `revenue12`: paid for hits by spent, NaN where nothing is known to be spent.
    """
    places = np.arange(1, hits.shape[2] + 1)
    most = np.minimum(bought, hits.shape[2])[:, None]
    found = hits.sum(axis=2).astype(np.float64)
    gains = 1 / np.log2(1 + places)
    ideal = np.concatenate([[0.0], np.cumsum(gains)])[most]
    first = np.where(hits.any(axis=2), 1 / (1 + hits.argmax(axis=2)), 0.0)
    revenue = np.divide(paid.sum(axis=2), spent[:, None], out=np.full(found.shape, np.nan), where=spent[:, None] > 0)
    return {
        "ap12": (np.cumsum(hits, axis=2) / places * hits).sum(axis=2) / most,
        "precision12": found / hits.shape[2],
        "recall12": found / bought[:, None],
        "ndcg12": (hits * gains).sum(axis=2) / ideal,
        "mrr12": first,
        "hit12": (found > 0).astype(np.float64),
        "revenue12": revenue,
    }


def measure_lists(listed: Integers, repeated: Flags, catalogue: Catalogue) -> dict[str, Doubles]:
    """Measure what lists are like, whatever was bought.

    Args:
        listed: customers × contestants × places, NO_ARTICLE where a place is empty.
        repeated: of each place, whether the customer had bought the article before the week.

    Returns:
        Customers × contestants each, means over the places that are not empty, NaN where all are:
        `novelty12`: bits, the mean self-information of the articles (Zhou et al. 2010), see `Catalogue.surprise`;
        `diversity12`: the mean over pairs of articles of the share of attributes in which they differ (intra-list
        distance, Ziegler et al. 2005), NaN without a pair or an attribute; `tail12`: share of articles outside
        `Catalogue.head`; `new12`: of `Catalogue.new`; `repeat12`: of repeats.
    """
    there = listed != NO_ARTICLE
    count = there.sum(axis=2)
    at = np.maximum(listed, 0)

    def mean(values: npt.NDArray[Any]) -> Doubles:
        means = np.full(count.shape, np.nan)
        np.divide(np.where(there, values, 0).sum(axis=2), count, out=means, where=count > 0)
        return means

    return {
        "novelty12": mean(catalogue.surprise[at]),
        "diversity12": _distance(catalogue.codes[at], there),
        "tail12": mean(~catalogue.head[at]),
        "new12": mean(catalogue.new[at]),
        "repeat12": mean(repeated),
    }


def _distance(codes: npt.NDArray[np.int32], there: Flags) -> Doubles:
    """Give the mean over pairs of places, neither empty, of the share of attributes in which they differ."""
    differing, pairs = np.zeros(there.shape[:2]), np.zeros(there.shape[:2])
    for one, other in combinations(range(there.shape[2]), 2):
        both = there[:, :, one] & there[:, :, other]
        pairs += both
        differing += both * (codes[:, :, one] != codes[:, :, other]).sum(axis=2)
    compared = pairs * codes.shape[3]
    distances = np.full(pairs.shape, np.nan)
    np.divide(differing, compared, out=distances, where=compared > 0)
    return distances
