"""What cores buy: Amdahl's law, Gunther's universal scalability law, scaled speedup and weak scaling.

- Amdahl (1967): S(p) = 1 / (s + (1 - s) / p), s the serial share of the time on one core.
- Gunther (1993, 2007): S(p) = p / (1 + a (p - 1) + b p (p - 1)); a contention, b coherency; most at √((1 - a) / b).
- Gustafson (1988): with the work growing with the cores, s + p (1 - s), s as in Amdahl's at the work of one core.

The time on one core is a parameter of each law, too, for it is measured with an error as the others are. So Amdahl's
has two parameters, the universal law three: with an interval they need a count of cores more, three and four.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, sqrt
from typing import Any

import numpy as np
from scipy.optimize import least_squares

from hm_kedro.pipelines.scaling_study.fits import Doubles, Growth, Laws, t_quantile
from hm_kedro.pipelines.scaling_study.ratios import Ratio, divide
from hm_kedro.pipelines.scaling_study.trials import Line, Trials, most_cores, vary_cores, vary_data

EXACT_COUNTS = 2
LEAST_UNIVERSAL = 4
# Sizes that are taken for the same.
NEAR = 0.1


@dataclass(frozen=True)
class CoreLaw:
    """A law of speedup, fitted.

    Attributes:
        values: serial share; or contention and coherency.
        bounds: of each of them the 95 % interval; none where it is not known.
        counts: number of counts of cores.
        how: where the interval comes from, or why there is none.
    """

    values: tuple[float, ...]
    bounds: tuple[tuple[float, float], ...]
    counts: int
    how: str

    @property
    def name(self) -> str:
        """Name the law."""
        return "Amdahl" if len(self.values) == 1 else "universal"

    @property
    def peak(self) -> float | None:
        """Number of cores with the most speedup; None where more are always faster."""
        if len(self.values) == 1 or self.values[1] <= 0:
            return None
        return sqrt((1 - self.values[0]) / self.values[1])

    def speedup(self, cores: float) -> tuple[float, float | None, float | None]:
        """Give the speedup on some cores with its interval; of the universal law's there is none."""
        value = speedup(self.values, cores)
        if len(self.values) > 1 or not self.bounds:
            return value, None, None
        low, high = self.bounds[0]
        return value, speedup([high], cores), speedup([low], cores)


def speedup(values: Sequence[float], cores: float) -> float:
    """Give the speedup by Amdahl's law, of one value, or by the universal one, of two.

    >>> speedup([0.1], 2), speedup([0.0, 0.0], 8)
    (1.8181818181818181, 8.0)
    """
    if len(values) == 1:
        return 1 / (values[0] + (1 - values[0]) / cores)
    contention, coherency = values
    return cores / (1 + contention * (cores - 1) + coherency * cores * (cores - 1))


def scaled_speedup(serial: float, cores: int) -> float:
    """Give Gustafson's speedup: as much work more as there are cores.

    >>> scaled_speedup(0.25, 4)
    3.25
    """
    return serial + cores * (1 - serial)


def serial_share(ratio: float, fewer: int, more: int) -> float:
    """Give Amdahl's share from the seconds on fewer cores by those on more; outside 0 to 1 where the law can't hold.

    >>> serial_share(1.6, 1, 2), serial_share(2.0, 2, 4)
    (0.25, 0.0)
    """
    serial, parallel = ratio / more - 1 / fewer, 1 - ratio
    return serial / (serial + parallel)


def fit_amdahl(trials: Sequence[Trials]) -> CoreLaw | None:
    """Fit Amdahl's share to the medians of one line of cores.

    Of two counts it is exactly determined; its interval is then that of the paired repeats' ratios, and says how well
    the machine repeats itself, not whether the law holds. Of three or more it is fitted by least squares in relative
    error, with an interval from the residuals.

    Returns:
        None of fewer than two counts of cores that ended.
    """
    known = [one for one in trials if one.seconds is not None]
    if len(known) < EXACT_COUNTS:
        return None
    if len(known) == EXACT_COUNTS:
        ratio = divide(*known)
        return None if ratio is None else _exactly(ratio, known[0].cores, known[1].cores)
    found, bounds = _fit(known, [0.1], [1.0])
    how = f"from the residuals of {len(known)} core counts"
    return CoreLaw(found, bounds, len(known), how)


def _exactly(ratio: Ratio, fewer: int, more: int) -> CoreLaw:
    value = _within(serial_share(ratio.value, fewer, more))
    how = "2 core counts: Amdahl's share is exactly determined, no interval from residuals"
    if ratio.low is None or ratio.high is None:
        return CoreLaw((value,), (), EXACT_COUNTS, f"{how}, none from repeats either, which are too few")
    low, high = (_within(serial_share(bound, fewer, more)) for bound in (ratio.high, ratio.low))
    return CoreLaw((value,), ((low, high),), EXACT_COUNTS, f"{how}; interval from the repeats' ratios")


def _within(share: float) -> float:
    return min(max(share, 0.0), 1.0)


def fit_universal(trials: Sequence[Trials]) -> CoreLaw | None:
    """Fit Gunther's law to the medians of one line of cores; None of fewer than four counts that ended."""
    known = [one for one in trials if one.seconds is not None]
    if len(known) < LEAST_UNIVERSAL:
        return None
    found, bounds = _fit(known, [0.1, 0.001], [1.0, inf])
    return CoreLaw(found, bounds, len(known), f"from the residuals of {len(known)} core counts")


def _fit(
    known: Sequence[Trials], start: list[float], most: list[float]
) -> tuple[tuple[float, ...], tuple[tuple[float, float], ...]]:
    """Fit ln(seconds) = ln(seconds on one core) - ln(speedup); give the law's values with their intervals."""
    cores = np.array([one.cores for one in known], float)
    seconds = np.array([one.seconds for one in known], float)

    def residuals(values: Doubles) -> Doubles:
        errors: Doubles = values[0] - np.log([speedup(list(values[1:]), count) for count in cores]) - np.log(seconds)
        return errors

    bounds = ([-np.inf, *[0.0] * len(start)], [np.inf, *most])
    best = least_squares(
        residuals, [np.log(seconds[0] * cores[0]), *start], bounds=bounds, x_scale="jac", xtol=1e-12, ftol=1e-12
    )
    freedom = len(known) - 1 - len(start)
    spread = np.linalg.pinv(best.jac.T @ best.jac) * 2 * best.cost / freedom
    half = t_quantile(freedom) * np.sqrt(np.diag(spread))
    values = [float(value) for value in best.x[1:]]
    reached = zip(values, half[1:], most, strict=True)
    return tuple(values), tuple(
        (max(value - float(by), 0.0), min(value + float(by), limit)) for value, by, limit in reached
    )


def speedup_rows(trials: Sequence[Trials]) -> list[dict[str, Any]]:
    """Give every speedup over one core: a row per data, stage, engine and cores, with the paired repeats' interval."""
    found = []
    for line, varied in vary_cores(trials).items():
        single = next((one for one in varied if one.cores == 1), None)
        for one in varied:
            ratio = None if single is None else divide(single, one)
            if ratio is not None:
                known = one is not single
                found.append(
                    {
                        **line._asdict(),
                        "transactions": one.transactions,
                        "cores": one.cores,
                        "speedup": ratio.value,
                        "low": ratio.low if known else None,
                        "high": ratio.high if known else None,
                        "efficiency": ratio.value / one.cores,
                    }
                )
    return found


def core_laws(trials: Sequence[Trials]) -> dict[Line, tuple[CoreLaw, CoreLaw | None]]:
    """Fit Amdahl's law and, where there are counts of cores enough, the universal one to each line of cores."""
    laws = {line: (fit_amdahl(varied), fit_universal(varied)) for line, varied in vary_cores(trials).items()}
    return {line: (amdahl, universal) for line, (amdahl, universal) in laws.items() if amdahl is not None}


def law_rows(trials: Sequence[Trials], laws: dict[Line, tuple[CoreLaw, CoreLaw | None]]) -> list[dict[str, Any]]:
    """Give the laws of cores: a row per data, stage and engine.

    `limit` is the speedup that Amdahl's law leaves with endless cores (None: no limit), `scaled` Gustafson's on the
    most cores measured; `contention` and `coherency` are missing where the universal law is not fitted.
    """
    found = []
    for line, varied in vary_cores(trials).items():
        if line not in laws:
            continue
        (amdahl, universal), most = laws[line], varied[-1].cores
        serial = amdahl.values[0]
        low, high = amdahl.bounds[0] if amdahl.bounds else (None, None)
        contention, coherency = universal.values if universal else (None, None)
        found.append(
            {
                **line._asdict(),
                "transactions": varied[0].transactions,
                "core_counts": amdahl.counts,
                "most_cores": most,
                "serial": serial,
                "low": low,
                "high": high,
                "limit": 1 / serial if serial > 0 else None,
                "scaled": scaled_speedup(serial, most),
                "contention": contention,
                "coherency": coherency,
                "peak": universal.peak if universal else None,
                "how": amdahl.how if universal else f"{amdahl.how}; the universal law is not fitted to fewer than 4",
            }
        )
    return found


def weak_rows(trials: Sequence[Trials], growth: Mapping[Line, Laws]) -> list[dict[str, Any]]:
    """Give the weak scaling: seconds on one core, and on more cores with as much data more.

    The larger data are those measured within 10 % of that size; else the nearest size's seconds, brought there by the
    fitted law of growth, and marked so (`interpolated`); beyond the sizes that were measured there is none.

    Args:
        growth: laws of the seconds by family, stage and contestant.

    Returns:
        One row per data on one core, stage and engine: `efficiency` is 1 where time stays the same.
    """
    most, found = most_cores(trials), []
    sizes = vary_data(trials)
    for line, varied in vary_cores(trials).items():
        single, cores = varied[0], most[line.contestant]
        if single.cores != 1 or single.seconds is None or cores == 1:
            continue
        wanted = single.transactions * cores
        over_sizes = Line(single.family, line.stage, line.contestant)
        known = [one for one in sizes.get(over_sizes, []) if one.seconds is not None]
        laws = growth.get(over_sizes)
        reached = _seconds_at(wanted, known, laws.better if laws else None)
        if reached is None:
            continue
        seconds, interpolated = reached
        found.append(
            {
                **line._asdict(),
                "transactions": single.transactions,
                "seconds": single.seconds,
                "cores": cores,
                "larger_transactions": wanted,
                "larger_seconds": seconds,
                "efficiency": single.seconds / seconds,
                "interpolated": interpolated,
            }
        )
    return found


def _seconds_at(wanted: float, known: Sequence[Trials], growth: Growth | None) -> tuple[float, bool] | None:
    if not known:
        return None
    nearest = min(known, key=lambda one: abs(np.log(one.transactions / wanted)))
    seconds = float(nearest.seconds or 0)
    if abs(nearest.transactions / wanted - 1) <= NEAR:
        return seconds, False
    if growth is None or not known[0].transactions <= wanted <= known[-1].transactions:
        return None
    return seconds * growth.at(wanted)[0] / growth.at(nearest.transactions)[0], True
