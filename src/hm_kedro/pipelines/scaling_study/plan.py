"""What a study measures, in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hm_kedro.pipelines.scaling_study.measurements import KEY
from hm_kedro.pipelines.scaling_study.stages import STAGES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from hm_kedro.parameters import StudyParameters

# The axes that are settings of the project, with the parameters that they are.
SETTINGS = {
    "factors": "als.rank",
    "blocks": "als.blocks",
    "candidates": "retrieval.budget",
    "history_weeks": "data_processing.history_weeks",
}


class Data(NamedTuple):
    """The files that are worked on.

    Attributes:
        kind: `synthetic`, or `sample` of the log that the run was given.
        size: the scale, or the share of the log's customers.
    """

    kind: str
    size: float

    @property
    def name(self) -> str:
        """Its name in tables, files and figures.

        >>> Data("synthetic", 0.1).name
        'synthetic 0.1'
        """
        return f"{self.kind} {self.size:g}"


class Task(NamedTuple):
    """One measurement: a stage, by an engine or a yardstick, on some data, cores and settings."""

    data: Data
    stage: str
    contestant: str
    cores: int
    factors: int
    blocks: int
    candidates: int
    history_weeks: int | None
    repeat: int

    @property
    def row(self) -> dict[str, Any]:
        """What tells it from others in the table of measurements."""
        return self._asdict() | {"data": self.data.name, "kind": self.data.kind, "size": self.data.size}

    @property
    def key(self) -> tuple[Any, ...]:
        """See `key_of`."""
        return key_of(self.row)

    def settings(self) -> dict[str, int | None]:
        """The parameters that it sets."""
        return {
            parameter: getattr(self, axis) for axis, parameter in [*SETTINGS.items(), *STAGES[self.stage].also_sets]
        }


def key_of(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """What tells a row of the table of measurements from others."""
    return tuple(row[name] for name in KEY)


def list_data(study: StudyParameters) -> list[Data]:
    """The data of a study, small ones first."""
    return [
        *[Data("sample", share) for share in sorted(study.shares)],
        *[Data("synthetic", scale) for scale in sorted(study.scales)],
    ]


def list_tasks(study: StudyParameters, yardsticks: Mapping[str, Sequence[str]], cores: int) -> list[Task]:
    """Lay out a study as a star: one axis at a time leaves the base.

    The base has the most cores and the first value of each setting; `cores` and settings vary on the data named for
    it, and on these alone the cluster is measured, which this machine only plays. Repeats are outermost, and of one
    configuration contestants follow each other, so that what else a machine does meets all alike.

    Args:
        yardsticks: the stages of each yardstick that is installed.
        cores: how many there are; more are not measured.
    """
    found = [
        task
        for repeat in range(1, study.repeats + 1)
        for data in list_data(study)
        for stage in study.stages
        for task in _of_stage(study, yardsticks, cores, data, stage, repeat)
    ]
    return list(dict.fromkeys(found))


def _of_stage(
    study: StudyParameters,
    yardsticks: Mapping[str, Sequence[str]],
    cores: int,
    data: Data,
    stage: str,
    repeat: int,
) -> Iterator[Task]:
    base = {name: getattr(study, name)[0] for name in SETTINGS}
    some = sorted({min(count, cores) for count in study.cores})
    varied = data in (Data("sample", study.vary_on), Data("synthetic", study.vary_on))
    within = [engine for engine in study.engines if engine != "cluster"]
    for count in some if varied else some[-1:]:
        for engine in study.engines if varied else within:
            yield Task(data, stage, engine, count, **base, repeat=repeat)
    for yardstick in study.yardsticks:
        if stage in yardsticks.get(yardstick, ()):
            # DuckDB on all cores, too: what is asked of Sail is measured by it.
            for count in {1, some[-1]} if yardstick == "duckdb" else {1}:
                yield Task(data, stage, yardstick, count, **base, repeat=repeat)
    if varied:
        for name in STAGES[stage].work:
            for value in getattr(study, name)[1:]:
                # Blocks are Spark's own.
                for engine in within if name != "blocks" else [engine for engine in within if engine == "spark"]:
                    yield Task(data, stage, engine, some[-1], **(base | {name: value}), repeat=repeat)
