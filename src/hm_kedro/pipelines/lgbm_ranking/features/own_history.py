"""How often, how much and how lately the customer bought the article, its product, and articles of its attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hm_kedro.pipelines.als_candidates.block import decay
from hm_kedro.pipelines.lgbm_ranking.features.feature import Feature, Pairs
from hm_kedro.pipelines.lgbm_ranking.features.repeats import repeat_shares
from hm_kedro.pipelines.lgbm_ranking.values import Numbers, Values, ratio

if TYPE_CHECKING:
    from hm_kedro.parameters import FeatureParameters
    from hm_kedro.pipelines.als_candidates.block import Block
    from hm_kedro.pipelines.als_candidates.proposals import Integers

SOURCE = {"source": "histories", "window": "retrieval.history_days"}
FADING = 0.6  # of `recent` shares: a purchase counts 1 / age^FADING
NEVER = "never bought"
CODE_BITS = 32
VISITS = (3, 5, 10)  # latest shopping days that are looked at


def features(_: FeatureParameters, affinities: tuple[str, ...]) -> list[Feature]:
    """List them."""
    listed = []
    for what, words in (("article", "the article"), ("product", "its product, in any variant,")):
        listed += [
            Feature(f"{what}_times_bought", "pieces", f"how many of {words} the customer bought", **SOURCE),
            Feature(f"{what}_days_bought", "days", f"days on which the customer bought {words}", **SOURCE),
            Feature(
                f"{what}_days_since_bought", "days", f"days since they last bought {words}", **SOURCE, missing=NEVER
            ),
            Feature(
                f"{what}_days_between",
                "days",
                f"mean number of days between the days on which they bought {words}",
                **SOURCE,
                missing="bought on fewer than two days",
            ),
            Feature(
                f"{what}_due",
                "share",
                "days since it was last bought by the mean number of days between; 1 is when it would be due",
                **SOURCE,
                missing="bought on fewer than two days",
            ),
        ]
    listed += [
        Feature(
            "article_visits_since",
            "days",
            "shopping days of the customer since they last bought the article; 0 on the latest",
            **SOURCE,
            missing=NEVER,
        ),
        Feature(
            "article_visit_share",
            "share",
            "share of their shopping days on which they bought it, from the first of those on",
            **SOURCE,
            missing=NEVER,
        ),
        *[
            Feature(f"article_in_{count}_visits", "days", f"on how many of their last {count} they bought it", **SOURCE)
            for count in VISITS
        ],
        Feature(
            "article_repeat_strength",
            "",
            f"pieces of the article that they bought, each counting 1 / age^{FADING}, times `article_repeat_rate`",
            source="histories, article_features",
            window="retrieval.history_days",
            missing=NEVER,
        ),
    ]
    for name in affinities:
        of_article = f"articles of the article's {name}"
        listed += [
            Feature(
                f"affinity_{name}",
                "share",
                f"share of {of_article} in the customer's purchases",
                **SOURCE,
                missing=f"nothing bought, or no {name}",
            ),
            Feature(
                f"recent_affinity_{name}",
                "share",
                f"the same, a purchase counting 1 / age^{FADING}",
                **SOURCE,
                missing=f"nothing bought, or no {name}",
            ),
        ]
        if name != "product":  # of which it is there already
            since = f"days since they last bought {of_article}"
            listed.append(Feature(f"{name}_days_since_bought", "days", since, **SOURCE, missing=NEVER))
    return listed


class Seen(NamedTuple):
    """What the customers of a block bought of each article, or of each value of an attribute, an entry each.

    Attributes:
        keys: row and value in one number, rising.
        pieces, days, latest, earliest: pieces bought, on how many days, and the ages of the latest and the first.
        faded: pieces, each counting 1 / age^FADING.
    """

    keys: Integers
    pieces: Values
    days: Values
    latest: Values
    earliest: Values
    faded: Values

    @classmethod
    def of(cls, block: Block, codes: Integers | None) -> Seen:
        """Sum up the lines of a block by article, or by the articles' values (-1 for none)."""
        values = block.articles if codes is None else codes[block.articles]
        known = np.flatnonzero(values >= 0)
        keys = _keys(block.rows[known], values[known])
        order = np.argsort(keys, kind="stable")  # within a key, by rising age, as the lines are
        keys, lines = keys[order], known[order]
        starts = np.flatnonzero(np.diff(keys, prepend=-1))
        ends = np.append(starts[1:], len(keys))[: len(starts)] - 1
        ages, pieces = block.age_days[lines], block.quantities[lines]
        new_day = np.diff(ages, prepend=-1) != 0
        new_day[starts] = True
        sums = (_sums(column, starts) for column in (pieces, new_day, decay(ages, FADING) * pieces))
        of_pieces, of_days, faded = sums
        return cls(
            keys[starts], of_pieces, of_days, ages[starts].astype(np.float32), ages[ends].astype(np.float32), faded
        )

    def find(self, rows: Integers, values: Integers) -> tuple[Integers, Integers]:
        """Find the entries of candidates: their places, and whether they are there at all."""
        keys = _keys(rows, values)
        places = np.searchsorted(self.keys, keys).clip(max=max(len(self.keys) - 1, 0))
        there = (self.keys[places] == keys) & (values >= 0) if len(self.keys) else np.zeros(len(keys), bool)
        return places, there


def _keys(rows: Integers, values: Integers) -> Integers:
    return rows.astype(np.int64) << CODE_BITS | values.astype(np.int64)


def _sums(values: Numbers, starts: Numbers) -> Values:
    summed = np.add.reduceat(values.astype(np.float64), starts) if len(starts) else np.zeros(0)
    return summed.astype(np.float32)


def describe(pairs: Pairs, _: FeatureParameters, affinities: tuple[str, ...]) -> dict[str, Values]:
    """Look the candidates up in their customers' histories."""
    columns: dict[str, Values] = {}
    for what in ("article", "product"):
        codes = None if what == "article" else pairs.shop.codes[what]
        seen = Seen.of(pairs.block, codes)
        values = pairs.articles if codes is None else codes[pairs.articles]
        places, there = seen.find(pairs.rows, values)
        days, latest = _at(seen.days, places, there, 0), _at(seen.latest, places, there)
        span = _at(seen.earliest, places, there) - latest
        between = ratio(span, days - 1)
        columns |= {
            f"{what}_times_bought": _at(seen.pieces, places, there, 0),
            f"{what}_days_bought": days,
            f"{what}_days_since_bought": latest,
            f"{what}_days_between": between,
            f"{what}_due": ratio(latest, between),
        }
        if what == "article":
            # Trees find the product of two features where there is much to learn it from only.
            rates = repeat_shares(pairs.shop, affinities)[1]
            columns["article_repeat_strength"] = _at(seen.faded, places, there) * rates[pairs.articles]
    columns |= _visits(pairs)
    for name in affinities:
        columns |= _affinity(pairs, name)
    return columns


def _visits(pairs: Pairs) -> dict[str, Values]:
    """Say on which of the customer's shopping days, counted back from the latest, they bought the article."""
    block = pairs.block
    # Lines are by customer and rising age, so shopping days are numbered from the latest, 0, on.
    new_day = (np.diff(block.age_days, prepend=-1) != 0) | (np.diff(block.rows, prepend=-1) != 0)
    numbered = np.cumsum(new_day)
    starts = np.searchsorted(block.rows, np.arange(len(block)))
    visits = numbered - numbered[starts[block.rows]]
    bought = _keys(block.rows, block.articles)
    # Of lines of an article on one day, one counts.
    order = np.lexsort((visits, bought))
    once = (np.diff(bought[order], prepend=-1) != 0) | (np.diff(visits[order], prepend=-1) != 0)
    keys, back = bought[order][once], visits[order][once]
    first = np.flatnonzero(np.diff(keys, prepend=-1) != 0)
    last = np.append(first[1:], len(keys))[: len(first)] - 1
    keys, latest, earliest = keys[first], back[first], back[last]
    asked = _keys(pairs.rows, pairs.articles)
    places = np.searchsorted(keys, asked).clip(max=max(len(keys) - 1, 0))
    there = keys[places] == asked if len(keys) else np.zeros(len(asked), bool)
    return {
        "article_visits_since": _at(latest, places, there),
        "article_visit_share": _at(ratio(last - first + 1, earliest + 1), places, there),
        **{f"article_in_{count}_visits": _at(_sums(back < count, first), places, there, 0) for count in VISITS},
    }


def _affinity(pairs: Pairs, name: str) -> dict[str, Values]:
    codes = pairs.shop.codes[name]
    seen = Seen.of(pairs.block, codes)
    values = codes[pairs.articles]
    places, there = seen.find(pairs.rows, values)
    of_row = seen.keys >> CODE_BITS
    columns = {f"{name}_days_since_bought": _at(seen.latest, places, there)}
    for prefix, counts in (("affinity", seen.pieces), ("recent_affinity", seen.faded)):
        totals = np.bincount(of_row, counts.astype(np.float64), len(pairs.block))
        share = ratio(_at(counts, places, there, 0), totals[pairs.rows])
        columns[f"{prefix}_{name}"] = np.where(values >= 0, share, np.nan).astype(np.float32)
    return columns


def _at(values: Values, places: Integers, there: Integers, otherwise: float = np.nan) -> Values:
    if not len(values):
        return np.full(len(places), otherwise, np.float32)
    return np.where(there, values[places], otherwise).astype(np.float32)
