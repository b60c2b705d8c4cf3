"""The shop week by week: what share of its niche each article has, and what kinds of customers look for.

Everything here follows from the seed and the size; each process makes its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hm_kedro.pipelines.synthetic_data.articles import Assortment, Floats, Ints, Niches, draw_assortment
from hm_kedro.pipelines.synthetic_data.assortment import read_ranges
from hm_kedro.pipelines.synthetic_data.calendar import WEEKS, season

if TYPE_CHECKING:
    from hm_kedro.parameters import ArticleParameters, SyntheticParameters

# Who is bought for: share of the customers, and how much more or less they look for ladies', Divided, men's,
# children's and sports articles (log).
KINDS = {
    "woman": (0.59, (0.0, 0.0, -2.0, -2.6, 0.0)),
    "woman, for a man too": (0.13, (0.0, 0.0, 0.9, -2.6, 0.0)),
    "man": (0.10, (-2.6, -1.2, 3.0, -2.6, 0.4)),
    "young mother": (0.05, (0.0, 0.0, -2.0, -0.4, 0.0)),
    "parent": (0.13, (0.0, -0.3, -1.0, 1.5, 0.0)),
}
AGES = np.arange(16, 84, 4)  # first year of each band of ages; the last is open
AGE_SPREAD = 13  # years within which an article's buyers lie
FEW = 4  # so many articles of a niche draw half of those who would look through it


@dataclass(frozen=True)
class Shop:
    """What does not depend on the customer.

    The shares are kept as edges for drawing: those of segment s rise from s to s + 1 (`edges`, `fall_into`).
    """

    assortment: Assortment
    places: Ints  # (articles,) articles ordered by niche, product
    place_of: Ints  # (articles,) the place of each article
    article_edges: Floats  # (WEEKS * articles,) segment week * niches + niche, entries in the order of places
    alive: NDArray[np.bool_]  # (WEEKS, articles)
    pull: Floats  # (WEEKS, niches) how much a niche draws in a week; 0 without anything on sale
    personas: Floats  # (personas, niches) what a kind of customer of an age looks for, before the week's pull
    persona_edges: Floats  # (WEEKS * personas * niches,) segment week * personas + persona

    @property
    def niches(self) -> Niches:
        """The niches."""
        return self.assortment.niches

    def draw_niche(self, week: Ints, persona: Ints, chance: Floats) -> Ints:
        """Draw what a persona looks for in a week; `chance` in [0, 1) decides."""
        segment = week * len(self.personas) + persona
        niches = self.personas.shape[1]
        return np.asarray(fall_into(self.persona_edges, segment, chance) - segment * niches)

    def draw_article(self, week: Ints, niche: Ints, chance: Floats) -> Ints:
        """Draw an article of a niche by its share in a week; `chance` in [0, 1) decides."""
        segment = week * self.pull.shape[1] + niche
        entry = fall_into(self.article_edges, segment, chance)
        return np.asarray(self.places[entry - week * len(self.places)])

    def draw_variant(self, week: Ints, article: Ints, chance: Floats) -> Ints:
        """Draw an article of the same product by its share in a week; `chance` in [0, 1) decides."""
        product, size = self.assortment.product[article], len(self.places)
        begin = self.place_of[self.assortment.first[product]]
        end = begin + self.assortment.variants[product] - 1
        niche = week * self.pull.shape[1] + self.assortment.niche[article]
        start = week * size + begin
        low = np.where(start > 0, np.maximum(self.article_edges[start - 1], niche), niche)
        high = self.article_edges[week * size + end]
        entry = np.searchsorted(self.article_edges, low + chance * (high - low), side="right")
        return np.asarray(self.places[np.clip(entry - week * size, begin, end)])


def open_shop(params: SyntheticParameters, articles: int) -> Shop:
    """Make the shop of so many articles."""
    assortment = draw_assortment(params.seed, articles, params.articles)
    niches = assortment.niches
    personas = look_for(niches)
    places = np.lexsort((assortment.product, assortment.niche))
    place_of = np.empty(articles, dtype=np.int64)
    place_of[places] = np.arange(articles)
    spread = find_spread(assortment, personas, params.articles)
    weights = weekly_weights(assortment, spread, np.arange(WEEKS), params.articles)
    pull = niche_pull(assortment, weights, np.arange(WEEKS))
    return Shop(
        assortment=assortment,
        places=places,
        place_of=place_of,
        article_edges=edges(weights[:, places], assortment.niche[places], len(niches.sales)),
        alive=weights > 0,
        pull=pull,
        personas=personas,
        persona_edges=edges(
            (pull[:, None, :] * personas).reshape(WEEKS, -1),
            np.repeat(np.arange(len(personas)), len(niches.sales)),
            len(personas),
        ),
    )


def edges(weights: Floats, group: Ints, groups: int) -> Floats:
    """Cumulate weights within groups of neighbours, so that the shares of segment s rise from s to s + 1.

    Args:
        weights: (rows, entries).
        group: (entries,) ascending, every group 0..groups-1 has an entry.

    Returns:
        (rows * entries,) ascending; the segments are row * groups + group.
    """
    first = np.searchsorted(group, np.arange(groups))
    total = np.add.reduceat(weights, first, axis=1)
    shares = np.cumsum(weights, axis=1)
    before = shares[:, first] - weights[:, first]
    shares -= before[:, group]
    with np.errstate(invalid="ignore", divide="ignore"):
        shares /= total[:, group]
    shares[~np.isfinite(shares)] = 1
    np.clip(shares, 0, 1, out=shares)
    # Rounding must not leave a sliver to what has no weight at a segment's end.
    shares[shares > 1 - 1e-12] = 1
    shares[:, np.append(first[1:], len(group)) - 1] = 1
    shares += np.arange(len(weights))[:, None] * groups + group
    return np.maximum.accumulate(shares.ravel())


def fall_into(rising: Floats, segment: Ints, chance: Floats) -> Ints:
    """Draw an entry of each segment of `edges` by its share; `chance` in [0, 1) decides."""
    # Nearer to 1 the sum could round up, into the next segment.
    return np.asarray(np.searchsorted(rising, segment + np.minimum(chance, 1 - 1e-9), side="right"))


def look_for(niches: Niches) -> Floats:
    """What each persona (kind and band of ages) looks for: raked so that all of them buy what H&M's buy.

    Returns:
        (personas, niches), each row's sum 1; kinds outside, ages within.
    """
    group = np.searchsorted(["A", "B", "C", "D", "F", "G", "H", "I", "J", "S"], read_ranges().index[niches.range])
    column = np.array([0, 0, 0, 1, 2, 3, 3, 3, 3, 4])[group]
    likes = np.array([likes for _, likes in KINDS.values()])[:, column]
    far = (AGES[:, None] + 2 - niches.age) / np.where(column == 3, 2 * AGE_SPREAD, AGE_SPREAD)
    taste = np.exp(likes[:, None, :] - 0.5 * far**2).reshape(-1, len(column))
    crowd = persona_shares()
    demand = niches.sales / niches.sales.sum()
    wanted = demand.copy()
    for _ in range(30):
        rows = taste * wanted
        rows /= rows.sum(axis=1, keepdims=True)
        wanted *= demand / (crowd @ rows)
    return np.asarray(rows)


def persona_shares() -> Floats:
    """About how many of the customers are of each persona."""
    young = np.exp(-0.5 * ((AGES + 2 - 25) / 5) ** 2)
    old = 0.5 * np.exp(-0.5 * ((AGES + 2 - 50) / 8) ** 2)
    ages = (young + old) / (young + old).sum()
    return np.outer([share for share, _ in KINDS.values()], ages).ravel()


def weekly_weights(assortment: Assortment, spread: float, weeks: Ints, params: ArticleParameters) -> Floats:
    """How much each article draws in each week, 0 where it is not on sale: (weeks, articles)."""
    day = 7.0 * weeks[:, None] + 2.5
    since = day - assortment.launch
    age = since / assortment.life
    rise = np.log1p(-np.exp(-np.maximum(since + 4, 0.1) / params.rise_days))
    reduced = (age > params.late) & (assortment.late_cents < assortment.cents)
    weight = spread * assortment.appeal + params.evergreen_pull * assortment.evergreen + rise
    weight += params.sale_pull * reduced - params.fall * np.clip(age, 0, 1) ** 1.5
    return np.where((age >= 0) & (age < 1), np.exp(weight), 0)


def niche_pull(assortment: Assortment, weights: Floats, weeks: Ints) -> Floats:
    """How much a niche draws in each week, about 1 on the mean: (weeks, niches).

    The season of its range; more with more on sale than usual, though less than in proportion; and less where
    there are too few articles to look through.
    """
    niches, ranges = assortment.niches, read_ranges()
    order = np.argsort(assortment.niche, kind="stable")
    first = np.searchsorted(assortment.niche[order], np.arange(len(niches.range)))
    weights = weights[:, order]
    offer = np.add.reduceat(weights, first, axis=1)
    usual = np.maximum(offer.mean(axis=0), 1e-300)
    alive = np.add.reduceat((weights > 0).astype(np.float64), first, axis=1)
    day = np.asarray(7.0 * weeks[:, None] + 2.5, dtype=np.float64)
    height = season(ranges.swing, ranges.peak, day)[:, niches.range]
    return np.asarray(np.exp(height) * np.clip(offer / usual, 0, 2) ** 0.5 * alive / (alive + FEW))


def find_spread(assortment: Assortment, personas: Floats, params: ArticleParameters) -> float:
    """Find how much popularity must differ so that a week's twelve bestsellers have their share of its sales."""
    weeks = np.arange(WEEKS - 50, WEEKS, 7)
    sales = persona_shares() @ personas
    low, high = 0.0, 3.0
    for _ in range(14):
        middle = (low + high) / 2
        weights = weekly_weights(assortment, middle, weeks, params)
        total = np.stack([np.bincount(assortment.niche, row, len(sales)) for row in weights])
        of_niche = sales * niche_pull(assortment, weights, weeks) / np.maximum(total, 1e-300)
        share = weights * of_niche[:, assortment.niche]
        top = np.sort(share, axis=1)[:, -12:].sum(axis=1) / share.sum(axis=1)
        low, high = (middle, high) if top.mean() < params.top12_share else (low, middle)
    return (low + high) / 2
