"""The rows of Kaggle's files as text, made as matrices of bytes: a row per line, whose padding is dropped."""

from __future__ import annotations

import csv
import io
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hm_kedro.pipelines.synthetic_data.articles import MOST_CENTS, Assortment, Floats, Ints, draw
from hm_kedro.pipelines.synthetic_data.assortment import (
    DETAILS,
    FABRICS,
    INDEXES,
    NAMES,
    SMALL_DETAILS,
    SMALL_MATERIALS,
    read_colours,
    read_graphics,
    read_ranges,
)
from hm_kedro.pipelines.synthetic_data.calendar import iso_dates
from hm_kedro.pipelines.synthetic_data.customers import TEXTS, Customers, block_bounds, customer_ids, hex_digits
from hm_kedro.pipelines.synthetic_data.purchases import shop_of
from hm_kedro.schemas import RAW

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from hm_kedro.parameters import SyntheticParameters

Texts = NDArray[np.bytes_]


def header(table: str) -> bytes:
    """The first line of one of Kaggle's files."""
    return (",".join(column.name for column in RAW[table].columns) + "\n").encode()


def lines_of(columns: Sequence[Texts]) -> bytes:
    r"""Join columns of text by commas; no text may hold a comma, a quote, a line end or a NUL.

    >>> lines_of([np.array([b"a", b""]), np.array([b"1", b"22"])])
    b'a,1\n,22\n'
    """
    rows = len(columns[0])
    widths = [column.dtype.itemsize for column in columns]
    matrix = np.empty((rows, sum(widths) + len(columns)), dtype=np.uint8)
    start = 0
    for column, width in zip(columns, widths, strict=True):
        matrix[:, start : start + width] = np.ascontiguousarray(column).view(np.uint8).reshape(rows, width)
        matrix[:, start + width] = ord(",")
        start += width + 1
    matrix[:, -1] = ord("\n")
    flat = matrix.ravel()
    text: bytes = flat[flat != 0].tobytes()
    return text


def texts(values: Sequence[str]) -> Texts:
    """A lookup table of texts."""
    return np.array([value.encode() for value in values])


@lru_cache(maxsize=1)
def prices() -> Texts:
    """The text of each price in cents: a multiple of 1/59000 with 16 decimals, cut off as in Kaggle's file.

    >>> prices()[2999].item()
    b'0.0508305084745762'
    """
    return texts([f"0.{cents * 10**16 // 59_000:016d}".rstrip("0") for cents in range(MOST_CENTS + 1)])


@lru_cache(maxsize=1)
def all_customer_ids(seed: int, customers: int) -> Texts:
    """The ids of all customers, once a process."""
    ids = np.empty(customers, dtype="S64")
    for begin, end in pairwise(block_bounds(customers)):
        ids[begin:end] = customer_ids(seed, int(begin), int(end), customers)
    return ids


@lru_cache(maxsize=1)
def article_ids(scale: float, params: SyntheticParameters) -> Texts:
    """The ids of all articles, ten digits, once a process."""
    return texts([f"{article:010d}" for article in shop_of(scale, params).assortment.ids.tolist()])


def transaction_lines(lines: pa.Table, customers: Texts, articles: Texts) -> bytes:
    """The lines of transactions_train.csv, in the order of `lines`."""
    column = {name: lines.column(name).to_numpy() for name in ("day", "customer", "article", "cents", "channel")}
    return lines_of(
        [
            texts(iso_dates())[column["day"]],
            customers[column["customer"]],
            articles[column["article"]],
            prices()[column["cents"]],
            texts(["", "1", "2"])[column["channel"]],
        ]
    )


def customer_lines(seed: int, block: int, customers: Customers, ids: Texts, everyone: int) -> bytes:
    """The lines of customers.csv of a block of `everyone`.

    As in the real file there is a postal code for every four customers, and one in eleven shares the same.
    """
    rng = np.random.default_rng([seed, TEXTS, block, 1])
    size = len(ids)
    postal = (everyone / 4 * rng.random(size) ** 1.5).astype(np.int64)
    postal[rng.random(size) < 0.088] = 0
    club = draw(rng, np.array([0.9295, 0.0660, 0.0041, 0.0004]), size)
    active = customers.news & (rng.random(size) < 0.974)
    news = np.where(customers.news, 1 + (rng.random(size) < 0.001), 0)
    age = np.where(customers.age_known, customers.age, 0)
    return lines_of(
        [
            ids,
            texts(["", "1.0"])[customers.news.astype(np.int64)],
            texts(["", "1.0"])[active.astype(np.int64)],
            texts(["ACTIVE", "PRE-CREATE", "", "LEFT CLUB"])[club],
            texts(["NONE", "Regularly", "Monthly"])[news],
            texts(["", *map(str, range(1, 100))])[age],
            postal_codes(seed, postal),
        ]
    )


def postal_codes(seed: int, number: Ints) -> Texts:
    """The postal codes of some numbers, 64 hex digits each, without a table of all.

    Counters go through the mixing function of SplitMix64 (Steele, Lea, Flood 2014,
    https://doi.org/10.1145/2714064.2660195).
    """
    state = (4 * number[:, None] + np.arange(4) + 1).astype(np.uint64) + np.uint64((seed << 40) % 2**64)
    with np.errstate(over="ignore"):
        state *= np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    state ^= state >> np.uint64(31)
    return hex_digits(state)


def submission_lines(ids: Texts, twelve: Texts) -> bytes:
    """The lines of sample_submission.csv: the same twelve for everyone."""
    return lines_of([ids, np.broadcast_to(np.array(b" ".join(twelve.tolist())), len(ids))])


def article_lines(seed: int, assortment: Assortment) -> bytes:
    """The lines of articles.csv."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n").writerows(article_rows(seed, assortment))
    return buffer.getvalue().encode()


def article_rows(seed: int, assortment: Assortment) -> Iterator[list[str]]:
    """The rows of articles.csv, in the order of `hm_kedro.schemas.RAW`."""
    rng = np.random.default_rng([seed, TEXTS])
    names, descriptions = describe_products(rng, assortment)
    columns = [column.name for column in RAW["articles"].columns]
    ranges, colours, graphics = read_ranges().labels, read_colours().labels, read_graphics().labels
    range_of = assortment.niches.range[assortment.niche]
    of_article = zip(assortment.ids, assortment.product, range_of, assortment.colour, assortment.graphic, strict=True)
    for article, product, of, colour, graphic in of_article:
        row = ranges[of] | colours[colour] | graphics[graphic]
        index_name, group_no, group_name = INDEXES[row["index_code"]]
        row |= {"index_name": index_name, "index_group_no": group_no, "index_group_name": group_name}
        row |= {"article_id": f"{article:010d}", "product_code": f"{article:010d}"[:7]}
        row |= {"prod_name": names[product], "detail_desc": descriptions[product]}
        yield [row[column] for column in columns]


def describe_products(rng: np.random.Generator, assortment: Assortment) -> tuple[list[str], list[str]]:
    """Name each product and say what it looks like, now and then with quotes, line ends or nothing at all."""
    products = len(assortment.first)
    of = assortment.niches.range[assortment.niche[assortment.first]]
    kinds, small = read_ranges().kind[of], read_ranges().small[of]
    name, suffix = rng.integers(len(NAMES), size=products), rng.integers(6, size=products)
    material, manner = rng.random(products), rng.random(products)
    details = np.argsort(rng.random((products, len(DETAILS))), axis=1)
    suffixes = ("", "", "", " (1)", " TVP", " LS")
    names = [
        f"{NAMES[n]} {kind.split('/')[0].lower()}{suffixes[s]}" for n, kind, s in zip(name, kinds, suffix, strict=True)
    ]
    descriptions = [
        _description(*of_product) for of_product in zip(kinds, small, material, details, manner, strict=True)
    ]
    return names, descriptions


def _description(kind: str, small: np.bool_, material: float, order: Ints, manner: float) -> str:
    materials, details = (SMALL_MATERIALS, SMALL_DETAILS) if small else (FABRICS, DETAILS)
    first, second, third = [details[number] for number in order if number < len(details)][:3]
    text = f"{kind} in {materials[int(material * len(materials))]} with {first}, {second} and {third}."
    if manner < 0.004:  # as in the real file
        return ""
    if manner < 0.02:
        return f'{text} A "Made to last" label at the side.'
    return f"{text}\nLined." if manner < 0.03 else text


def bestsellers(sales: Ints | Floats, count: int = 12) -> Ints:
    """The articles sold most, ties by article."""
    return np.lexsort((np.arange(len(sales)), -sales))[:count]
