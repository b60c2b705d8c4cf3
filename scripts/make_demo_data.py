"""Make the committed demo set: an H&M-shaped purchase log of people who never were.

    python scripts/make_demo_data.py [--output-dir data/01_raw/demo] [--customers 10000] [--seed 20200922]

Customers have tastes, visit more or less often, drop out and return; articles are launched, have a season
and a life of weeks, and are sold off. A line of a basket is one of: an article bought before, another
colour of a product bought before, a companion of the line above, or a draw from what the customer's taste
has on sale this week. The same seed gives the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

FIRST_DAY = date(2018, 9, 20)
WEEKS = 105
DAYS = 734
TRANSACTIONS_A_BUYER = 23.2
NEVER_BUY = 0.00707
TASTES = 24
MEMORY = 24  # purchases a customer remembers
REPEAT, VARIANT, COMPANION, SECOND_PIECE = 0.055, 0.04, 0.12, 0.10
PRICE_UNIT = 59_000

# product type: number, group, garment group (number, name), typical price, month of its peak (0: all year)
TYPES: dict[str, tuple[int, str, int, str, int, int]] = {
    "Vest top": (253, "Garment Upper body", 1002, "Jersey Basic", 799, 6),
    "T-shirt": (255, "Garment Upper body", 1002, "Jersey Basic", 999, 6),
    "Top": (254, "Garment Upper body", 1005, "Jersey Fancy", 1499, 0),
    "Blouse": (258, "Garment Upper body", 1010, "Blouses", 1999, 4),
    "Shirt": (259, "Garment Upper body", 1011, "Shirts", 1999, 0),
    "Sweater": (252, "Garment Upper body", 1003, "Knitwear", 2499, 11),
    "Cardigan": (245, "Garment Upper body", 1003, "Knitwear", 2499, 10),
    "Hoodie": (308, "Garment Upper body", 1005, "Jersey Fancy", 2499, 10),
    "Coat": (262, "Garment Upper body", 1007, "Outdoor", 5999, 10),
    "Jacket": (264, "Garment Upper body", 1007, "Outdoor", 3999, 10),
    "Blazer": (260, "Garment Upper body", 1008, "Dressed", 3999, 9),
    "Trousers": (272, "Garment Lower body", 1009, "Trousers", 2499, 0),
    "Jeans": (273, "Garment Lower body", 1016, "Trousers Denim", 2999, 0),
    "Shorts": (274, "Garment Lower body", 1025, "Shorts", 1499, 6),
    "Skirt": (275, "Garment Lower body", 1012, "Skirts", 1999, 5),
    "Leggings/Tights": (276, "Garment Lower body", 1002, "Jersey Basic", 999, 10),
    "Dress": (265, "Garment Full body", 1013, "Dresses Ladies", 2499, 5),
    "Swimwear bottom": (59, "Swimwear", 1018, "Swimwear", 1299, 6),
    "Bikini top": (298, "Swimwear", 1018, "Swimwear", 1299, 6),
    "Bra": (306, "Underwear", 1017, "Under-, Nightwear", 1799, 0),
    "Underwear bottom": (286, "Underwear", 1017, "Under-, Nightwear", 999, 0),
    "Socks": (302, "Socks & Tights", 1021, "Socks and Tights", 599, 0),
    "Earring": (70, "Accessories", 1019, "Accessories", 599, 0),
    "Scarf": (80, "Accessories", 1019, "Accessories", 1299, 11),
    "Ankle boot": (87, "Shoes", 1020, "Shoes", 3999, 10),
}
# index group: number; its indexes: code, name; their sections: number, name
HIERARCHY: list[tuple[int, str, str, str, int, str]] = [
    (1, "Ladieswear", "A", "Ladieswear", 15, "Womens Everyday Collection"),
    (1, "Ladieswear", "A", "Ladieswear", 16, "Womens Everyday Basics"),
    (1, "Ladieswear", "A", "Ladieswear", 11, "Womens Tailoring"),
    (1, "Ladieswear", "A", "Ladieswear", 6, "Womens Casual"),
    (1, "Ladieswear", "B", "Lingeries/Tights", 60, "Womens Swimwear, beachwear"),
    (1, "Ladieswear", "B", "Lingeries/Tights", 61, "Womens Lingerie"),
    (1, "Ladieswear", "C", "Ladies Accessories", 66, "Womens Small accessories"),
    (2, "Divided", "D", "Divided", 53, "Divided Collection"),
    (2, "Divided", "D", "Divided", 50, "Divided Projects"),
    (2, "Divided", "D", "Divided", 51, "Divided Basics"),
    (3, "Menswear", "F", "Menswear", 26, "Men Underwear"),
    (3, "Menswear", "F", "Menswear", 55, "Contemporary Casual"),
    (3, "Menswear", "F", "Menswear", 23, "Mens Basics"),
    (4, "Baby/Children", "G", "Baby Sizes 50-98", 40, "Baby Essentials & Complements"),
    (4, "Baby/Children", "H", "Children Sizes 92-140", 77, "Kids Girl"),
    (5, "Sport", "S", "Sport", 5, "Ladies H&M Sport"),
]
SECTION_WEIGHTS = (20, 14, 5, 8, 6, 8, 5, 12, 6, 6, 2, 4, 4, 3, 3, 4)
COLOURS = ["Black", "White", "Light Beige", "Dark Blue", "Light Pink", "Grey", "Red", "Green", "Blue", "Yellow"]
COLOUR_WEIGHTS = (24, 14, 10, 12, 9, 9, 6, 7, 6, 3)
MASTERS = ["Black", "White", "Beige", "Blue", "Pink", "Grey", "Red", "Green", "Blue", "Yellow"]
PATTERNS = ["Solid", "All over pattern", "Stripe", "Denim", "Melange", "Front print"]
WORDS = ["Alva", "Bea", "Carla", "Dani", "Elsa", "Flora", "Gry", "Hilma", "Iris", "Juno", "Kim", "Luna", "Maja", "Nova"]


@dataclass(frozen=True)
class Articles:
    """An entry an article, in the order of the ids."""

    ids: list[str]
    product: Ints
    kind: Ints
    section: Ints
    colour: Ints
    pattern: Ints
    price: Ints  # in 1/59000
    launch: Floats  # week
    life: Floats  # weeks
    appeal: Floats
    variants: Ints  # another variant of the same product, or itself
    companions: Ints  # an article that goes with it


@dataclass(frozen=True)
class Customers:
    """An entry a customer, in the order of the ids."""

    ids: list[str]
    age: Ints
    rate: Floats  # visits a week while active
    taste: Ints  # main and second taste, (n, 2)
    drift: Ints  # week from which the two change places
    active: npt.NDArray[np.bool_]  # (n, weeks)
    online: Floats


def hex_ids(rng: np.random.Generator, count: int) -> list[str]:
    """Draw ids of 64 hex digits, in order."""
    return sorted(rng.bytes(32).hex() for _ in range(count))


def make_articles(rng: np.random.Generator, products: int) -> Articles:
    """Launch products over the weeks, each with one to four colours."""
    count = np.minimum(1 + rng.poisson(1.0, products), 4)
    product = np.repeat(np.arange(products), count)
    size = len(product)
    launch = np.sort(rng.uniform(-45, WEEKS - 0.5, products))
    kinds = rng.choice(len(TYPES), products)
    sections = rng.choice(len(HIERARCHY), products, p=np.array(SECTION_WEIGHTS) / sum(SECTION_WEIGHTS))
    life = np.clip(rng.lognormal(np.log(17), 0.75, products), 3, 140)
    base = np.array([spec[4] for spec in TYPES.values()])[kinds]
    price = np.maximum(np.round(base * rng.lognormal(0, 0.25, products) / 100), 2).astype(np.int64) * 100 - 1
    start = np.concatenate([[0], np.cumsum(count)[:-1]])
    within = np.arange(size) - start[product]
    colour = rng.choice(len(COLOURS), size, p=np.array(COLOUR_WEIGHTS) / sum(COLOUR_WEIGHTS))
    codes = 500_000 + np.cumsum(rng.integers(3, 60, products))
    near = np.clip(np.arange(products) + rng.integers(1, 30, products), 0, products - 1)
    return Articles(
        ids=[f"{codes[p]:07d}{within[i] + 1:03d}" for i, p in enumerate(product)],
        product=product,
        kind=kinds[product],
        section=sections[product],
        colour=colour,
        pattern=rng.choice(len(PATTERNS), products, p=[0.55, 0.2, 0.08, 0.07, 0.06, 0.04])[product],
        price=price[product],
        launch=launch[product] + np.where(within > 0, rng.exponential(2.0, size), 0),
        life=life[product],
        appeal=rng.lognormal(0, 0.75, products)[product] * rng.lognormal(0, 0.35, size),
        variants=start[product] + (within + 1) % count[product],
        companions=start[near[product]] + rng.integers(0, 99, size) % count[near[product]],
    )


def make_customers(rng: np.random.Generator, count: int) -> Customers:
    """Give customers an age of two humps, a heavy-tailed rate of visits, tastes, and times of silence."""
    young = rng.random(count) < 0.6
    age = np.where(young, 18 + rng.gamma(3.2, 2.6, count), rng.normal(50, 7.5, count))
    age = np.clip(np.round(age), 16, 99).astype(np.int64)
    rate = rng.lognormal(0, 1.25, count)
    rate[rng.random(count) < NEVER_BUY] = 0
    # Tastes are ordered by age: the main one lies near the customer's own.
    centre = np.clip((age - 16) / 50, 0, 1) * (TASTES - 1)
    taste = np.clip(np.round(centre[:, None] + rng.normal(0, 3.5, (count, 2))), 0, TASTES - 1).astype(np.int64)
    return Customers(
        ids=hex_ids(rng, count),
        age=age,
        rate=rate,
        taste=taste,
        drift=rng.integers(0, 3 * WEEKS, count),
        active=make_activity(rng, count),
        online=rng.beta(1.4, 0.6, count),
    )


def make_activity(rng: np.random.Generator, count: int) -> npt.NDArray[np.bool_]:
    """Let customers come, fall silent and return: a two-state chain over the weeks."""
    active = np.zeros((count, WEEKS), dtype=bool)
    joined = np.where(rng.random(count) < 0.55, 0, rng.integers(0, WEEKS, count))
    state = rng.random(count) < 0.7
    for week in range(WEEKS):
        state = np.where(state, rng.random(count) > 0.07, rng.random(count) < 0.07) | (week == joined)
        active[:, week] = state & (week >= joined)
    return active


def season_of(articles: Articles, week: int) -> Floats:
    """Weigh an article by its type's time of year: up to four times at the peak what it is half a year off."""
    peak = np.array([spec[5] for spec in TYPES.values()])[articles.kind]
    month = (FIRST_DAY + timedelta(weeks=week)).timetuple().tm_yday / 30.4 + 0.5
    return np.where(peak == 0, 1.0, np.exp(0.7 * np.cos(2 * np.pi * (month - peak) / 12)))


def demand(articles: Articles, liking: Floats, week: int) -> Floats:
    """Weigh every article for every taste in a week: (tastes, articles), 0 for what is not on sale."""
    age = week + 0.5 - articles.launch
    on_sale = (age >= 0) & (age <= articles.life)
    rise = np.clip(age + 0.6, 0, 2) * np.exp(-1.1 * np.clip(age, 0, None) / articles.life)
    return liking * (articles.appeal * np.where(on_sale, rise, 0) * season_of(articles, week))


def make_liking(rng: np.random.Generator, articles: Articles) -> Floats:
    """Say how each taste likes each article: by section, type, colour and price, and by a whim of its own."""
    sections = rng.lognormal(0, 0.9, (TASTES, len(HIERARCHY)))
    # Neighbouring tastes are alike.
    sections = (sections + np.roll(sections, 1, axis=0)) / 2
    kinds = rng.lognormal(0, 0.5, (TASTES, len(TYPES)))
    colours = rng.lognormal(0, 0.5, (TASTES, len(COLOURS)))
    budget = rng.normal(np.log(2000), 0.3, TASTES)
    price = np.exp(-0.5 * ((np.log(articles.price)[None, :] - budget[:, None]) / 0.8) ** 2)
    whim = rng.lognormal(0, 0.5, (TASTES, articles.product.max() + 1))[:, articles.product]
    return sections[:, articles.section] * kinds[:, articles.kind] * colours[:, articles.colour] * price * whim


def traffic(week: int) -> float:
    """Weigh a week: sales in January and late June, a rush before Christmas, the spring of 2020."""
    day = FIRST_DAY + timedelta(weeks=week)
    weight = 1 + 0.12 * np.cos(2 * np.pi * (day.timetuple().tm_yday - 160) / 365)
    if (day.month, day.day > 20) in ((11, True), (6, True), (12, False)):
        weight *= 1.25
    if date(2020, 3, 10) <= day <= date(2020, 4, 25):
        weight *= 0.7
    return float(weight)


def simulate(rng: np.random.Generator, articles: Articles, customers: Customers) -> list[Ints]:
    """Let everyone shop, week by week.

    Returns:
        Columns of the transactions: day, customer, article, price in 1/59000, channel.
    """
    count = len(customers.ids)
    mean_lines = 3.4
    exposure = (customers.active * [traffic(week) for week in range(WEEKS)]).sum(axis=1) * customers.rate
    buys = customers.rate > 0
    scale = (TRANSACTIONS_A_BUYER / mean_lines - 1) * buys.sum() / exposure.sum()
    # Everyone who ever buys comes once for certain, in a week of theirs.
    certain = (customers.active * rng.random((count, WEEKS))).argmax(axis=1)
    liking = make_liking(rng, articles)
    memory = np.full((count, MEMORY), -1)
    remembered = np.full((count, MEMORY), -999.0)
    columns: list[list[Ints]] = [[] for _ in range(5)]
    for week in range(WEEKS):
        visits = rng.poisson(customers.rate * scale * traffic(week) * customers.active[:, week])
        visits += buys & (certain == week)
        visitor = np.repeat(np.arange(count), np.minimum(visits, 6))
        last_day = min(7, DAYS - 7 * week)
        weekday = rng.choice(7, len(visitor), p=[0.14, 0.16, 0.17, 0.13, 0.13, 0.13, 0.14]) % last_day
        lines = np.minimum(1 + rng.geometric(0.37, len(visitor)) - (rng.random(len(visitor)) < 0.35), 30)
        buyer, day = np.repeat(visitor, lines), np.repeat(weekday, lines) + 7 * week
        first = np.concatenate([[0], np.cumsum(lines)[:-1]])
        opens = np.zeros(len(buyer), dtype=bool)
        opens[first] = True
        weights = demand(articles, liking, week)
        article = choose(rng, articles, customers, weights, week, buyer, opens, memory, remembered)
        online = np.repeat(rng.random(len(visitor)) < customers.online[visitor], lines)
        reduced = (week + 0.5 - articles.launch[article]) / articles.life[article] > 0.75
        price = np.where(reduced, articles.price[article] * 7 // 10, articles.price[article])
        remember(memory, remembered, buyer, article, week)
        for column, values in zip(columns, (day, buyer, article, price, 1 + online.astype(np.int64)), strict=True):
            column.append(values)
    return [np.concatenate(column) for column in columns]


def choose(
    rng: np.random.Generator,
    articles: Articles,
    customers: Customers,
    weights: Floats,
    week: int,
    buyer: Ints,
    opens: npt.NDArray[np.bool_],
    memory: Ints,
    remembered: Floats,
) -> Ints:
    """Choose an article for every line of a week's baskets."""
    size = len(buyer)
    cumulated = weights.cumsum(axis=1)
    main = (week >= customers.drift[buyer]).astype(np.int64)
    which = np.where(rng.random(size) < 0.8, main, 1 - main)
    taste = customers.taste[buyer, which]
    goal = rng.random(size) * cumulated[taste, -1]
    article = np.empty(size, dtype=np.int64)
    for one in range(TASTES):
        of_taste = taste == one
        article[of_taste] = np.searchsorted(cumulated[one], goal[of_taste], side="right")
    article = np.minimum(article, weights.shape[1] - 1)
    on_sale = weights.sum(axis=0) > 0
    dice = rng.random(size)
    # Repeats fade with the days since, as 1 / days^1.5.
    days = 7.0 * (week - remembered[buyer]) + 3
    fading = np.where(memory[buyer] >= 0, days**-1.5, 0).cumsum(axis=1)
    slot = (rng.random(size)[:, None] * fading[:, -1:] >= fading).sum(axis=1)
    own = memory[buyer, np.minimum(slot, MEMORY - 1)]
    known = (own >= 0) & (slot < MEMORY)
    repeat = known & (dice < REPEAT) & on_sale[own]
    article[repeat] = own[repeat]
    variant = known & (dice >= REPEAT) & (dice < REPEAT + VARIANT) & on_sale[articles.variants[own]]
    article[variant] = articles.variants[own[variant]]
    before = np.roll(article, 1)
    follows = ~opens & (dice >= 1 - COMPANION) & on_sale[articles.companions[before]]
    article[follows] = articles.companions[before[follows]]
    again = ~opens & (rng.random(size) < SECOND_PIECE)
    article[again] = np.roll(article, 1)[again]
    return article


def remember(memory: Ints, remembered: Floats, buyer: Ints, article: Ints, week: int) -> None:
    """Put a week's purchases into the memories of those who made them, the oldest give way."""
    place = np.arange(len(buyer)) - np.searchsorted(buyer, buyer)
    for step in range(min(int(place.max(initial=-1)) + 1, MEMORY)):
        rows = buyer[place == step]
        memory[rows] = np.roll(memory[rows], 1, axis=1)
        remembered[rows] = np.roll(remembered[rows], 1, axis=1)
        memory[rows, 0], remembered[rows, 0] = article[place == step], week


def write_gzip(path: Path, header: list[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write a CSV file whose bytes depend on its rows alone."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    path.write_bytes(gzip.compress(text.getvalue().encode(), compresslevel=9, mtime=0))


def article_rows(articles: Articles, rng: np.random.Generator) -> Iterable[list[Any]]:
    """Give the lines of articles.csv."""
    names = rng.integers(0, len(WORDS), articles.product.max() + 1)
    types = list(TYPES.items())
    for i, identity in enumerate(articles.ids):
        kind, (number, group, garment, garment_name, _, _) = types[articles.kind[i]]
        group_no, group_name, index, index_name, section_no, section = HIERARCHY[articles.section[i]]
        colour, pattern = int(articles.colour[i]), int(articles.pattern[i])
        department = 1000 + 10 * int(articles.section[i]) + int(articles.kind[i])
        name = f"{WORDS[names[articles.product[i]]]} {kind.lower()}"
        described = f"{kind} in a {PATTERNS[pattern].lower()} weave, cut for everyday wear."
        if articles.product[i] % 7 == 0:
            described = (
                f'{kind} of the "{WORDS[names[articles.product[i]]]}" line,\nwith {PATTERNS[pattern].lower()} details.'
            )
        yield [
            *(identity, identity[:7], name, number, kind, group),
            *(1_010_000 + pattern, PATTERNS[pattern], 9 + colour, COLOURS[colour]),
            *(1 + colour % 5, ("Dusty Light", "Light", "Medium", "Dark", "Bright")[colour % 5]),
            *(1 + COLOURS.index(COLOURS[colour]), MASTERS[colour], department, f"{section.split()[-1]} {kind}"),
            *(index, index_name, group_no, group_name, section_no, section, garment, garment_name, described),
        ]


ARTICLE_COLUMNS = [
    "article_id",
    "product_code",
    "prod_name",
    "product_type_no",
    "product_type_name",
    "product_group_name",
    "graphical_appearance_no",
    "graphical_appearance_name",
    "colour_group_code",
    "colour_group_name",
    "perceived_colour_value_id",
    "perceived_colour_value_name",
    "perceived_colour_master_id",
    "perceived_colour_master_name",
    "department_no",
    "department_name",
    "index_code",
    "index_name",
    "index_group_no",
    "index_group_name",
    "section_no",
    "section_name",
    "garment_group_no",
    "garment_group_name",
    "detail_desc",
]


def customer_rows(customers: Customers, rng: np.random.Generator) -> Iterable[list[Any]]:
    """Give the lines of customers.csv."""
    count = len(customers.ids)
    places = hex_ids(rng, max(count // 4, 1))
    place = rng.integers(0, len(places), count)
    news = rng.random(count) < 0.35
    fn, active = news & (rng.random(count) < 0.99), news & (rng.random(count) < 0.97)
    club = rng.choice(["ACTIVE", "PRE-CREATE", "", "LEFT CLUB"], count, p=[0.9295, 0.066, 0.0041, 0.0004])
    for i, identity in enumerate(customers.ids):
        age = "" if i % 83 == 0 else f"{customers.age[i]}.0"
        flags = ["1.0" if fn[i] else "", "1.0" if active[i] else ""]
        yield [identity, *flags, club[i], "Regularly" if news[i] else "NONE", age, places[place[i]]]


def main() -> None:
    """Make the four files."""
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    options.add_argument("--output-dir", type=Path, default=Path("data/01_raw/demo"))
    options.add_argument("--customers", type=int, default=10_000)
    options.add_argument("--products", type=int, default=8_500)
    options.add_argument("--seed", type=int, default=20200922)
    args = options.parse_args()
    rng = np.random.default_rng(args.seed)
    articles, customers = make_articles(rng, args.products), make_customers(rng, args.customers)
    day, customer, article, price, channel = simulate(rng, articles, customers)
    order = np.lexsort((channel, price, article, customer, day))
    days = [(FIRST_DAY + timedelta(days=number)).isoformat() for number in range(DAYS)]
    args.output_dir.mkdir(parents=True, exist_ok=True)
    lines = (
        [
            days[day[i]],
            customers.ids[customer[i]],
            articles.ids[article[i]],
            f"{price[i] / PRICE_UNIT:.15g}",
            channel[i],
        ]
        for i in order
    )
    header = ["t_dat", "customer_id", "article_id", "price", "sales_channel_id"]
    write_gzip(args.output_dir / "transactions_train.csv.gz", header, lines)
    write_gzip(args.output_dir / "articles.csv.gz", ARTICLE_COLUMNS, article_rows(articles, rng))
    columns = ["customer_id", "FN", "Active", "club_member_status", "fashion_news_frequency", "age", "postal_code"]
    write_gzip(args.output_dir / "customers.csv.gz", columns, customer_rows(customers, rng))
    best = np.argsort(-np.bincount(article[day >= DAYS - 7], minlength=len(articles.ids)), kind="stable")[:12]
    prediction = " ".join(articles.ids[i] for i in best)
    rows = ([identity, prediction] for identity in customers.ids)
    write_gzip(args.output_dir / "sample_submission.csv.gz", ["customer_id", "prediction"], rows)


if __name__ == "__main__":
    main()
