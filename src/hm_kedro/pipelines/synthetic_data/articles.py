"""What is on sale: products in colours, their launches, lives, prices and niches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hm_kedro.pipelines.synthetic_data.assortment import read_colours, read_graphics, read_ranges
from hm_kedro.pipelines.synthetic_data.calendar import DAYS, season

if TYPE_CHECKING:
    from hm_kedro.parameters import ArticleParameters

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

H_AND_M_ARTICLES = 105_542
H_AND_M_PRODUCTS = 47_224
MOST_CENTS = 34_899  # 0.5915 of the files' currency
STYLES = 6  # dimensions of taste that no attribute shows
PARTNERS = 3  # products that go with a product
CODES = (108_775, 956_000)  # of products, in the order of their launches


@dataclass(frozen=True)
class Niches:
    """Ranges, divided into styles of about so many live articles as customers look through: (niches,) each."""

    range: Ints
    sales: Floats  # weight among purchases
    age: Floats  # years of its buyers
    style: Floats  # (niches, STYLES)
    dear: Floats  # log of its prices against its range's


@dataclass(frozen=True)
class Assortment:
    """One entry per article, ordered by article_id; a product's articles are neighbours."""

    ids: Ints
    product: Ints
    niche: Ints
    colour: Ints
    graphic: Ints
    launch: Floats  # day
    life: Floats  # days
    appeal: Floats  # log of popularity within its niche
    evergreen: NDArray[np.bool_]  # sold for years
    cents: Ints
    late_cents: Ints  # late in its life
    first: Ints  # (products,) first article
    variants: Ints  # (products,) how many articles
    partners: Ints  # (products, PARTNERS) products that go with it
    niches: Niches


def draw(rng: np.random.Generator, weights: Floats, size: int) -> Ints:
    """Draw row numbers by their weights."""
    return np.asarray(rng.choice(len(weights), size=size, p=weights / weights.sum()))


def draw_assortment(seed: int, articles: int, params: ArticleParameters) -> Assortment:
    """Draw `articles` articles, a third of them alive at a time.

    Args:
        seed: the same seed and size give the same articles.
        articles: how many; of `articles` · 47,224 / 105,542 products, as H&M has them.
        params: how they live.
    """
    rng = np.random.default_rng([seed, 1])
    ranges = read_ranges()
    products = max(1, round(articles * H_AND_M_PRODUCTS / H_AND_M_ARTICLES))
    variants = draw_variants(rng, products, articles)
    of = draw(rng, ranges.articles, products)
    evergreen = rng.random(products) < np.where(ranges.basic[of], params.evergreen_basics, params.evergreen)
    life = 7 * np.exp(rng.normal(np.log(params.life_weeks), params.life_spread, products))
    life = np.where(evergreen, rng.uniform(400, 1_500, products), life)
    launch = draw_launches(rng, of, life)
    order = np.argsort(launch, kind="stable")
    variants, of, evergreen = variants[order], of[order], evergreen[order]
    life, launch = life[order], launch[order]

    niches, niche = divide_ranges(rng, of, variants, life, params)
    product = np.repeat(np.arange(products), variants)
    first = np.cumsum(variants) - variants
    nth = np.arange(articles) - first[product]
    colour = draw_colours(rng, products)[product, nth % len(read_colours().labels)]
    late = np.where((nth > 0) & (rng.random(articles) < params.late_variants), rng.uniform(14, 90, articles), 0)

    dear = niches.dear[niche] + rng.normal(0, 0.12, products)
    cents = price_ladder(ranges.cents[of] * np.exp(dear))
    cut = np.where(rng.random(products) < params.cut, rng.choice([0.5, 0.6, 0.7, 0.8], products), 1.0)
    late_cents = np.where(cut < 1, np.floor(cents * cut / 50) * 50 + 49, cents).astype(np.int64)
    codes = np.sort(rng.choice(np.arange(*CODES), products, replace=False))
    wanted = np.log(read_colours().sales / read_colours().articles)[colour]
    popularity = 0.8 * rng.normal(size=products)[product] + 0.6 * rng.normal(size=articles)
    return Assortment(
        ids=codes[product] * 1_000 + nth + 1,
        product=product,
        niche=niche[product],
        colour=colour,
        graphic=draw(rng, read_graphics().articles, products)[product],
        launch=launch[product] + late,
        life=life[product],
        appeal=popularity + 0.4 * wanted,
        evergreen=evergreen[product],
        cents=cents[product],
        late_cents=late_cents[product],
        first=first,
        variants=variants,
        partners=find_partners(rng, of),
        niches=niches,
    )


def draw_variants(rng: np.random.Generator, products: int, articles: int) -> Ints:
    """Draw how many articles each product has: half have one, a few basics dozens; `articles` in sum."""
    variants = rng.geometric(0.51, products)
    basics = rng.random(products) < 0.0095
    variants[basics] = rng.integers(6, 50, int(basics.sum()))
    while (missing := articles - int(variants.sum())) != 0:
        chosen = rng.permutation(products if missing > 0 else np.flatnonzero(variants > 1))[: abs(missing)]
        variants[chosen] += np.sign(missing)
    return variants


def draw_launches(rng: np.random.Generator, of: Ints, life: Floats) -> Floats:
    """Draw the day of each product's launch: so that it lives through its season, as a rule."""
    ranges = read_ranges()
    starts = rng.uniform(-life, DAYS - 10, (6, len(of)))
    liking = season(ranges.swing[of], ranges.peak[of], starts + 0.3 * life) + rng.gumbel(size=starts.shape)
    return np.asarray(np.take_along_axis(starts, liking.argmax(axis=0)[None], axis=0)[0])


def divide_ranges(
    rng: np.random.Generator, of: Ints, variants: Ints, life: Floats, params: ArticleParameters
) -> tuple[Niches, Ints]:
    """Divide each range into niches and give each product its own.

    Returns:
        The niches that have products, ordered by range, and the niche of each product.
    """
    ranges = read_ranges()
    alive = np.bincount(of, weights=variants * life / (life + DAYS), minlength=len(ranges.age))
    parts = np.maximum(1, np.round(alive / params.niche_articles)).astype(np.int64)
    range_of = np.repeat(np.arange(len(parts)), parts)
    first = np.cumsum(parts) - parts
    drawn = first[of] + (rng.random(len(of)) * parts[of]).astype(np.int64)
    used, niche = np.unique(drawn, return_inverse=True)
    articles = np.bincount(niche, weights=variants)
    weight = articles * np.exp(rng.normal(0, params.niche_spread, len(used)))
    niches = Niches(
        range=range_of[used],
        sales=ranges.sales[range_of[used]] * weight / np.bincount(range_of[used], weight)[range_of[used]],
        age=ranges.age[range_of[used]] + rng.normal(0, 5, len(used)),
        style=rng.normal(size=(len(used), STYLES)) / np.sqrt(STYLES),
        dear=rng.normal(0, 0.2, len(used)),
    )
    return niches, niche


def draw_colours(rng: np.random.Generator, products: int) -> Ints:
    """Draw the order in which each product comes in the colours, frequent ones first: (products, colours)."""
    # A product's later colours are others than its first: the frequent ones must come first the more often.
    weights = read_colours().articles ** 1.2
    return np.asarray(np.argsort(-np.log(weights) - rng.gumbel(size=(products, len(weights))), axis=1))


def price_ladder(wish: Floats) -> Ints:
    """Round prices to those that shops like: 4.99 and 5.99 below ten, 14.99 and 19.99 above."""
    fine = np.maximum(np.round(wish / 100) * 100 - 1, 199)
    coarse = np.minimum(np.round(wish / 500) * 500 - 1, MOST_CENTS)
    return np.where(wish < 1_200, fine, coarse).astype(np.int64)


def find_partners(rng: np.random.Generator, of: Ints) -> Ints:
    """Find for each product others of its index, of another type and launched about then: they sell together.

    Returns:
        (products, PARTNERS); a product that finds none is its own partner.
    """
    ranges = read_ranges()
    index, kind = ranges.index[of], ranges.kind[of]
    partners = np.repeat(np.arange(len(of))[:, None], PARTNERS, axis=1)
    for code in np.unique(index):
        rows = np.flatnonzero(index == code)  # in the order of launches
        for nth in range(PARTNERS):
            for _ in range(4):
                near = np.arange(len(rows)) + rng.integers(1, 25, len(rows)) * rng.choice([-1, 1], len(rows))
                other = rows[np.clip(near, 0, len(rows) - 1)]
                fits = (partners[rows, nth] == rows) & (kind[other] != kind[rows])
                partners[rows[fits], nth] = other[fits]
    return partners
