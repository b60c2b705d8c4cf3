"""What was not measured: more data than there is memory or time for, more cores than the machine has.

Predictions, each with what it assumes; there is none where there is no fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from hm_kedro.pipelines.scaling_study.fits import Growth, Laws
from hm_kedro.pipelines.scaling_study.speedup import CoreLaw
from hm_kedro.pipelines.scaling_study.trials import Line, Trials, most_cores, vary_cores
from hm_kedro.pipelines.scaling_study.words import say_number

# Transactions of the competition's files.
H_AND_M = 31_788_324
TIMES = (1, 10, 100)
CORES = (16, 64, 256)


def predict_sizes(
    growth: Mapping[str, Mapping[Line, Laws]], sizes: Mapping[Line, Sequence[Trials]]
) -> list[dict[str, Any]]:
    """Predict seconds and peak memory for as much data as H&M's and 10 and 100 times as much.

    Args:
        growth: laws by measure (`seconds`, `peak_bytes`), family, stage and contestant.
        sizes: trials by family, stage and contestant.

    Returns:
        One row per measure, family, stage, contestant, fitted law and size beyond the largest that ended: `better`,
        whether that law tells more; `value` with the 95 %
        prediction interval of a run, `beyond`, how many times the largest size that ended it is, `assumes`.
    """
    return [
        {"measure": measure, "law": law.name, "better": law is laws.better, **row}
        for measure, of_measure in growth.items()
        for line, laws in of_measure.items()
        for law in (laws.power, laws.overhead)
        if law is not None
        for row in _beyond(line, law, sizes[line])
    ]


def _beyond(line: Line, law: Growth, varied: Sequence[Trials]) -> Iterator[dict[str, Any]]:
    largest = max(one.transactions for one in varied if one.seconds is not None)
    for times in TIMES:
        transactions = times * H_AND_M
        if transactions <= largest:
            continue
        value, low, high = law.at(transactions, another_run=True)
        beyond = transactions / largest
        yield {
            "family": line.data,
            "stage": line.stage,
            "contestant": line.contestant,
            "cores": varied[0].cores,
            "times": times,
            "transactions": transactions,
            "value": value,
            "low": low,
            "high": high,
            "beyond": beyond,
            "assumes": (
                f"that the exponent {law.exponent:.2f}{' beside an overhead' * law.with_overhead} of {law.points} "
                f"sizes holds {say_number(beyond)} times beyond the largest, on a machine with memory enough"
            ),
        }


def predict_cores(
    trials: Sequence[Trials], laws: Mapping[Line, tuple[CoreLaw, CoreLaw | None]]
) -> list[dict[str, Any]]:
    """Predict speedup and seconds on 16, 64 and 256 cores, as far as these were not measured.

    Returns:
        One row per data, stage, engine, law and cores: `speedup` with the interval that the serial share's leaves, of
        the universal law without one; `seconds` with one core's median divided by it, missing if that is; `assumes`.
    """
    most, found = most_cores(trials), []
    for line, varied in vary_cores(trials).items():
        single = next((one.seconds for one in varied if one.cores == 1), None)
        known = [law for law in laws.get(line, ()) if law is not None]
        for law, cores in product(known, (cores for cores in CORES if cores > most[line.contestant])):
            value, low, high = law.speedup(cores)
            found.append(
                {
                    **line._asdict(),
                    "transactions": varied[0].transactions,
                    "law": law.name,
                    "cores": cores,
                    "speedup": value,
                    "low": low,
                    "high": high,
                    "seconds": None if single is None else single / value,
                    "assumes": _assumption(law, most[line.contestant]),
                }
            )
    return found


def _assumption(law: CoreLaw, most: int) -> str:
    if len(law.values) == 1:
        return (
            f"that the serial share {law.values[0]:.2f}, found on up to {most} cores, stays, and that nothing is lost "
            "to memory bandwidth, shuffles or a network: at best, then"
        )
    return f"that contention and coherency, found on up to {most} cores, stay: no network, one memory"
