"""Who the customers are: ids, ages, whom they buy for, and what the club knows of them.

A block is a run of neighbours in the order of the ids; each has random numbers of its own, so that blocks
can be made in any order and by any number of processes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hm_kedro.pipelines.synthetic_data.articles import STYLES, Floats, Ints, draw
from hm_kedro.pipelines.synthetic_data.assortment import read_colours
from hm_kedro.pipelines.synthetic_data.shop import AGES, KINDS

H_AND_M_CUSTOMERS = 1_371_980
H_AND_M_BUYERS = 1_362_281
ID_LENGTH = 64
CUSTOMERS, VISITS, PURCHASES, TEXTS = 2, 3, 4, 5  # kinds of random numbers


@dataclass(frozen=True)
class Customers:
    """One entry per customer of a block, ordered by customer_id."""

    age: Ints
    age_known: NDArray[np.bool_]
    news: NDArray[np.bool_]
    buys: NDArray[np.bool_]
    persona: Ints  # kind of customer * bands of ages + band
    style: Floats  # (customers, STYLES)
    dear: Floats  # how dear an article they like
    fond: Floats  # (customers, colours) probability that a colour is taken at once
    online: Floats  # share of their visits
    zeal: Floats  # log of the size of their baskets, against the mean


def block_bounds(customers: int) -> Ints:
    """Cut the customers into blocks: some for each process, none too large for memory, whatever the machine.

    Returns:
        (blocks + 1,) first customer of each block, then the number of customers.
    """
    size = int(np.clip(-(-customers // 16), 4_096, 65_536))
    return np.append(np.arange(0, customers, size), customers)


def customer_ids(seed: int, first: int, last: int, customers: int) -> NDArray[np.bytes_]:
    """The ids of customers `first` to `last - 1` of so many: 64 hex digits, ascending.

    The first 16 digits count evenly up with a jitter, so that a block's ids are known without the others;
    the rest is chance.
    """
    rng = np.random.default_rng([seed, TEXTS, first])
    number = np.arange(first, last)
    step = 2**64 // customers
    head = number.astype(np.uint64) * np.uint64(step) + rng.integers(0, step, last - first, dtype=np.uint64)
    raw = np.empty((last - first, 4), dtype=np.uint64)
    raw[:, 0] = head
    raw[:, 1:] = rng.integers(0, 2**64, (last - first, 3), dtype=np.uint64)
    return hex_digits(raw)


def hex_digits(words: NDArray[np.uint64]) -> NDArray[np.bytes_]:
    """Write rows of four 64-bit words as 64 hex digits each."""
    return np.frombuffer(words.astype(">u8").tobytes().hex().encode(), dtype=f"S{ID_LENGTH}")


def draw_customers(seed: int, block: int, size: int, buyers: int) -> Customers:
    """Draw a block of customers: age in two humps, whom they buy for, and their lasting tastes."""
    rng = np.random.default_rng([seed, CUSTOMERS, block])
    hump = rng.random(size)
    young, old = rng.gamma(3, 2.4, size) + 18.2, rng.normal(53, 7, size)
    age = np.where(hump < 0.53, young, np.where(hump < 0.64, rng.uniform(30, 45, size), old))
    age = np.clip(age, 16, 99).astype(np.int64)
    shares = np.array([share for share, _ in KINDS.values()])
    parent = list(KINDS).index("parent")
    kind = draw(rng, np.where(np.arange(len(shares)) == parent, 0, shares), size)
    kind[rng.random(size) < np.where((age >= 27) & (age < 47), 0.3, 0.04)] = parent
    band = np.clip(np.searchsorted(AGES, age, side="right") - 1, 0, None)
    fond = np.exp(rng.normal(0, 0.9, (size, len(read_colours().labels))))
    buys = np.zeros(size, dtype=bool)
    buys[rng.permutation(size)[:buyers]] = True
    return Customers(
        age=age,
        age_known=rng.random(size) > 0.012,
        news=rng.random(size) < 0.347,
        buys=buys,
        persona=kind * len(AGES) + band,
        style=rng.normal(size=(size, STYLES)),
        dear=rng.normal(size=size),
        fond=fond / (fond + 1.5),
        online=rng.beta(1.4, 0.95, size),
        zeal=rng.normal(0, 0.35, size),
    )
