"""Laws of growth: time (or memory) against size as a power, with and without a fixed overhead.

Errors are relative: what is minimised is the sum of squares of ln(measured / fitted). The points are medians of the
repeats, and intervals are Student's t of the points' residuals about the law. A bootstrap over repeats would say how
well one machine repeats itself, which is within a few per cent; that the law itself is only nearly a power is the
larger error by far, and only sizes tell it, which are too few to draw them again. So three sizes, with one degree of
freedom, give wide intervals: as they should be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.special import fdtrc, stdtrit

from hm_kedro.chart import counted

Doubles = NDArray[np.float64]
LEAST_SIZES = 3
LEAST_FOR_OVERHEAD = 5
CONFIDENCE = 0.95
SIGNIFICANCE = 0.05
# Of relative errors below this nothing is said, so that numbers without any error can be fitted, too.
EXACT = 1e-6
MOST_EXPONENT = 4.0


def t_quantile(freedom: int) -> float:
    """Give how many standard errors a 95 % interval reaches.

    >>> round(t_quantile(1), 2), round(t_quantile(10), 2)
    (12.71, 2.23)
    """
    return float(stdtrit(freedom, (1 + CONFIDENCE) / 2))


@dataclass(frozen=True)
class Growth:
    """value = overhead + factor × (size / middle)^exponent.

    Attributes:
        middle: geometric mean of the sizes.
        points: number of sizes.
        squares: sum of the squares of ln(measured / fitted).
        inverse: inverse of J'J, of the derivatives of ln(value) by ln(factor), exponent and, if fitted, overhead.
        with_overhead: whether the overhead was fitted; it is 0 otherwise.
    """

    overhead: float
    factor: float
    exponent: float
    middle: float
    points: int
    squares: float
    inverse: Doubles
    with_overhead: bool

    @property
    def name(self) -> str:
        """Name the law."""
        return "overhead" if self.with_overhead else "power"

    @property
    def freedom(self) -> int:
        """Degrees of freedom of the residuals."""
        return self.points - 2 - self.with_overhead

    @property
    def aicc(self) -> float | None:
        """Akaike's criterion for small samples (Hurvich, Tsai 1989); the variance is a parameter, too.

        None where it is not defined: n points and n - 1 parameters or more.
        """
        parameters, n = 3 + self.with_overhead, self.points
        if n - parameters - 1 <= 0:
            return None
        likelihood = n * log(max(self.squares / n, EXACT**2))
        return likelihood + 2 * parameters + 2 * parameters * (parameters + 1) / (n - parameters - 1)

    def interval(self) -> tuple[float, float]:
        """Give the 95 % interval of the exponent."""
        half = self._reach(float(self.inverse[1, 1]))
        return self.exponent - half, self.exponent + half

    def at(self, size: float, *, another_run: bool = False) -> tuple[float, float, float]:
        """Give the value at a size with its 95 % interval, wider for another run than for the law itself."""
        derivatives, value = _derivatives(np.array([size]), self)[0], self._value(size)
        half = self._reach(another_run + float(derivatives @ self.inverse @ derivatives))
        return value, value * exp(-min(half, 700)), value * exp(min(half, 700))

    def _value(self, size: float) -> float:
        return float(self.overhead + self.factor * (size / self.middle) ** self.exponent)

    def _reach(self, variance: float) -> float:
        """Give half an interval; `variance` is in units of the residuals' variance."""
        return t_quantile(self.freedom) * sqrt(self.squares / self.freedom * variance)


def _derivatives(sizes: Doubles, law: Growth) -> Doubles:
    """Give the derivatives of ln(value): one row per size, one column per parameter, as in `Growth.inverse`."""
    grown = law.factor * (sizes / law.middle) ** law.exponent
    values = law.overhead + grown
    columns = [grown / values, grown / values * np.log(sizes / law.middle)]
    return np.column_stack([*columns, 1 / values] if law.with_overhead else columns)


def _law(
    sizes: Doubles, values: Doubles, overhead: float, factor: float, exponent: float, *, with_overhead: bool
) -> Growth:
    middle = float(np.exp(np.log(sizes).mean()))
    fitted = overhead + factor * (sizes / middle) ** exponent
    squares = float((np.log(values / fitted) ** 2).sum())
    law = Growth(overhead, factor, exponent, middle, len(sizes), squares, np.empty((0, 0)), with_overhead)
    derivatives = _derivatives(sizes, law)
    inverse = np.linalg.pinv(derivatives.T @ derivatives).astype(np.float64)
    return Growth(overhead, factor, exponent, middle, len(sizes), squares, inverse, with_overhead)


def fit_power(sizes: Sequence[float], values: Sequence[float]) -> Growth | None:
    """Fit value = factor × size^exponent by least squares of logarithms; None of fewer than three sizes."""
    if len(set(sizes)) < LEAST_SIZES:
        return None
    x, y = np.asarray(sizes, float), np.asarray(values, float)
    exponent, level = np.polyfit(np.log(x) - np.log(x).mean(), np.log(y), 1)
    return _law(x, y, 0.0, float(np.exp(level)), float(exponent), with_overhead=False)


def fit_overhead(sizes: Sequence[float], values: Sequence[float]) -> Growth | None:
    """Fit value = overhead + factor × size^exponent, overhead and exponent ≥ 0; None of fewer than five sizes."""
    power = fit_power(sizes, values)
    if power is None or len(set(sizes)) < LEAST_FOR_OVERHEAD:
        return None
    x, y = np.asarray(sizes, float), np.asarray(values, float)
    least = float(y.min())

    def residuals(parameters: Doubles) -> Doubles:
        share, level, exponent = parameters
        errors: Doubles = np.log((share * least + np.exp(level) * (x / power.middle) ** exponent) / y)
        return errors

    bounds = ([0.0, -np.inf, 0.0], [1.0, np.inf, MOST_EXPONENT])
    exponent = min(max(power.exponent, 0.1), MOST_EXPONENT - 0.1)
    starts = [(share, log(power.factor * (1 - share)), exponent) for share in (0.01, 0.5, 0.9)]
    tries = [least_squares(residuals, start, bounds=bounds, xtol=1e-12, ftol=1e-12, gtol=1e-12) for start in starts]
    share, level, exponent = min(tries, key=lambda one: one.cost).x
    return _law(x, y, float(share * least), float(np.exp(level)), float(exponent), with_overhead=True)


class Laws(NamedTuple):
    """What is fitted to one line of sizes.

    Attributes:
        power: None of fewer than three sizes.
        overhead: the law with an overhead; None of fewer than five sizes.
        better: the one of them that tells more.
        why: why it is, or why there is none.
    """

    power: Growth | None
    overhead: Growth | None
    better: Growth | None
    why: str


def fit_laws(sizes: Sequence[float], values: Sequence[float]) -> Laws:
    """Fit both laws and choose: by AICc, of five sizes, for which that is not defined, by an F test (p < 0.05)."""
    number = len(set(sizes))
    power, overhead = fit_power(sizes, values), fit_overhead(sizes, values)
    if power is None:
        return Laws(None, None, None, f"{counted(number, 'size')}: no exponent is fitted to fewer than {LEAST_SIZES}")
    if overhead is None:
        why = f"{number} sizes: fewer than {LEAST_FOR_OVERHEAD} do not tell a fixed overhead from a smaller exponent"
        return Laws(power, None, power, why)
    if power.aicc is None or overhead.aicc is None:
        chance = _chance(power, overhead)
        better = overhead if chance < SIGNIFICANCE else power
        said = "tells more" if better is overhead else "is not told from chance"
        return Laws(power, overhead, better, f"a fixed overhead {said} (F test, p {chance:.2g})")
    better, worse = (overhead, power) if overhead.aicc < power.aicc else (power, overhead)
    name = "a fixed overhead" if better is overhead else "no overhead"
    return Laws(power, overhead, better, f"{name} tells more (AICc {better.aicc:.1f} against {worse.aicc:.1f})")


def _chance(power: Growth, overhead: Growth) -> float:
    """Give the F test's p of the overhead: how likely errors alone make it fit that much better."""
    floor = overhead.points * EXACT**2
    gained = max(power.squares - overhead.squares, 0.0)
    return float(fdtrc(1, overhead.freedom, gained / (max(overhead.squares, floor) / overhead.freedom)))
