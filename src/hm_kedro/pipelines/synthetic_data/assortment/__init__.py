"""What the shop of the synthetic data sells: the tables of H&M's hierarchy, colours and appearances, and words.

`ranges.csv` has a row for a department's articles of one product type. The names and numbers are those of
H&M's catalogue; `articles` and `sales` say how many of 10,000 articles and purchases are of the row, `cents`
what an article costs, `age` how old its buyers are on the mean, `season` which of `SEASONS` it follows.
`colours.csv` and `graphics.csv` are tables of the same kind. All figures are rounded statistics.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

# index code: index name, index group number, index group name
INDEXES = MappingProxyType(
    {
        "A": ("Ladieswear", "1", "Ladieswear"),
        "B": ("Lingeries/Tights", "1", "Ladieswear"),
        "C": ("Ladies Accessories", "1", "Ladieswear"),
        "D": ("Divided", "2", "Divided"),
        "F": ("Menswear", "3", "Menswear"),
        "G": ("Baby Sizes 50-98", "4", "Baby/Children"),
        "H": ("Children Sizes 92-140", "4", "Baby/Children"),
        "I": ("Children Sizes 134-170", "4", "Baby/Children"),
        "J": ("Children Accessories, Swimwear", "4", "Baby/Children"),
        "S": ("Sport", "26", "Sport"),
    }
)
# season: how much more sells at its height than on the mean of a year (log), and the day of the year of it
SEASONS = MappingProxyType(
    {
        "even": (0.0, 0),
        "coat": (0.9, 295),
        "knit": (0.8, 310),
        "dress": (0.6, 160),
        "sun": (1.0, 175),
        "swim": (1.9, 165),
    }
)
NAMES = (
    *("Alma", "Bea", "Cleo", "Dolly", "Edda", "Fia", "Greta", "Hedda", "Ines", "Jolly", "Kim", "Lotta"),
    *("Maja", "Nora", "Olga", "Pia", "Queen", "Ronja", "Saga", "Tilda", "Ulla", "Vera", "Wilma", "Yrsa"),
    *("Zoe", "Axel", "Boris", "Curt", "Dante", "Elton", "Frank", "Gus", "Hugo", "Ivar", "Jack", "Karl"),
    *("Luca", "Milo", "Nils", "Otis", "Paris", "Rome", "Oslo", "Siena", "Timo", "Viggo", "Walt", "Fern"),
    *("Rue", "Basil", "Clove", "Juno", "Mars", "Luna", "Comet", "Nova"),
)
FABRICS = (
    "soft jersey",
    "a fine knit",
    "airy woven fabric",
    "cotton twill",
    "crinkled viscose",
    "a soft rib knit",
    "washed denim",
    "a linen blend",
)
DETAILS = (
    *("a round neckline", "long sleeves", "short sleeves", "an elasticated waist", "concealed buttons"),
    *("narrow straps", "side pockets", "a slit at the back", "a decorative seam", "a tie belt"),
    *("a small collar", "dropped shoulders", "a zip at the side", "a lining of recycled polyester"),
)
# The same for what is not worn on the body.
SMALL_MATERIALS = ("imitation leather", "metal", "cotton", "a wool blend", "recycled polyester", "imitation suede")
SMALL_DETAILS = (
    *("a metal fastening", "an inner pocket", "a slim strap", "a matt finish", "contrasting seams"),
    *("an adjustable fit", "a print on the front", "tonal details", "a soft lining", "rounded edges"),
)


@dataclass(frozen=True)
class Ranges:
    """The rows of `ranges.csv` as columns."""

    labels: list[dict[str, str]]
    cents: NDArray[np.float64]
    articles: NDArray[np.float64]
    sales: NDArray[np.float64]
    age: NDArray[np.float64]
    basic: NDArray[np.bool_]
    index: NDArray[np.str_]
    kind: NDArray[np.str_]  # product type
    small: NDArray[np.bool_]  # an accessory or a shoe
    swing: NDArray[np.float64]
    peak: NDArray[np.float64]


@dataclass(frozen=True)
class Looks:
    """The rows of `colours.csv` or `graphics.csv` with their weights among articles and purchases."""

    labels: list[dict[str, str]]
    articles: NDArray[np.float64]
    sales: NDArray[np.float64]


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files(__name__).joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _numbers(rows: list[dict[str, str]], column: str) -> NDArray[np.float64]:
    return np.array([float(row[column]) for row in rows])


@cache
def read_ranges() -> Ranges:
    """Read `ranges.csv`."""
    rows = _rows("ranges.csv")
    swing, peak = np.array([SEASONS[row["season"]] for row in rows], dtype=np.float64).T
    return Ranges(
        labels=rows,
        cents=_numbers(rows, "cents"),
        articles=_numbers(rows, "articles"),
        sales=_numbers(rows, "sales"),
        age=_numbers(rows, "age"),
        basic=np.array([row["basic"] == "1" for row in rows]),
        index=np.array([row["index_code"] for row in rows]),
        kind=np.array([row["product_type_name"] for row in rows]),
        small=np.array([row["product_group_name"] in {"Accessories", "Shoes"} for row in rows]),
        swing=swing,
        peak=peak,
    )


@cache
def read_colours() -> Looks:
    """Read `colours.csv`."""
    rows = _rows("colours.csv")
    return Looks(rows, _numbers(rows, "articles"), _numbers(rows, "sales"))


@cache
def read_graphics() -> Looks:
    """Read `graphics.csv`; they sell as they are."""
    rows = _rows("graphics.csv")
    return Looks(rows, _numbers(rows, "articles"), _numbers(rows, "articles"))
