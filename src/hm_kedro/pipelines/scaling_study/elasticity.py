"""What each setting costs: seconds against factors, blocks, candidates a customer and weeks of history."""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import Any

from hm_kedro.pipelines.scaling_study.fits import fit_power
from hm_kedro.pipelines.scaling_study.ratios import Ratio, divide
from hm_kedro.pipelines.scaling_study.trials import SETTINGS, Trials, find_base, vary_setting


def setting_rows(trials: Sequence[Trials]) -> list[dict[str, Any]]:
    """Give the median seconds against each setting: a row per setting, data, stage, contestant and value.

    `value` is missing where all weeks of history are read; `to_base` is the seconds by those at the base's value.
    """
    base, found = find_base(trials), []
    for setting in SETTINGS:
        for line, varied in vary_setting(trials, setting).items():
            values = [getattr(one.settings, setting) for one in varied]
            reference = next(
                (one.seconds for one, value in zip(varied, values, strict=True) if value == getattr(base, setting)),
                None,
            )
            for one, value in zip(varied, values, strict=True):
                low, high = _spread(one)
                found.append(
                    {
                        "setting": setting,
                        **line._asdict(),
                        "value": value,
                        "seconds": one.seconds,
                        "low": low,
                        "high": high,
                        "to_base": None if one.seconds is None or reference is None else one.seconds / reference,
                        "failure": one.failure,
                    }
                )
    return found


def _spread(one: Trials) -> tuple[float | None, float | None]:
    seconds = one.values("seconds").values()
    return (min(seconds), max(seconds)) if seconds else (None, None)


def elasticity_rows(trials: Sequence[Trials]) -> list[dict[str, Any]]:
    """Give the elasticity of seconds to each setting, the exponent of a power law, by data, stage and contestant.

    0 says that the setting costs nothing, 1 that twice as much takes twice as long. `low` and `high` bound it at 95 %:
    of three values or more by how far the law misses their medians, of two, between which it is the slope, by how far
    rounds disagree. `ratio`, from `ratio_low` to `ratio_high`, is the seconds at the most by those at the least, of
    rounds in pairs (see `divide`).
    """
    found = []
    for setting in SETTINGS:
        for line, varied in vary_setting(trials, setting).items():
            known = [one for one in varied if one.seconds is not None and getattr(one.settings, setting)]
            values = [float(getattr(one.settings, setting)) for one in known]
            seconds = [float(one.seconds or 0) for one in known]
            if len(values) <= 1:
                continue
            law, ratio = fit_power(values, seconds), divide(known[-1], known[0])
            slope = (law.exponent, *law.interval()) if law else _slope(ratio, values[-1] / values[0])
            if slope is None:
                continue
            elasticity, low, high = slope
            found.append(
                {
                    "setting": setting,
                    **line._asdict(),
                    "values": len(values),
                    "least": values[0],
                    "most": values[-1],
                    "elasticity": elasticity,
                    "low": low,
                    "high": high,
                    "ratio": ratio.value if ratio else None,
                    "ratio_low": ratio.low if ratio else None,
                    "ratio_high": ratio.high if ratio else None,
                }
            )
    return found


def _slope(ratio: Ratio | None, times: float) -> tuple[float, float | None, float | None] | None:
    """Give the exponent, with its bounds, that makes so many times as much take so much longer."""
    if ratio is None:
        return None
    low, high = (log(bound) / log(times) if bound else None for bound in (ratio.low, ratio.high))
    return log(ratio.value) / log(times), low, high
