"""What searches for settings have in common: their weeks, the settings they try, the order of what they found."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from hm_kedro.errors import HmKedroError
from hm_kedro.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from hm_kedro.chart import Numbers
    from hm_kedro.parameters import EvaluationParameters, Group, TuningParameters

Trial = dict[str, Any]
Settings = TypeVar("Settings", bound="Group")


def tuning_weeks(timeline: dict[str, Any], tuning: TuningParameters, evaluation: EvaluationParameters) -> list[date]:
    """Give the weeks that settings are tried on, newest first: the last before the judged ones.

    Raises:
        HmKedroError: there is none.
    """
    line = Timeline.read(timeline)
    weeks = line.weeks_before(min([line.cutoff, *line.judged_weeks(evaluation.weeks)]), tuning.weeks)
    if not weeks:
        raise HmKedroError(
            f"tuning needs a week before the judged ones, {line.raw_dir} has none: choose a lower evaluation.weeks"
        )
    return weeks


def list_settings(current: Settings, tuning: TuningParameters) -> list[Settings]:
    """List the settings to try: those that are set, then others of the grid in an order drawn with the seed.

    Raises:
        pydantic.ValidationError: the grid holds a value that is not taken.
    """
    every = [dict(zip(tuning.grid, values, strict=True)) for values in itertools.product(*tuning.grid.values())]
    order = np.random.default_rng(tuning.seed).permutation(len(every))
    checked = [type(current).model_validate({**current.model_dump(), **every[place]}) for place in order]
    return list(dict.fromkeys([current, *checked]))[: tuning.trials]


def identify_search(
    timeline: dict[str, Any], tuning: TuningParameters, evaluation: EvaluationParameters
) -> dict[str, Any]:
    """Say what trials have in common that may be held against each other."""
    weeks = [str(week) for week in tuning_weeks(timeline, tuning, evaluation)]
    return {"log": Timeline.read(timeline).raw_dir, "weeks": weeks, "buyers": tuning.buyers}


def of_search(trials: Sequence[Trial], on: Mapping[str, Any]) -> list[Trial]:
    """Keep the trials that may be held against each other: those of which the same is said."""
    return [trial for trial in trials if all(trial.get(key) == value for key, value in on.items())]


def list_untried(
    current: Settings, tuning: TuningParameters, earlier: Sequence[Trial], on: Mapping[str, Any]
) -> list[Settings]:
    """List the settings to try of which no earlier trial tells that it was of the same search."""
    tried = [trial["settings"] for trial in of_search(earlier, on)]
    return [settings for settings in list_settings(current, tuning) if settings.model_dump() not in tried]


def best_first(trials: Sequence[Trial], aim: str, measures: Sequence[str], names: Sequence[str]) -> Numbers:
    """Order trials by an aim.

    Args:
        measures: what trials found.
        names: of settings; those that a trial lacks are left out, and those that don't differ.

    Returns:
        A column a measure and a column a setting that differs between trials.
    """
    ordered = sorted(trials, key=lambda trial: -trial[aim])
    known = [name for name in names if all(name in trial["settings"] for trial in trials)]
    differing = [name for name in known if len({str(trial["settings"][name]) for trial in trials}) > 1]
    return {
        **{of: [trial[of] for trial in ordered] for of in measures},
        **{name: [trial["settings"][name] for trial in ordered] for name in differing},
    }
