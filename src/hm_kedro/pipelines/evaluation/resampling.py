"""Sums over customers who are drawn again and again, without a customer leaving the engine: a Poisson bootstrap.

To draw as many customers as there are, with replacement, makes each count a binomial number of times, close to
Poisson(1). Drawn as such, each for itself, a worker needs to know of no other customer than its own (Chamandy,
Muralidharan, Najmi, Naidu 2012, "Estimating uncertainty for massive data streams"). The numbers come from a generator
that is keyed instead of seeded, by the customer (Philox; Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as
easy as 1, 2, 3"), so that whoever draws a customer's draws the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import functions as F
from scipy.special import pdtr

from hm_kedro import engine
from hm_kedro.blas import keep_to_one_thread
from hm_kedro.tables import exact

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Doubles = npt.NDArray[np.float64]
Weights = npt.NDArray[np.uint8]
Group = tuple[Any, ...]
# Poisson(1), as the count that each of 2^16 equally likely numbers stands for.
COUNTS: Weights = np.searchsorted(pdtr(np.arange(12), 1), (np.arange(1 << 16) + 0.5) / (1 << 16)).astype(np.uint8)
DRAWS_A_WORD = 4
# Bounds, in percent, of what is drawn for a 95 % interval.
INTERVAL = (2.5, 97.5)
# Customers whose weights are in memory at once: of 10,000 resamples 5 MB, and 41 MB where they are multiplied.
BLOCK = 512
# Each sends the driver sums of its own, of every group and resample.
PARTITIONS = 4


class Resampled(NamedTuple):
    """Sums of every resample.

    Attributes:
        groups: their keys, rising.
        sums: by name, groups × (1 + resamples); in the first column every customer counts once.
    """

    groups: list[Group]
    sums: dict[str, Doubles]


def resample(rows: DataFrame, keys: Sequence[str], sums: Sequence[str], resamples: int, seed: int) -> Resampled:
    """Add up columns by group, over customers who count Poisson(1) times in each resample.

    How often is drawn from the seed and the customer alone: a customer counts the same, with all rows they have, in
    every group, table and week, so that differences between groups are paired. Values are rounded as `tables.exact`
    does; sums below 2^23, weights and all, are then the same to the last bit in any order, on any engine.

    Args:
        rows: any number per (customer, group): `customer` int, the keys (strings or dates) and what is added up
            (double), nothing of it missing.
        resamples: the driver gets 8 bytes for each, by group, sum and one of PARTITIONS.
    """
    types = dict(rows.dtypes)
    of_group = F.struct(*keys, *[exact(F.col(name)).alias(name) for name in sums])
    # The drawing costs more than the adding, so a customer's rows are brought together.
    placed = rows.repartition(engine.partitions(PARTITIONS), "customer")
    gathered = placed.groupBy("customer").agg(F.collect_list(of_group).alias("rows"))
    schema = [f"{key} {types[key]}" for key in keys] + [f"{name} array<double>" for name in sums]
    partial = gathered.mapInArrow(_adder(list(keys), list(sums), resamples, seed), ", ".join(schema)).toArrow()
    groups = list(zip(*[partial[key].to_pylist() for key in keys], strict=True))
    known = sorted(set(groups))
    places = np.array([known.index(group) for group in groups], np.intp)
    totals = {}
    for name in sums:
        totals[name] = np.zeros((len(known), 1 + resamples))
        parts = partial[name].combine_chunks().flatten().to_numpy().reshape(-1, 1 + resamples)
        np.add.at(totals[name], places, parts)
    return Resampled(known, totals)


def _adder(
    keys: list[str], sums: list[str], resamples: int, seed: int
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Make the function that workers run over customers with their `rows`: one row a group of all their batches."""

    def add_up(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        keep_to_one_thread()
        totals: dict[Group, Doubles] = {}
        types: list[pa.DataType] = []
        for batch in batches:
            fields = batch.schema.field("rows").type.value_type
            types = [fields.field(key).type for key in keys]
            for start in range(0, len(batch), BLOCK):
                block = batch.slice(start, BLOCK)
                weights = draw_weights(block.column("customer").to_numpy(), resamples, seed)
                for group, added in add_block(block.column("rows"), keys, sums, weights):
                    totals[group] = totals[group] + added if group in totals else added
        for group, total in totals.items():
            of_keys = [pa.array([value], of_type) for value, of_type in zip(group, types, strict=True)]
            of_sums = [pa.ListArray.from_arrays([0, len(values)], values) for values in total]
            yield pa.RecordBatch.from_arrays([*of_keys, *of_sums], names=[*keys, *sums])

    return add_up


def draw_weights(customers: npt.NDArray[np.int32], resamples: int, seed: int) -> Weights:
    """Draw how often customers count: customers × (1 + resamples), in the first column once.

    >>> draw_weights(np.int32([7, 8]), 6, seed=1).tolist() == draw_weights(np.int32([8, 7]), 6, seed=1)[::-1].tolist()
    True
    """
    keys = np.column_stack([np.full(len(customers), seed), customers]).astype(np.uint64)
    words = -(-resamples // DRAWS_A_WORD)
    random = np.empty((len(customers), words), np.uint64)
    for place, key in enumerate(keys):
        random[place] = np.random.Philox(key=key).random_raw(words)
    weights = np.ones((len(customers), 1 + resamples), np.uint8)
    weights[:, 1:] = COUNTS[random.view(np.uint16)[:, :resamples]]
    return weights


def add_block(
    rows: pa.ListArray, keys: Sequence[str], sums: Sequence[str], weights: Weights
) -> Iterator[tuple[Group, Doubles]]:
    """Add up some customers' rows by group.

    Args:
        rows: a customer's each, structs of keys and values.
        weights: customers × resamples.

    Returns:
        Each group's keys, and sums × resamples.
    """
    flat = rows.flatten()
    customers = np.repeat(np.arange(len(rows)), pc.list_value_length(rows).to_numpy(zero_copy_only=False))
    groups, codes = _number_groups([flat.field(key) for key in keys])
    order = np.lexsort((customers, codes))
    pairs = codes[order] * len(rows) + customers[order]
    first = np.flatnonzero(np.diff(pairs, prepend=-1))
    values = np.column_stack([flat.field(name).to_numpy(zero_copy_only=False) for name in sums])
    of_pair = np.add.reduceat(values[order], first, axis=0)
    codes, customers = codes[order][first], customers[order][first]
    ends = np.searchsorted(codes, np.arange(1 + len(groups)))
    # Groups of the same customers, such as the contestants, are multiplied together.
    alike: dict[bytes, list[int]] = {}
    for code in range(len(groups)):
        alike.setdefault(customers[ends[code] : ends[code + 1]].tobytes(), []).append(code)
    for members in alike.values():
        spans = [slice(ends[code], ends[code + 1]) for code in members]
        together = np.hstack([of_pair[span] for span in spans])
        added = together.T @ weights[customers[spans[0]]].astype(np.float64)
        yield from zip((groups[code] for code in members), np.split(added, len(members)), strict=True)


def _number_groups(columns: list[pa.Array]) -> tuple[list[Group], npt.NDArray[np.int64]]:
    """Give the groups that occur, and the place among them of every row's."""
    codes = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        encoded = column.dictionary_encode()
        codes = codes * len(encoded.dictionary) + encoded.indices.to_numpy()
    _, first, places = np.unique(codes, return_index=True, return_inverse=True)
    return [tuple(column[int(row)].as_py() for column in columns) for row in first], places


def estimate(drawn: Doubles) -> tuple[float, float, float]:
    """Give what was observed and the bounds of its interval.

    Args:
        drawn: observed, then every resample; those that are not defined don't count.
    """
    resampled = drawn[1:][np.isfinite(drawn[1:])]
    if not len(resampled):
        return float(drawn[0]), np.nan, np.nan
    low, high = np.percentile(resampled, INTERVAL)
    return float(drawn[0]), float(low), float(high)


def two_sided_p(drawn: Doubles) -> float:
    """Give the p of no difference.

    Args:
        drawn: the difference observed, then that of every resample; those that are not defined don't count.

    >>> two_sided_p(np.array([0.5, 0.4, 0.6, -0.1])), two_sided_p(np.zeros(4))
    (1.0, 1.0)
    >>> two_sided_p(np.ones(100))
    0.02
    """
    resampled = drawn[1:][np.isfinite(drawn[1:])]
    shares = [(1 + np.count_nonzero(side)) / (1 + len(resampled)) for side in (resampled <= 0, resampled >= 0)]
    return float(min(1.0, 2 * min(shares)))


def correct(p: Sequence[float]) -> list[float]:
    """Correct the p of a family of tests: to find none by chance alone has the probability that one has (Holm 1979).

    >>> correct([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    corrected, least = [0.0] * len(p), 0.0
    for passed, place in enumerate(sorted(range(len(p)), key=lambda place: p[place])):
        least = max(least, min(1.0, (len(p) - passed) * p[place]))
        corrected[place] = least
    return corrected
