"""One contestant against another on the same work: repeats were interleaved, so they are compared in pairs."""

from __future__ import annotations

from math import exp, log, pi, sqrt
from typing import NamedTuple

import numpy as np

from hm_kedro.pipelines.scaling_study.fits import t_quantile
from hm_kedro.pipelines.scaling_study.trials import Trials

# The standard error of a median by that of a mean, where errors are normal.
MEDIAN_BY_MEAN = sqrt(pi / 2)


class Ratio(NamedTuple):
    """How many times as long one takes as the other, with a 95 % interval; no bounds where pairs are fewer than two."""

    value: float
    low: float | None
    high: float | None
    pairs: int


def divide(one: Trials, other: Trials) -> Ratio | None:
    """Divide the median seconds of one by those of the other.

    The interval is Student's t of the logarithms of the paired repeats' ratios, about the ratio of the medians.

    Returns:
        None where either did not end.
    """
    if one.seconds is None or other.seconds is None:
        return None
    value, mine, theirs = one.seconds / other.seconds, one.values("seconds"), other.values("seconds")
    logs = [log(mine[repeat] / theirs[repeat]) for repeat in mine if repeat in theirs]
    if len(logs) <= 1:
        return Ratio(value, None, None, len(logs))
    half = t_quantile(len(logs) - 1) * MEDIAN_BY_MEAN * float(np.std(logs, ddof=1)) / sqrt(len(logs))
    return Ratio(value, value * exp(-half), value * exp(half), len(logs))
