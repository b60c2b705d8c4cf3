"""The measurements as trials: all repeats of one configuration together, and what is varied in one line."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from hm_kedro.engine import ENGINES
from hm_kedro.pipelines.scaling_study.measurements import KEY, OK, OUT_OF_TIME, YARDSTICKS

STAGES = (
    *("read", "bought_together", "article_features", "als_fit", "als_top"),
    *("candidates", "examples", "train", "score", "whole"),
)
CONTESTANTS = (*ENGINES, *YARDSTICKS)
SYNTHETIC = "synthetic"
# How the last words of a run begin that was stopped at a limit.
STOPPED = "stopped after"
SETTINGS = ("factors", "blocks", "candidates", "history_weeks")


class Settings(NamedTuple):
    """What is set; None where it does not apply, of `history_weeks` where all weeks are read."""

    factors: int | None
    blocks: int | None
    candidates: int | None
    history_weeks: int | None


class Line(NamedTuple):
    """Trials that differ in one thing alone.

    Attributes:
        data: name of the data; of trials that differ in their data, the family of these.
    """

    data: str
    stage: str
    contestant: str


@dataclass(frozen=True)
class Trials:
    """All repeats of one configuration, at least one.

    Attributes:
        runs: the measurements, missing values as None.
    """

    data: str
    stage: str
    contestant: str
    cores: int
    settings: Settings
    runs: tuple[dict[str, Any], ...]

    @property
    def transactions(self) -> int:
        """Number of transactions in the data."""
        return int(self.runs[0]["transactions"])

    @property
    def family(self) -> str:
        """Name what the data are a size of: only sizes of the same shop are compared; a study has one log."""
        return SYNTHETIC if self.runs[0]["kind"] == SYNTHETIC else "shares of the log"

    @property
    def ended(self) -> dict[int, dict[str, Any]]:
        """Runs that came to a good end, by repeat."""
        return {run["repeat"]: run for run in self.runs if run["status"] == OK}

    @property
    def failed(self) -> list[dict[str, Any]]:
        """Runs that did not."""
        return [run for run in self.runs if run["status"] != OK]

    @property
    def seconds(self) -> float | None:
        """Median wall time, a run that failed counted as endless; None if so many failed that it has no end.

        Leaving failures out would make a contestant faster by failing where it is slow.
        """
        if 2 * len(self.failed) >= len(self.runs):
            return None
        return float(np.median([*self.values("seconds").values(), *[np.inf] * len(self.failed)]))

    def of_rounds(self, repeats: AbstractSet[int]) -> Trials:
        """Keep the runs of some rounds."""
        return replace(self, runs=tuple(run for run in self.runs if run["repeat"] in repeats))

    def values(self, measure: str) -> dict[int, float]:
        """Give what was measured of the runs that ended, by repeat."""
        return {repeat: run[measure] for repeat, run in self.ended.items() if run[measure] is not None}

    def median(self, measure: str) -> float | None:
        """Give the median of a measure of the runs that ended, None where `seconds` is or none told it."""
        if measure == "seconds":
            return self.seconds
        values = list(self.values(measure).values())
        return None if self.seconds is None or not values else float(np.median(values))

    @property
    def failure(self) -> str:
        """Say how the runs that failed did, the most frequent way alone; nothing where none failed."""
        if not self.failed:
            return ""
        status, count = Counter(run["status"] for run in self.failed).most_common(1)[0]
        limits = [run["seconds"] for run in self.failed if run["status"] == status and run["seconds"] is not None]
        stops = [run["message"] for run in self.failed if (run["message"] or "").startswith(STOPPED)]
        said = f"{status}, {stops[0]}" if stops else str(status)
        if limits:
            said = (
                f"did not end within {max(limits):,.0f} s"
                if status == OUT_OF_TIME
                else f"{status} after {np.median(limits):,.0f} s"
            )
        return said if count == len(self.runs) else f"{said} ({count} of {len(self.runs)} runs)"


def gather(measurements: pd.DataFrame) -> list[Trials]:
    """Gather the repeats of each configuration, sizes ascending, stages and contestants in their order."""
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in measurements.to_dict("records"):
        run = {str(name): None if pd.isna(value) else value for name, value in row.items()}
        found[tuple(run[name] for name in KEY[:-1])].append(run)
    trials = [
        Trials(data, stage, contestant, int(cores), Settings(*(_whole(value) for value in settings)), tuple(runs))
        for (data, stage, contestant, cores, *settings), runs in found.items()
    ]
    return sorted(trials, key=lambda one: (*place(one.stage, one.contestant), one.transactions, one.cores))


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def place(stage: str, contestant: str) -> tuple[int, int]:
    """Give a stage's and a contestant's place in their order; unknown ones are last."""
    return (
        STAGES.index(stage) if stage in STAGES else len(STAGES),
        CONTESTANTS.index(contestant) if contestant in CONTESTANTS else len(CONTESTANTS),
    )


def find_base(trials: Iterable[Trials]) -> Settings:
    """Find the base of the study: the most frequent settings, for most trials vary something else."""
    known = [one.settings for one in trials]
    columns = {name: [getattr(settings, name) for settings in known] for name in SETTINGS}
    # Without factors or blocks there is no ALS in a stage; without history_weeks all weeks are read.
    applying = {
        name: values if name == "history_weeks" else [value for value in values if value is not None]
        for name, values in columns.items()
    }
    return Settings(**{name: _most_frequent(values) for name, values in applying.items()})


def _most_frequent(values: Sequence[int | None]) -> int | None:
    return Counter(values).most_common(1)[0][0] if values else None


def differs(settings: Settings, base: Settings) -> set[str]:
    """Name the settings that are not the base's; one that does not apply differs from nothing."""
    return {
        name
        for name in SETTINGS
        if getattr(settings, name) != getattr(base, name)
        and not (name != "history_weeks" and getattr(settings, name) is None)
    }


def most_cores(trials: Iterable[Trials]) -> dict[str, int]:
    """Give the most cores on which each engine ran; of a yardstick one, for a single thread is what it stands for."""
    most: dict[str, int] = {}
    for one in trials:
        most[one.contestant] = max(most.get(one.contestant, 0), one.cores) if one.contestant in ENGINES else 1
    return most


def vary_data(trials: Sequence[Trials]) -> dict[Line, list[Trials]]:
    """Line up sizes of a shop by family, stage and contestant: base settings, the contestant's most cores."""
    most, base = most_cores(trials), find_base(trials)
    chosen = [one for one in trials if one.cores == most[one.contestant] and not differs(one.settings, base)]
    return _line_up(chosen, lambda one: one.family, lambda one: one.transactions)


def vary_cores(trials: Sequence[Trials]) -> dict[Line, list[Trials]]:
    """Line up numbers of cores by data, stage and engine: base settings."""
    base = find_base(trials)
    chosen = [one for one in trials if one.contestant in ENGINES and not differs(one.settings, base)]
    return _line_up(chosen, lambda one: one.data, lambda one: one.cores)


def vary_setting(trials: Sequence[Trials], setting: str) -> dict[Line, list[Trials]]:
    """Line up values of a setting, all weeks last, by data, stage and contestant; only where there are several."""
    most, base = most_cores(trials), find_base(trials)
    chosen = [
        one
        for one in trials
        if one.cores == most[one.contestant]
        and differs(one.settings, base) <= {setting}
        and (setting == "history_weeks" or getattr(one.settings, setting) is not None)
    ]

    def value(one: Trials) -> float:
        known = getattr(one.settings, setting)
        return np.inf if known is None else float(known)

    lines = _line_up(chosen, lambda one: one.data, value)
    return {line: varied for line, varied in lines.items() if len({value(one) for one in varied}) > 1}


def _line_up(
    trials: Iterable[Trials], data: Callable[[Trials], str], order: Callable[[Trials], float]
) -> dict[Line, list[Trials]]:
    lines: dict[Line, list[Trials]] = defaultdict(list)
    for one in sorted(trials, key=order):
        lines[Line(data(one), one.stage, one.contestant)].append(one)
    return {key: lines[key] for key in sorted(lines, key=lambda line: (line.data, *place(*line[1:])))}
