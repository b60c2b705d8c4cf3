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


def pair(one: Trials, other: Trials) -> tuple[Trials, Trials]:
    """Keep of both the rounds that both were in, or all if there is none.

    What the machine is slowed by for a round must not count for the one alone that was measured in it.
    """
    shared = {run["repeat"] for run in one.runs} & {run["repeat"] for run in other.runs}
    return (one.of_rounds(shared), other.of_rounds(shared)) if shared else (one, other)


def is_faster(one: Trials, other: Trials | None) -> bool:
    """Whether one ended, and before the other, if that ended at all, by the rounds that both were in."""
    if one.seconds is None:
        return False
    if other is None or other.seconds is None:
        return True
    mine, theirs = (of_pair.seconds for of_pair in pair(one, other))
    return mine is not None and (theirs is None or mine < theirs)


def divide(one: Trials, other: Trials) -> Ratio | None:
    """Divide the median seconds of one by those of the other, of the rounds that both were in.

    The interval is Student's t of the logarithms of the paired repeats' ratios, about the ratio of the medians.

    Returns:
        None where either did not end, in all of its rounds or in those.
    """
    whole = one, other
    one, other = pair(*whole)
    if one.seconds is None or other.seconds is None or any(of_all.seconds is None for of_all in whole):
        return None
    value, mine, theirs = one.seconds / other.seconds, one.values("seconds"), other.values("seconds")
    logs = [log(mine[repeat] / theirs[repeat]) for repeat in mine if repeat in theirs]
    if len(logs) <= 1:
        return Ratio(value, None, None, len(logs))
    half = t_quantile(len(logs) - 1) * MEDIAN_BY_MEAN * float(np.std(logs, ddof=1)) / sqrt(len(logs))
    return Ratio(value, value * exp(-half), value * exp(half), len(logs))
