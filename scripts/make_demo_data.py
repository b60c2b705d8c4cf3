"""Make the demo set: small synthetic files in the format of Kaggle's H&M data.

    python scripts/make_demo_data.py --output-dir data/01_raw/demo

The customers and the purchases are drawn from a model, none is real: customers with lasting and drifting
tastes, articles with launches, seasons, lives of weeks and price cuts, baskets that go together, repeats.
The same seed gives the same bytes (with the same numpy and zlib).

    articles ──────────────┐
    customers ─┬─ visits ──┴─ lines ─ transactions
               └─ sample submission
"""

# ruff: noqa: SIM905 - the tables of words read best as words

from __future__ import annotations

import argparse
import csv
import gzip
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

FIRST_DAY = date(2018, 9, 20)
DAYS = 734  # to 2020-09-22
WEEKS = 105  # Wednesday to Tuesday; the first begins the day before FIRST_DAY
YEAR = 365.25
NEVER_BUY = 0.0071
PRICE_UNIT = 59_000  # prices are multiples of 1/59000
MOST_CENTS = 34_899  # 0.5915
RECENT = 96  # how many of their latest articles customers may come back to
ARTICLES = 95  # articles: so many times the root of the number of customers
RATE_SPREAD = 0.9  # of customers' rates of visits (log)
APPEAL = 0.36  # how much popularity differs between products, and again between their colours (log)
STAY = 230  # mean weeks until a customer leaves for good
SATED = 4  # how much less customers look for what they have (log)
SAME = 0.6  # of the returns to an article, how many buy the very same
FALL = 2.5  # how far the appeal of an article falls over its life (log)
SHUT = (545, 600)  # days on which most stores were shut
FOLLOW_UP = 0.08  # probability that a visit is followed by another within days
LINES = 0.85  # mean log of the articles a visit looks for
LINES_A_VISIT = 3.5
WAKE = 0.5  # how far customers' rates swing over the months (log)
MOOD = 0.9  # how far tastes drift, against how far they differ between customers
DRIFT = 0.93  # what is left of a mood after a week
STYLE = 0.7  # how much styles matter
FOLLOWS = 0.16  # probability that a line goes along with the first of its basket
RETURN = 2.6  # coming back to an article bought yesterday: probability for those who bought no other
RETURN_FADE = 1.05  # power of the days since
LATE = 0.7  # share of an article's life after which its price may be cut
DEMAND = (
    ("2018-11-20", "2018-11-29", 1.5),
    ("2019-06-10", "2019-07-05", 1.25),
    ("2019-11-20", "2019-11-29", 1.5),
    ("2020-03-11", "2020-04-14", 0.65),
    ("2020-06-16", "2020-07-05", 1.3),
)
STYLES = 6  # dimensions of taste that no attribute shows

INDEXES = {
    "A": ("Ladieswear", 1, "Ladieswear"),
    "B": ("Lingeries/Tights", 1, "Ladieswear"),
    "C": ("Ladies Accessories", 1, "Ladieswear"),
    "D": ("Divided", 2, "Divided"),
    "F": ("Menswear", 3, "Menswear"),
    "G": ("Baby Sizes 50-98", 4, "Baby/Children"),
    "H": ("Children Sizes 92-140", 4, "Baby/Children"),
    "I": ("Children Sizes 134-170", 4, "Baby/Children"),
    "J": ("Children Accessories, Swimwear", 4, "Baby/Children"),
    "S": ("Sport", 26, "Sport"),
}

# index | section | department | garment group | product type | product group | cents | weight | age | season
RANGES = """
A|15 Womens Everyday Collection|1722 Trouser|1009 Trousers|272 Trousers|Garment Lower body|1999|48|36|-
A|15 Womens Everyday Collection|1626 Knitwear|1003 Knitwear|252 Sweater|Garment Upper body|2499|48|34|knit
A|15 Womens Everyday Collection|1522 Blouse|1010 Blouses|258 Blouse|Garment Upper body|1999|37|38|-
A|15 Womens Everyday Collection|1322 Dress|1013 Dresses Ladies|265 Dress|Garment Full body|2799|34|33|dress
A|15 Womens Everyday Collection|1636 Jersey fancy|1005 Jersey Fancy|254 Top|Garment Upper body|999|24|38|-
A|15 Womens Everyday Collection|1222 Suit jacket|1008 Dressed|264 Blazer|Garment Upper body|3799|14|31|coat
A|15 Womens Everyday Collection|1626 Knitwear|1003 Knitwear|245 Cardigan|Garment Upper body|2999|10|36|knit
A|19 Womens Jackets|1201 Outwear|1007 Outdoor|262 Jacket|Garment Upper body|5999|24|35|coat
A|19 Womens Jackets|1201 Outwear|1007 Outdoor|263 Coat|Garment Upper body|9999|12|38|coat
A|16 Womens Everyday Basics|1676 Jersey Basic|1002 Jersey Basic|255 T-shirt|Garment Upper body|999|24|32|-
A|16 Womens Everyday Basics|1676 Jersey Basic|1002 Jersey Basic|253 Vest top|Garment Upper body|599|16|30|sun
A|16 Womens Everyday Basics|1676 Jersey Basic|1002 Jersey Basic|254 Top|Garment Upper body|1299|10|36|-
A|11 Womens Tailoring|1515 Blouse|1010 Blouses|258 Blouse|Garment Upper body|1999|16|38|-
A|11 Womens Tailoring|1313 Dress|1013 Dresses Ladies|265 Dress|Garment Full body|2999|16|36|dress
A|11 Womens Tailoring|1717 Trouser|1009 Trousers|272 Trousers|Garment Lower body|2999|16|34|-
A|6 Womens Casual|1610 Knitwear|1003 Knitwear|252 Sweater|Garment Upper body|1999|14|50|knit
A|6 Womens Casual|1510 Blouse|1010 Blouses|258 Blouse|Garment Upper body|2499|13|52|-
A|6 Womens Casual|1710 Trouser|1009 Trousers|272 Trousers|Garment Lower body|2499|11|51|-
A|2 H&M+|1919 Jersey|1005 Jersey Fancy|254 Top|Garment Upper body|1499|9|46|-
A|8 Mama|2032 Jersey|1005 Jersey Fancy|273 Leggings/Tights|Garment Lower body|1999|7|30|-
B|61 Womens Lingerie|1338 Expressive Lingerie|1017 Under-, Nightwear|306 Bra|Underwear|1499|29|27|-
B|61 Womens Lingerie|1338 Expressive Lingerie|1017 Under-, Nightwear|286 Underwear bottom|Underwear|999|16|27|-
B|61 Womens Lingerie|1339 Clean Lingerie|1017 Under-, Nightwear|306 Bra|Underwear|1599|14|40|-
B|60 Womens Swimwear, beachwear|4242 Swimwear|1018 Swimwear|298 Bikini top|Swimwear|1499|17|28|swim
B|60 Womens Swimwear, beachwear|4242 Swimwear|1018 Swimwear|59 Swimwear bottom|Swimwear|999|16|28|swim
B|60 Womens Swimwear, beachwear|4242 Swimwear|1018 Swimwear|57 Swimsuit|Swimwear|2499|6|42|swim
B|62 Womens Nightwear, Socks & Tigh|3709 Nightwear|1017 Under-, Nightwear|297 Pyjama set|Nightwear|2499|11|36|-
B|62 Womens Nightwear, Socks & Tigh|3611 Shopbasket Socks|1021 Socks and Tights|302 Socks|Socks & Tights|799|10|34|-
C|64 Womens Shoes|3529 Boots|1020 Shoes|87 Boots|Shoes|3499|11|32|coat
C|64 Womens Shoes|3527 Flats|1020 Shoes|91 Sandals|Shoes|1499|9|33|swim
C|66 Womens Small accessories|4344 Jewellery|1019 Accessories|70 Earring|Accessories|799|14|25|-
C|65 Womens Big accessories|3209 Bags|1019 Accessories|66 Bag|Accessories|1999|8|33|-
D|53 Divided Collection|1747 Trousers|1009 Trousers|272 Trousers|Garment Lower body|2499|31|24|-
D|53 Divided Collection|1344 Dresses|1013 Dresses Ladies|265 Dress|Garment Full body|1999|34|23|dress
D|53 Divided Collection|1647 Tops Knitwear|1003 Knitwear|252 Sweater|Garment Upper body|1999|30|24|knit
D|53 Divided Collection|1244 Outdoor/Blazers|1007 Outdoor|262 Jacket|Garment Upper body|4999|13|24|coat
D|53 Divided Collection|1543 Tops Woven|1010 Blouses|259 Shirt|Garment Upper body|1499|14|25|-
D|53 Divided Collection|1444 Skirts|1012 Skirts|275 Skirt|Garment Lower body|1499|13|22|-
D|53 Divided Collection|1640 Tops Fancy Jersey|1005 Jersey Fancy|254 Top|Garment Upper body|999|18|22|sun
D|53 Divided Collection|1745 Shorts|1025 Shorts|274 Shorts|Garment Lower body|1299|8|23|sun
D|57 Ladies Denim|1772 Denim Trousers|1016 Trousers Denim|272 Trousers|Garment Lower body|2999|23|27|-
D|51 Divided Basics|1643 Basic 1|1002 Jersey Basic|255 T-shirt|Garment Upper body|799|15|24|-
D|51 Divided Basics|1643 Basic 1|1002 Jersey Basic|253 Vest top|Garment Upper body|499|14|23|sun
S|5 Ladies H&M Sport|8310 Ladies Sport Bottoms|1005 Jersey Fancy|273 Leggings/Tights|Garment Lower body|2499|19|29|-
S|5 Ladies H&M Sport|8316 Ladies Sport Bras|1005 Jersey Fancy|306 Bra|Underwear|1799|12|29|-
F|26 Men Underwear|5832 Light Basic Jersey|1002 Jersey Basic|255 T-shirt|Garment Upper body|799|14|31|-
F|26 Men Underwear|7988 Underwear Jersey|1017 Under-, Nightwear|286 Underwear bottom|Underwear|1499|8|33|-
F|26 Men Underwear|5999 Socks Wall|1021 Socks and Tights|302 Socks|Socks & Tights|399|8|33|-
F|56 Denim Men|5672 Denim trousers|1016 Trousers Denim|272 Trousers|Garment Lower body|2999|11|34|-
F|20 Contemporary Smart|5878 Knitwear|1003 Knitwear|252 Sweater|Garment Upper body|1999|10|38|knit
F|21 Contemporary Casual|5767 Shirt|1011 Shirts|259 Shirt|Garment Upper body|1999|12|35|-
F|55 Contemporary Street|5882 Jersey Fancy|1005 Jersey Fancy|308 Hoodie|Garment Upper body|2499|8|26|knit
G|44 Baby Essentials & Complements|6564 Newborn|1005 Jersey Fancy|270 Garment Set|Garment Full body|1499|12|33|-
H|76 Kids Girl|7613 Kids Girl Dresses|1014 Dresses/Skirts girls|265 Dress|Garment Full body|1499|12|37|dress
H|46 Kids Boy|7648 Kids Boy Jersey Fancy|1005 Jersey Fancy|255 T-shirt|Garment Upper body|599|10|37|-
I|47 Young Boy|8956 Young Boy Denim|1016 Trousers Denim|272 Trousers|Garment Lower body|1999|8|42|-
J|42 Kids & Baby Shoes|4211 Kids Boy Shoes|1020 Shoes|94 Sneakers|Shoes|1999|7|37|-
"""
SEASONS = {
    "-": (0.0, 0),
    "coat": (1.5, 295),
    "knit": (0.8, 310),
    "dress": (0.6, 160),
    "sun": (1.2, 175),
    "swim": (2.2, 165),
}

# colour group | perceived value | perceived master | weight
COLOURS = """
9 Black|4 Dark|5 Black|300
10 White|3 Light|9 White|110
73 Dark Blue|4 Dark|2 Blue|80
12 Light Beige|1 Dusty Light|11 Beige|55
11 Off White|1 Dusty Light|9 White|48
51 Light Pink|1 Dusty Light|4 Pink|48
7 Grey|2 Medium Dusty|12 Grey|40
13 Beige|2 Medium Dusty|11 Beige|40
72 Blue|2 Medium Dusty|2 Blue|40
8 Dark Grey|4 Dark|12 Grey|36
71 Light Blue|1 Dusty Light|2 Blue|34
42 Red|5 Bright|18 Red|28
6 Light Grey|1 Dusty Light|12 Grey|26
52 Pink|2 Medium Dusty|4 Pink|20
19 Greenish Khaki|4 Dark|20 Khaki green|20
93 Dark Green|4 Dark|19 Green|18
31 Light Orange|1 Dusty Light|3 Orange|16
43 Dark Red|4 Dark|18 Red|16
17 Yellowish Brown|2 Medium Dusty|13 Brown|14
22 Yellow|5 Bright|8 Yellow|12
5 Gold|5 Bright|15 Metal|10
"""
SHADES = [line.split("|") for line in COLOURS.strip().splitlines()]
GRAPHICS = (
    ("1010016", "Solid", 60),
    ("1010001", "All over pattern", 16),
    ("1010010", "Melange", 8),
    ("1010017", "Stripe", 7),
    ("1010014", "Placement print", 5),
    ("1010004", "Check", 4),
)
NAMES = """
Alma Bea Cleo Dolly Edda Fia Greta Hedda Ines Jolly Kim Lotta Maja Nora Olga Pia Queen Ronja Saga Tilda
Ulla Vera Wilma Yrsa Zoe Axel Boris Curt Dante Elton Frank Gus Hugo Ivar Jack Karl Luca Milo Nils Otis
Paris Rome Oslo Siena
""".split()
FABRICS = (
    "soft jersey",
    "a fine knit",
    "airy woven fabric",
    "cotton twill",
    "crinkled viscose",
    "a soft rib knit",
)
DETAILS = (
    *("a round neckline", "long sleeves", "short sleeves", "an elasticated waist", "concealed buttons"),
    *("narrow straps", "side pockets", "a slit at the back", "a decorative seam", "a tie belt"),
)
ARTICLE_COLUMNS = """
article_id product_code prod_name product_type_no product_type_name product_group_name
graphical_appearance_no graphical_appearance_name colour_group_code colour_group_name
perceived_colour_value_id perceived_colour_value_name perceived_colour_master_id
perceived_colour_master_name department_no department_name index_code index_name index_group_no
index_group_name section_no section_name garment_group_no garment_group_name detail_desc
""".split()
CUSTOMER_COLUMNS = """
customer_id FN Active club_member_status fashion_news_frequency age postal_code
""".split()
TRANSACTION_COLUMNS = """
t_dat customer_id article_id price sales_channel_id
""".split()


@dataclass(frozen=True)
class Ranges:
    """The rows of RANGES: a department's articles of one product type, with who buys them and when."""

    labels: list[list[str]]
    cents: Ints
    weight: Floats
    age: Floats
    swing: Floats
    peak: Floats
    basic: NDArray[np.bool_]
    index: NDArray[np.str_]

    def season(self, of: Ints, day: Floats | int) -> Floats:
        """Log of how well the ranges `of` sell on a day, against their mean of a year."""
        in_year = day + FIRST_DAY.timetuple().tm_yday
        return self.swing[of] * np.cos(2 * np.pi * (in_year - self.peak[of]) / YEAR)


@dataclass(frozen=True)
class Articles:
    """One row an article, ordered by article_id; a product's colours are neighbours."""

    ids: Ints
    product: Ints
    range: Ints
    colour: Ints
    graphic: Ints
    launch: Floats  # day, counted from FIRST_DAY
    life: Floats  # days
    appeal: Floats  # log of popularity
    style: Floats
    cents: Ints
    relative: Floats  # log of the price against its range's
    cut: Floats  # what is left of the price late in life
    first: Ints  # first article of the product
    colours: Ints  # how many articles the product has
    partners: Ints  # products that go with this one


@dataclass(frozen=True)
class Customers:
    """One row a customer, ordered by customer_id."""

    ids: list[str]
    age: Ints
    age_known: NDArray[np.bool_]
    news: NDArray[np.bool_]
    taste: Floats  # lasting: ranges, then colours, then styles, then price band
    online: Floats


def read_ranges() -> Ranges:
    """Parse RANGES."""
    rows = [line.split("|") for line in RANGES.strip().splitlines()]
    swing, peak = np.array([SEASONS[row[9]] for row in rows]).T
    return Ranges(
        labels=rows,
        cents=np.array([int(row[6]) for row in rows]),
        weight=np.array([float(row[7]) for row in rows]),
        age=np.array([float(row[8]) for row in rows]),
        swing=swing,
        peak=peak,
        basic=np.array([row[3].split()[0] in {"1002", "1017", "1021"} for row in rows]),
        index=np.array([row[0] for row in rows]),
    )


def draw(rng: np.random.Generator, weights: Floats, size: int) -> Ints:
    """Draw numbers of rows by their weights."""
    return rng.choice(len(weights), size=size, p=weights / weights.sum())


def make_articles(rng: np.random.Generator, ranges: Ranges, size: int) -> Articles:
    """Draw products, each with launch, life and price, and their colours."""
    colours = np.minimum(rng.geometric(0.46, size), 8)
    colours = colours[: int(np.searchsorted(np.cumsum(colours), size)) + 1]
    products = len(colours)
    of = draw(rng, ranges.weight**0.8, products)
    evergreen = rng.random(products) < np.where(ranges.basic[of], 0.2, 0.03)
    life = np.where(evergreen, rng.uniform(400, 1_500, products), 7 * np.exp(rng.normal(np.log(22), 0.6, products)))
    starts = rng.uniform(-life, DAYS - 10, (6, products))
    season = ranges.season(of, starts + 0.3 * life)
    launch = np.take_along_axis(starts, np.argmax(season + rng.gumbel(size=season.shape), axis=0)[None], axis=0)[0]
    order = np.argsort(launch, kind="stable")
    colours, of, evergreen = colours[order], of[order], evergreen[order]
    life, launch = life[order], launch[order]
    codes = 560_000 + np.cumsum(rng.integers(1, 2 * 380_000 // products, products))

    product = np.repeat(np.arange(products), colours)
    shades = np.array([float(row[3]) for row in SHADES])
    keys = np.log(shades) + rng.gumbel(size=(products, len(shades)))
    first = np.cumsum(colours) - colours
    nth = np.arange(len(product)) - first[product]
    colour = np.argsort(-keys, axis=1)[product, nth]
    late = np.where((nth > 0) & (rng.random(len(product)) < 0.3), rng.uniform(14, 90, len(product)), 0)
    style = 0.8 * rng.normal(size=(products, STYLES))[product] + 0.6 * rng.normal(size=(len(product), STYLES))
    ladder = ranges.cents[of] * np.exp(rng.normal(0, 0.22, products))
    cents = np.clip(np.round(ladder / 500) * 500 - 1, 199, MOST_CENTS - 1_000).astype(np.int64)
    small = ranges.cents[of] < 1_000
    cents[small] = np.clip(np.round(ladder[small] / 100) * 100 - 1, 199, None)
    appeal = rng.normal(0, APPEAL, products)[product] + rng.normal(0, APPEAL, len(product))
    return Articles(
        ids=codes[product] * 1_000 + nth + 1,
        product=product,
        range=of[product],
        colour=colour,
        graphic=draw(rng, np.array([float(g[2]) for g in GRAPHICS]), products)[product],
        launch=launch[product] + late,
        life=life[product],
        appeal=appeal
        + 0.1 * evergreen[product]
        + 0.3 * np.log(shades[colour])
        + 0.2 * np.log(ranges.weight[of][product]),
        style=style / np.sqrt(STYLES),
        cents=cents[product],
        relative=np.log(cents / ranges.cents[of])[product],
        cut=np.where(rng.random(products) < 0.6, rng.choice([0.5, 0.6, 0.7, 0.8], products), 1.0)[product],
        first=first,
        colours=colours,
        partners=find_partners(rng, ranges, of, launch),
    )


def find_partners(rng: np.random.Generator, ranges: Ranges, of: Ints, launch: Floats) -> Ints:
    """For each product three others of its index and about its launch, of another product type: sold together."""
    index, kind = ranges.index[of], np.array([row[4] for row in ranges.labels])[of]
    partners = np.empty((len(of), 3), dtype=np.int64)
    for code in np.unique(index):
        rows = np.flatnonzero(index == code)
        distance = np.abs(launch[rows, None] - launch[rows]) / 30 + rng.exponential(size=(len(rows), len(rows)))
        distance += np.where(kind[rows, None] == kind[rows], 5, 0)
        np.fill_diagonal(distance, np.inf)
        nearest = np.argsort(distance, axis=1)[:, :3]
        partners[rows] = rows[nearest[:, np.arange(3) % nearest.shape[1]]]
    return partners


def make_customers(rng: np.random.Generator, ranges: Ranges, size: int) -> Customers:
    """Draw customers: age in two humps, whom they buy for, and their lasting tastes."""
    hump = rng.random(size)
    young, old = rng.gamma(3, 1.9, size) + 18.2, rng.normal(52, 6.5, size)
    age = np.where(hump < 0.50, young, np.where(hump < 0.64, rng.uniform(30, 45, size), old))
    age = np.clip(age, 16, 99).astype(np.int64)
    news = rng.random(size) < 0.347

    men = rng.choice([-1.5, 1.5, 3.0], size, p=[0.80, 0.13, 0.07])
    women = np.where(men > 2, -2.5, 0.0)
    parent = np.where(rng.random(size) < np.where((age > 27) & (age < 48), 0.35, 0.06), 1.5, -2.5)
    child = np.isin(ranges.index, list("GHIJ"))
    for_men = np.where(ranges.index == "F", men[:, None], women[:, None])
    whom = np.where(child, parent[:, None], for_men)
    fits = -0.5 * ((age[:, None] - ranges.age) / np.where(child, 20, 13)) ** 2
    spread = taste_spread(ranges)
    taste = rng.normal(size=(size, len(spread))) * spread
    taste[:, : len(ranges.age)] += whom + fits
    return Customers(
        ids=sorted(rng.bytes(32).hex() for _ in range(size)),
        age=age,
        age_known=rng.random(size) > 0.012,
        news=news,
        taste=taste,
        online=rng.beta(1.7, 0.8, size),
    )


def taste_spread(ranges: Ranges) -> Floats:
    """Standard deviations of tastes between customers: ranges, colours, styles, price band."""
    return np.repeat([1.0, 0.6, 1.0, 0.35], [len(ranges.age), len(SHADES), STYLES, 1])


def make_visits(rng: np.random.Generator, buyers: Ints, visits: float) -> Ints:
    """Draw who shops when.

    Customers have rates of their own, join, leave, and fall asleep and awake over months; some visits are
    followed by another within days.

    Returns:
        One row per (day, customer), ordered: day from 0, customer.
    """
    size = len(buyers)
    wake = np.empty((size, WEEKS))
    wake[:, 0] = rng.normal(size=size)
    for week in range(1, WEEKS):
        wake[:, week] = 0.95 * wake[:, week - 1] + np.sqrt(1 - 0.95**2) * rng.normal(size=size)
    joins = np.where(rng.random(size) < 0.45, 0, rng.integers(0, WEEKS, size))
    leaves = joins + rng.exponential(STAY, size)
    here = (np.arange(WEEKS) >= joins[:, None]) & (np.arange(WEEKS) <= leaves[:, None])
    rate = np.exp(rng.normal(0, RATE_SPREAD, size)[:, None] + WAKE * wake) * week_demand() * here
    rate *= visits / (1 + FOLLOW_UP) / rate.sum()
    counts = rng.poisson(rate)
    never = np.flatnonzero(counts.sum(axis=1) == 0)
    counts[never, np.clip(joins[never], 1, WEEKS - 2)] = 1
    who, its_week = np.divmod(np.repeat(np.arange(size * WEEKS), counts.ravel()), WEEKS)
    weekdays = np.array([0.150, 0.151, 0.151, 0.162, 0.129, 0.126, 0.131])  # from Wednesday
    day = 7 * its_week - 1 + draw(rng, weekdays, len(its_week))
    again = rng.random(len(day)) < FOLLOW_UP
    who, day = np.append(who, who[again]), np.append(day, day[again] + rng.geometric(0.18, int(again.sum())))
    inside = (day >= 0) & (day < DAYS)
    keys = np.unique(day[inside] * size + who[inside])
    return np.column_stack([keys // size, buyers[keys % size]])


def week_demand() -> Floats:
    """How busy each week is: summer, sales, the spring of 2020."""
    starts = [FIRST_DAY + timedelta(7 * week - 1) for week in range(WEEKS)]
    demand = np.array([1 + 0.12 * np.cos(2 * np.pi * (day.timetuple().tm_yday - 165) / YEAR) for day in starts])
    for first, last, factor in DEMAND:
        demand[[first <= day.isoformat() <= last for day in starts]] *= factor
    return demand


def live_appeal(articles: Articles, ranges: Ranges, day: int) -> Floats:
    """Log weight of each article's launch, age and season on a day; -inf out of its life."""
    age = (day - articles.launch) / articles.life
    rise = np.log1p(-np.exp(-np.maximum(day - articles.launch + 4, 0.1) / 10))
    fall = -FALL * np.clip(age, 0, 1) ** 1.5 + np.where((age > LATE) & (articles.cut < 1), 0.8, 0)
    return np.where((age >= 0) & (age < 1), rise + fall + ranges.season(articles.range, day), -np.inf)


def other_of_product(rng: np.random.Generator, articles: Articles, product: Ints) -> Ints:
    """An article of each product."""
    return articles.first[product] + (rng.random(len(product)) * articles.colours[product]).astype(np.int64)


def go_along(rng: np.random.Generator, articles: Articles, article: Ints, stay: float) -> Ints:
    """The article itself (probability `stay`), or another colour of it, or an article that goes with it."""
    product = articles.product[article]
    colour = other_of_product(rng, articles, product)
    partner = other_of_product(rng, articles, articles.partners[product, rng.integers(0, 3, len(article))])
    move = rng.random(len(article))
    return np.where(move < stay, article, np.where(move < stay + (1 - stay) * 0.4, colour, partner))


def keep_alive(article: Ints, otherwise: Ints, appeal: Floats) -> Ints:
    """The articles that are on sale, and in place of the others `otherwise`."""
    return np.where(np.isfinite(appeal[article]), article, otherwise)


class Recent:
    """What each customer bought lately: a ring of RECENT articles and their days, a row a customer."""

    def __init__(self, customers: int) -> None:
        self.article = np.full((customers, RECENT), -1, dtype=np.int64)
        self.day = np.zeros((customers, RECENT), dtype=np.int64)
        self.count = np.zeros(customers, dtype=np.int64)

    def add(self, day: int, who: Ints, article: Ints) -> None:
        """Add a day's lines, ordered by customer."""
        slot = (self.count[who] + np.arange(len(who)) - np.searchsorted(who, who)) % RECENT
        self.article[who, slot], self.day[who, slot] = article, day
        np.add.at(self.count, who, 1)


def choose_by_taste(
    rng: np.random.Generator, taste: Floats, wanted: Ints, known: Ints, appeal: Floats, articles: Articles
) -> tuple[Ints, Ints]:
    """Draw for each visit as many different articles as it wants, in proportion to exp(appeal + taste).

    What customers have (`known`) they look for less.

    Returns:
        One entry per line, ordered by visit: visit, article.
    """
    alive = np.flatnonzero(np.isfinite(appeal))
    kinds, shades = taste.shape[1] - len(SHADES) - STYLES - 1, len(SHADES)
    score = appeal[alive] + taste[:, articles.range[alive]] + taste[:, kinds + articles.colour[alive]]
    features = np.column_stack([STYLE * articles.style, 3.0 * articles.relative])[alive]
    score += np.einsum("vk,ak->va", taste[:, kinds + shades :], features)
    visit, slot = np.nonzero((known >= 0) & np.isfinite(appeal[known]))
    score[visit, np.searchsorted(alive, known[visit, slot])] -= SATED
    score -= np.log(rng.standard_exponential(score.shape))
    most = min(int(wanted.max()), len(alive))
    ranked = np.argsort(-score, axis=1)[:, :most]
    visit, nth = np.nonzero(np.arange(most) < wanted[:, None])
    return visit, alive[ranked[visit, nth]]


def choose_returns(
    rng: np.random.Generator, day: int, who: Ints, recent: Recent, articles: Articles, ranges: Ranges
) -> tuple[Ints, Ints]:
    """Draw what visits come back to: an article bought lately, another colour of it, what goes with it.

    Returns:
        One entry per return: visit, article bought then.
    """
    known, days = recent.article[who], np.maximum(day - recent.day[who], 1)
    basic = np.where(ranges.basic[articles.range[known]], 1.6, 0.8)
    much = np.maximum((known >= 0).sum(axis=1, keepdims=True), 1)
    chance = RETURN * basic * days**-RETURN_FADE / np.sqrt(much)
    visit, slot = np.nonzero((rng.random(known.shape) < chance) & (known >= 0))
    return visit, known[visit, slot]


def make_lines(
    rng: np.random.Generator, visits: Ints, customers: Customers, articles: Articles, ranges: Ranges
) -> Ints:
    """Draw what each visit buys.

    Returns:
        One row per (day, customer, article), so ordered: day, customer, article.
    """
    mood = np.zeros_like(customers.taste)
    spread = MOOD * taste_spread(ranges)
    recent = Recent(len(customers.ids))
    zeal = rng.normal(0, 0.35, len(customers.ids))
    bounds = np.searchsorted(visits[:, 0], np.arange(DAYS + 1))
    days = []
    for day in range(DAYS):
        if day % 7 == 0:
            mood = DRIFT * mood + np.sqrt(1 - DRIFT**2) * spread * rng.normal(size=mood.shape)
        who = visits[bounds[day] : bounds[day + 1], 1]
        if not len(who):
            continue
        appeal = articles.appeal - 1.5 * articles.relative**2 + live_appeal(articles, ranges, day)
        wanted = np.clip(np.exp(rng.normal(LINES + zeal[who], 0.85)), 1, 30).astype(np.int64)
        taste = customers.taste[who] + mood[who]
        visit, article = choose_by_taste(rng, taste, wanted, recent.article[who], appeal, articles)

        start = np.searchsorted(visit, np.arange(len(who)))
        follows = (rng.random(len(visit)) < FOLLOWS) & (start[visit] < np.arange(len(visit)))
        along = keep_alive(go_along(rng, articles, article[start[visit]], 0.0), article, appeal)
        article = np.where(follows, along, article)

        back, source = choose_returns(rng, day, who, recent, articles, ranges)
        again = keep_alive(go_along(rng, articles, source, SAME), source, appeal)
        lives = np.isfinite(appeal[again])
        # A return takes the place of one of the visit's other lines.
        article[(start[back] + rng.integers(0, wanted[back]))[lives]] = again[lives]

        visit, article = np.divmod(np.unique(visit * len(articles.ids) + article), len(articles.ids))
        recent.add(day, who[visit], article)
        days.append(np.column_stack([np.full(len(visit), day), who[visit], article]))
    return np.concatenate(days)


def price_lines(rng: np.random.Generator, lines: Ints, articles: Articles) -> Ints:
    """Prices in cents: cut late in life, and for some visits a member's tenth off."""
    day, _, article = lines.T
    late = (day - articles.launch[article]) / articles.life[article] > LATE
    cut = np.where(late, articles.cut[article], 1.0)
    cents = np.where(cut < 1, np.floor(articles.cents[article] * cut / 50) * 50 + 49, articles.cents[article])
    visits, visit = np.unique(lines[:, :2], axis=0, return_inverse=True)
    member = (rng.random(len(visits)) < 0.12)[visit.ravel()]
    paid: Ints = np.floor(cents * np.where(member, 0.9, 1.0)).astype(np.int64)
    return paid


def line_channels(rng: np.random.Generator, lines: Ints, customers: Customers) -> Ints:
    """The channel of each line's visit: 1 store, 2 online, where most went while the stores were shut."""
    visits, visit = np.unique(lines[:, :2], axis=0, return_inverse=True)
    day, who = visits.T
    shut = (day >= SHUT[0]) & (day < SHUT[1])
    online = rng.random(len(visits)) < np.where(shut, 0.85 + 0.15 * customers.online[who], customers.online[who])
    channel: Ints = np.where(online, 2, 1)[visit.ravel()]
    return channel


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a gzip'd CSV file whose bytes depend on nothing but its rows."""
    with path.open("wb") as file, gzip.GzipFile("", "wb", compresslevel=9, fileobj=file, mtime=0) as zipped:
        text = io.TextIOWrapper(zipped, encoding="utf-8", newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
        text.flush()
        text.detach()


def describe(rng: np.random.Generator, noun: str) -> str:
    """Say what a product looks like, now and then with quotes, line breaks or nothing at all."""
    fabric, details = FABRICS[rng.integers(len(FABRICS))], rng.permutation(len(DETAILS))[:3]
    first, second, third = (DETAILS[n] for n in details)
    text = f"{noun} in {fabric} with {first}, {second} and {third}."
    kind = rng.random()
    if kind < 0.004:
        return ""
    if kind < 0.02:
        return f'{text} A "Made to last" label at the side.'
    return f"{text}\nLined." if kind < 0.03 else text


def article_rows(rng: np.random.Generator, articles: Articles, ranges: Ranges) -> Iterable[list[str]]:
    """The rows of articles.csv."""
    product, name, text = -1, "", ""
    for n, article in enumerate(articles.ids):
        index, section, department, garment, kind, group = ranges.labels[articles.range[n]][:6]
        type_no, type_name = kind.split(" ", 1)
        if articles.product[n] != product:
            product = articles.product[n]
            suffix = ("", "", "", " (1)", " TVP", " LS")[rng.integers(6)]
            name = f"{NAMES[rng.integers(len(NAMES))]} {type_name.split('/')[0].lower()}{suffix}"
            text = describe(rng, type_name)
        index_name, group_no, group_name = INDEXES[index]
        graphic_no, graphic_name, _ = GRAPHICS[articles.graphic[n]]
        colour, value, master, _ = SHADES[articles.colour[n]]
        code = f"{article:010d}"
        yield [
            *(code, code[:7], name, type_no, type_name, group, graphic_no, graphic_name),
            *(*colour.split(" ", 1), *value.split(" ", 1), *master.split(" ", 1), *department.split(" ", 1)),
            *(
                index,
                index_name,
                str(group_no),
                group_name,
                *section.split(" ", 1),
                *garment.split(" ", 1),
                text,
            ),
        ]


def customer_rows(rng: np.random.Generator, customers: Customers) -> Iterable[list[str]]:
    """The rows of customers.csv; as in the real file many share the first postal code."""
    size = len(customers.ids)
    codes = [rng.bytes(32).hex() for _ in range(max(2, size // 5))]
    postal = draw(rng, np.append(0.09 * len(codes), rng.exponential(size=len(codes) - 1)), size)
    club = rng.choice(["ACTIVE", "PRE-CREATE", "", "LEFT CLUB"], size, p=[0.9295, 0.0660, 0.0041, 0.0004])
    active = customers.news & (rng.random(size) < 0.974)
    monthly = rng.random(size) < 0.001
    for n, customer in enumerate(customers.ids):
        news = ("Monthly" if monthly[n] else "Regularly") if customers.news[n] else "NONE"
        age = str(customers.age[n]) if customers.age_known[n] else ""
        flags = ["1.0" if customers.news[n] else "", "1.0" if active[n] else ""]
        yield [customer, *flags, str(club[n]), news, age, codes[postal[n]]]


def transaction_rows(
    rng: np.random.Generator, lines: Ints, customers: Customers, articles: Articles
) -> Iterable[tuple[str, str, str, str, str]]:
    """The rows of transactions_train.csv: an article bought twice is two rows."""
    dates = [(FIRST_DAY + timedelta(day)).isoformat() for day in range(DAYS)]
    cents, channel = price_lines(rng, lines, articles), line_channels(rng, lines, customers)
    for n in np.repeat(np.arange(len(lines)), np.minimum(rng.geometric(0.9, len(lines)), 6)):
        day, who, article = lines[n]
        code, price = f"{articles.ids[article]:010d}", f"{cents[n] / PRICE_UNIT:.15g}"
        yield dates[day], customers.ids[who], code, price, str(channel[n])


def main() -> None:
    """Make the four files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output-dir", type=Path, default=Path("data/01_raw/demo"))
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--transactions", type=int, default=230_000, help="about so many")
    parser.add_argument("--seed", type=int, default=20180920)
    args = parser.parse_args()

    rng = np.random.default_rng(args.seed)
    ranges = read_ranges()
    articles = make_articles(rng, ranges, round(ARTICLES * args.customers**0.5))
    customers = make_customers(rng, ranges, args.customers)
    buyers = np.sort(rng.permutation(args.customers)[: round(args.customers * (1 - NEVER_BUY))])
    visits = make_visits(rng, buyers, args.transactions / LINES_A_VISIT)
    lines = make_lines(rng, visits, customers, articles, ranges)

    out: Path = args.output_dir
    out.mkdir(parents=True, exist_ok=True)
    write_csv(out / "articles.csv.gz", ARTICLE_COLUMNS, article_rows(rng, articles, ranges))
    write_csv(out / "customers.csv.gz", CUSTOMER_COLUMNS, customer_rows(rng, customers))
    rows = transaction_rows(rng, lines, customers, articles)
    write_csv(out / "transactions_train.csv.gz", TRANSACTION_COLUMNS, rows)
    latest = np.bincount(lines[lines[:, 0] >= DAYS - 7, 2], minlength=len(articles.ids))
    twelve = " ".join(f"{articles.ids[n]:010d}" for n in np.argsort(-latest, kind="stable")[:12])
    write_csv(out / "sample_submission.csv.gz", ["customer_id", "prediction"], ([c, twelve] for c in customers.ids))


if __name__ == "__main__":
    main()
