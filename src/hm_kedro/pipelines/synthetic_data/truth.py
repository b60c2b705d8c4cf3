"""The true probabilities of the choices of a visit, and the twelve likeliest: what no model can beat.

They know what no log tells: interests and fondness of colours as they are at the visit. Computed by the steps of
`choices`, one by one, for a choice of unknown place in a basket of unknown size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hm_kedro.pipelines.synthetic_data.articles import Floats, Ints

if TYPE_CHECKING:
    from hm_kedro.pipelines.synthetic_data.choices import Minds
    from hm_kedro.pipelines.synthetic_data.shop import Shop

LENGTH = 12
BATCH = 256


@dataclass(frozen=True)
class WeekTruth:
    """What is true of a week for all customers; columns are the articles on sale, in the order of `places`."""

    shop: Shop
    week: int
    columns: Ints  # articles on sale
    column_of: Ints  # (articles,) -1 where not on sale
    share: Floats  # (columns,) of the niche
    products: Ints  # first column of each product
    product_of: Ints  # (columns,) the product's place among them
    after: sparse.csr_matrix  # (columns, columns) what is taken along with a basket's first
    after_kept: Floats  # (columns,) its sums; the rest stays fresh
    back: sparse.csr_matrix  # (articles, columns) what a return to each article takes; the rest stays fresh

    def fresh(self, minds: Minds, who: Ints) -> Floats:
        """Probabilities of the articles of a fresh choice: (customers, columns)."""
        params, niches = minds.params, len(self.shop.niches.sales)
        interests = minds.interests(who, np.full(len(who), self.week))
        total = interests.sum(axis=1)
        explore = np.where(total > 0, params.explore, 1.0)
        rows = np.arange(len(who))[:, None]
        of_niche = np.zeros((len(who), niches))
        np.add.at(of_niche, (rows, minds.interest[who]), interests / np.maximum(total, 1e-300)[:, None])
        kind = self.shop.personas[minds.customers.persona[who]] * self.shop.pull[self.week]
        of_niche *= 1 - explore[:, None]
        of_niche += explore[:, None] * kind / kind.sum(axis=1, keepdims=True)
        assortment = self.shop.assortment
        chosen = of_niche[:, assortment.niche[self.columns]] * self.share
        # Each second look moves the displeased part of a product's probability to its articles by their shares.
        displeased = 1 - minds.customers.fond[who[:, None], assortment.colour[self.columns]]
        within = self.share / np.add.reduceat(self.share, self.products)[self.product_of]
        for _ in range(params.second_looks):
            moved = np.add.reduceat(chosen * displeased, self.products, axis=1)
            chosen = chosen * (1 - displeased) + moved[:, self.product_of] * within
        return self._pass_over(minds, who, chosen)

    def _pass_over(self, minds: Minds, who: Ints, chosen: Floats) -> Floats:
        """What customers have is chosen only if every new look finds them something that they have."""
        known = minds.article[who]
        column = np.where(known >= 0, self.column_of[known], -1)
        row, nth = np.nonzero(column >= 0)
        new = np.ones_like(chosen)
        new[row, column[row, nth]] = 0
        owned = (chosen * (1 - new)).sum(axis=1, keepdims=True)
        passes = minds.params.passes
        return np.asarray(chosen * (new * sum(owned**look for look in range(passes)) + owned**passes))


def know_week(shop: Shop, week: int, same: float, other_colour: float) -> WeekTruth:
    """Gather what is true of a week."""
    assortment = shop.assortment
    columns = shop.places[shop.alive[week, shop.places]]
    column_of = np.full(len(shop.places), -1, dtype=np.int64)
    column_of[columns] = np.arange(len(columns))
    edges = shop.article_edges[week * len(shop.places) : (week + 1) * len(shop.places)]
    rises = np.diff(edges, prepend=week * len(shop.niches.sales))
    product = assortment.product[columns]
    begins = np.append(True, product[1:] != product[:-1])
    after = along_matrix(shop, column_of, same=0.0, other_colour=other_colour)[columns]
    return WeekTruth(
        shop=shop,
        week=week,
        columns=columns,
        column_of=column_of,
        share=rises[shop.place_of[columns]],
        products=np.flatnonzero(begins),
        product_of=np.cumsum(begins) - 1,
        after=after,
        after_kept=np.asarray(after.sum(axis=1)).ravel(),
        back=along_matrix(shop, column_of, same=same, other_colour=other_colour),
    )


def along_matrix(shop: Shop, column_of: Ints, *, same: float, other_colour: float) -> sparse.csr_matrix:
    """Probabilities of what `go_along` takes for each article: (articles, columns); the rest is `otherwise`."""
    assortment = shop.assortment
    articles = np.arange(len(column_of))
    rows, wishes, chances = [articles], [articles], [np.full(len(articles), same)]
    own = assortment.product[:, None]
    for of, part in (
        (own, (1 - same) * other_colour),
        (assortment.partners[assortment.product], (1 - same) * (1 - other_colour)),
    ):
        for product in of.T:
            variants = assortment.variants[product]
            row = np.repeat(articles, variants)
            nth = np.arange(len(row)) - np.repeat(np.cumsum(variants) - variants, variants)
            rows.append(row)
            wishes.append(assortment.first[product][row] + nth)
            chances.append(np.repeat(part / of.shape[1] / variants, variants))
    row, wish, chance = (np.concatenate(part) for part in (rows, wishes, chances))
    wish = np.where(column_of[wish] >= 0, wish, row)
    kept = column_of[wish] >= 0
    shape = (len(articles), int((column_of >= 0).sum()))
    return sparse.csr_matrix((chance[kept], (row[kept], column_of[wish[kept]])), shape=shape)


def likeliest(truth: WeekTruth, minds: Minds, who: Ints, day: Ints, later_share: float) -> tuple[Ints, Floats]:
    """The twelve likeliest articles of each customer's visit and their probabilities, ties by article.

    Args:
        truth: of the week of the visits.
        minds: as they are when the visits begin; interests are of the week.
        who: customers of the block.
        day: the day of each one's visit.
        later_share: mean share of a basket's choices that are not its first.

    Returns:
        (customers, 12) articles; (customers, 12) probabilities that a choice takes each.
    """
    articles, chances = [np.empty((0, LENGTH), dtype=np.int64)], [np.empty((0, LENGTH))]
    for start in range(0, len(who), BATCH):
        batch = who[start : start + BATCH]
        params, fresh = minds.params, truth.fresh(minds, batch)
        chance, weights = minds.returns(batch, day[start : start + BATCH])
        known = minds.article[batch]
        weights = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-300)
        row = np.repeat(np.arange(len(batch)), known.shape[1])
        shape = (len(batch), len(truth.column_of))
        back = sparse.csr_matrix((weights.ravel(), (row, np.maximum(known, 0).ravel())), shape=shape) @ truth.back
        mind, fails = back.toarray(), 1 - np.asarray(back.sum(axis=1)).ravel()
        # What is returned to may be sold out: then the choice stays fresh, as with what goes along.
        mind += fails[:, None] * fresh
        first = (1 - chance[:, None]) * fresh + chance[:, None] * mind
        along = first @ truth.after
        along += (1 - first @ truth.after_kept)[:, None] * fresh
        again = (params.return_more * chance)[:, None]
        later = (1 - again) * ((1 - params.along) * fresh + params.along * along) + again * mind
        taken = (1 - later_share) * first + later_share * later

        few = min(4 * LENGTH, taken.shape[1])
        near = np.argpartition(-taken, few - 1, axis=1)[:, :few]
        chances_near, articles_near = np.take_along_axis(taken, near, axis=1), truth.columns[near]
        best = np.lexsort((articles_near, -chances_near), axis=1)[:, :LENGTH]
        articles.append(np.take_along_axis(articles_near, best, axis=1))
        chances.append(np.take_along_axis(chances_near, best, axis=1))
    return np.concatenate(articles), np.concatenate(chances)


def map12(lists: Ints, bought: list[NDArray[np.int64]]) -> float:
    """MAP@12 (Kaggle's) of a list each of customers who bought something.

    >>> map12(np.array([[3, 1, *range(10, 20)]]), [np.array([1, 5])])
    0.25
    """
    hits = np.array([np.isin(row, own) for row, own in zip(lists, bought, strict=True)])
    precision = np.cumsum(hits, axis=1) / np.arange(1, LENGTH + 1)
    best = np.minimum([len(np.unique(own)) for own in bought], LENGTH)
    return float(((precision * hits).sum(axis=1) / best).mean())
