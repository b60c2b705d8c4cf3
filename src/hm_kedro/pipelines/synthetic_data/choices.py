"""What a visit takes home: one of few interests, an article of it, and what the customer had before.

A choice is, by chance and in this order,

- a return to something bought before, the likelier the fewer days ago, and likelier for a basket's first choice
  than for the others: the same article, another colour of the product or an article that goes with it;
- after a basket's first: what goes along with the first;
- fresh: one of the customer's interests (niches that they look through for weeks or years), or now and then
  whatever customers of their kind and age look for; in the niche an article by its popularity in the week;
  where its colour does not please, once or twice another of the product; where they have it already, the
  same anew, a few times.

`truth` computes the probabilities of the same steps; what changes here changes there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hm_kedro.pipelines.synthetic_data.articles import PARTNERS, Floats, Ints
from hm_kedro.pipelines.synthetic_data.assortment import read_ranges
from hm_kedro.pipelines.synthetic_data.calendar import DAYS
from hm_kedro.pipelines.synthetic_data.customers import Customers

if TYPE_CHECKING:
    from hm_kedro.parameters import ChoiceParameters
    from hm_kedro.pipelines.synthetic_data.shop import Shop


class Minds:
    """What a block of customers have in mind: their interests and what they bought lately."""

    def __init__(self, rng: np.random.Generator, shop: Shop, customers: Customers, params: ChoiceParameters) -> None:
        self.rng, self.shop, self.customers, self.params = rng, shop, customers, params
        size = len(customers.age)
        lasting, passing = params.lasting_interests, params.passing_interests
        self.last_weeks = np.repeat([params.lasting_weeks, params.passing_weeks], [lasting, passing])
        self.strength = rng.gamma(params.strength_shape, size=(size, lasting + passing)).astype(np.float32)
        self.strength[:, lasting:] *= params.passing_strength
        self.interest = np.full((size, lasting + passing), -1, dtype=np.int32)
        self.looked = np.zeros(size, dtype=np.int64)
        self.article = np.full((size, params.recent), -1, dtype=np.int32)
        self.day = np.zeros((size, params.recent), dtype=np.int16)
        self.bought = np.zeros(size, dtype=np.int64)
        ranges = read_ranges()
        self.basic = np.where(ranges.basic[shop.niches.range], params.return_basics, 1.0)
        fade = 1 / (1 + (np.arange(DAYS) / params.return_days) ** params.return_fade)
        self.rebuy = (params.return_soon * fade + params.return_ever) / params.same

    def look_around(self, who: Ints, week: Ints) -> None:
        """Replace the interests that have passed since these customers' last visits."""
        gone = -np.expm1(-(week - self.looked[who])[:, None] / self.last_weeks)
        row, slot = np.nonzero((self.interest[who] < 0) | (self.rng.random(gone.shape) < gone))
        self.looked[who] = week
        customer, params = who[row], self.params
        best, pleases = np.zeros(len(row), dtype=np.int64), np.full(len(row), -np.inf)
        for _ in range(params.looks):
            niche = self.shop.draw_niche(week[row], self.customers.persona[customer], self.rng.random(len(row)))
            likes = params.style * (self.customers.style[customer] * self.shop.niches.style[niche]).sum(axis=1)
            likes += params.price * self.customers.dear[customer] * self.shop.niches.dear[niche]
            likes += self.rng.gumbel(size=len(row))
            best, pleases = np.where(likes > pleases, niche, best), np.maximum(likes, pleases)
        self.interest[customer, slot] = best

    def interests(self, who: Ints, week: Ints) -> Floats:
        """How much these customers look through each of their interests in a week; 0 where it has nothing."""
        return self.strength[who] * self.shop.pull[week[:, None], self.interest[who]]

    def returns(self, who: Ints, day: Ints) -> tuple[Floats, Floats]:
        """How likely the first choice of a visit is a return, and the weights of what it returns to.

        Returns:
            (customers,) probability; (customers, recent) weights.
        """
        known = self.article[who]
        weight = self.rebuy[np.maximum(day[:, None] - self.day[who], 0)]
        weight *= self.basic[self.shop.assortment.niche[known]]
        weight[known < 0] = 0
        return -np.expm1(-weight.sum(axis=1)), weight

    def remember(self, who: Ints, day: Ints, choices: Ints, article: Ints) -> None:
        """Add what these customers chose, ordered by customer."""
        visit, nth = spread_out(choices)
        slot = (self.bought[who[visit]] + nth) % self.params.recent
        self.article[who[visit], slot], self.day[who[visit], slot] = article, day[visit]
        self.bought[who] += choices


@dataclass(frozen=True)
class Round:
    """A visit each of some customers of a block."""

    who: Ints
    day: Ints
    week: Ints
    choices: Ints


def spread_out(counts: Ints) -> tuple[Ints, Ints]:
    """Repeat each row as often as it counts: the row of each repetition, and which of the row's it is, from 0.

    >>> spread_out(np.array([2, 0, 1]))
    (array([0, 0, 2]), array([0, 1, 0]))
    """
    row = np.repeat(np.arange(len(counts)), counts)
    return row, np.arange(len(row)) - (np.cumsum(counts) - counts)[row]


def pick(weights: Floats, row: Ints, chance: Floats) -> Ints:
    """Draw a column of each of some rows of weights by its share; `chance` in [0, 1) decides."""
    edges = np.cumsum(weights, axis=1)
    goal = chance * edges[row, -1]
    return np.asarray(np.minimum((edges[row] <= goal[:, None]).sum(axis=1), weights.shape[1] - 1))


def choose(minds: Minds, visits: Round) -> Ints:
    """Choose the articles of a visit each of some customers, who have looked around.

    Returns:
        One article per choice, ordered by visit.
    """
    rng, shop, params = minds.rng, minds.shop, minds.params
    visit, nth = spread_out(visits.choices)
    week, who = visits.week[visit], visits.who[visit]
    article = choose_fresh(minds, visits, visit)

    chance, weights = minds.returns(visits.who, visits.day)
    back = rng.random(len(visit)) < chance[visit] * np.where(nth == 0, 1, params.return_more)
    rows = np.flatnonzero(back)
    source = minds.article[who[rows], pick(weights, visit[rows], rng.random(len(rows)))].astype(np.int64)
    article[rows] = go_along(rng, shop, week[rows], source, article[rows], params.same, params.other_colour)

    first = article[np.cumsum(visits.choices) - visits.choices]
    rows = np.flatnonzero(~back & (nth > 0) & (rng.random(len(visit)) < params.along))
    article[rows] = go_along(rng, shop, week[rows], first[visit[rows]], article[rows], 0, params.other_colour)
    minds.remember(visits.who, visits.day, visits.choices, article)
    return article


def choose_fresh(minds: Minds, visits: Round, visit: Ints) -> Ints:
    """Choose an article of an interest, or of what the customer's kind looks for; anew where they have it."""
    interests = minds.interests(visits.who, visits.week)
    article = _look_through(minds, visits, visit, interests)
    known = minds.article[visits.who]
    rows = np.arange(len(visit))
    for _ in range(minds.params.passes):
        rows = rows[(known[visit[rows]] == article[rows, None]).any(axis=1)]
        article[rows] = _look_through(minds, visits, visit[rows], interests)
    return article


def _look_through(minds: Minds, visits: Round, visit: Ints, interests: Floats) -> Ints:
    rng, shop, params = minds.rng, minds.shop, minds.params
    week, who = visits.week[visit], visits.who[visit]
    niche = minds.interest[who, pick(interests, visit, rng.random(len(visit)))].astype(np.int64)
    rows = np.flatnonzero((rng.random(len(visit)) < params.explore) | (interests.sum(axis=1)[visit] == 0))
    niche[rows] = shop.draw_niche(week[rows], minds.customers.persona[who[rows]], rng.random(len(rows)))
    article = shop.draw_article(week, niche, rng.random(len(visit)))
    for _ in range(params.second_looks):
        fond = minds.customers.fond[who, shop.assortment.colour[article]]
        rows = np.flatnonzero(rng.random(len(visit)) >= fond)
        article[rows] = shop.draw_variant(week[rows], article[rows], rng.random(len(rows)))
    return article


def go_along(
    rng: np.random.Generator, shop: Shop, week: Ints, source: Ints, otherwise: Ints, same: float, other_colour: float
) -> Ints:
    """Choose what goes with `source`: itself, another of its product, or one of a product that goes with it.

    What is not on sale is replaced by the source, and where that is not either, by `otherwise`.
    """
    assortment, size = shop.assortment, len(source)
    product = assortment.product[source]
    move, chance = rng.random(size), rng.random(size)
    partner = assortment.partners[product, rng.integers(0, PARTNERS, size)]
    of = np.where(move < same + (1 - same) * other_colour, product, partner)
    other = assortment.first[of] + (chance * assortment.variants[of]).astype(np.int64)
    wish = np.where(move < same, source, other)
    wish = np.where(shop.alive[week, wish], wish, source)
    return np.where(shop.alive[week, wish], wish, otherwise)
