"""One measurement, in a process of its own: `python -m hm_kedro.pipelines.scaling_study.worker SPEC RESULT`.

The engine is started and one small job is run before the clock; the clock runs from the first load to the last save.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.dataset as arrow_dataset

from hm_kedro.errors import one_line
from hm_kedro.processes import keep_to_cores, processor_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    import pyarrow as pa
    from kedro.framework.context import KedroContext
    from kedro.pipeline import Pipeline

WARM_UP_ROWS = 20_000
CLUSTER_WORKERS = 2


@dataclass(frozen=True)
class Spec:
    """What is measured.

    Attributes:
        project, env: of the run that measures.
        contestant: an engine or a yardstick.
        stage: its name, by which a yardstick knows it.
        pipelines, nodes, to_outputs: the nodes of the project that it is (see `stages.Stage`).
        cores: that it may use.
        params: run-time parameters, by dotted names.
        tables: an output_dir with what it reads; empty: it reads raw files.
        output: an output_dir that it makes.
        makes: the tables of it that are made, whose rows are counted.
        begun: the monotonic clock when the process was started.
    """

    project: str
    env: str
    contestant: str
    stage: str
    pipelines: str
    nodes: list[str]
    to_outputs: list[str]
    cores: int
    params: dict[str, Any]
    raw: str
    tables: str
    output: str
    makes: list[str]
    begun: float


@dataclass(frozen=True)
class Result:
    """What it took; see the columns of the table of measurements."""

    seconds: float
    cpu_seconds: float
    start_seconds: float
    rows: int
    shuffle_bytes: int | None
    spill_bytes: int | None


def measure(spec: Spec) -> Result:
    """Do the work and measure it."""
    from hm_kedro.engine import ENGINES

    keep_to_cores(spec.cores)
    if spec.tables:
        link_tables(Path(spec.tables), Path(spec.output), spec.makes)
    with ExitStack() as until_the_end, tempfile.TemporaryDirectory(prefix="hm-kedro-") as events:
        work = (_of_engine if spec.contestant in ENGINES else _of_yardstick)(spec, events, until_the_end)
        warm, cpu = time.monotonic(), processor_seconds(os.getpid())
        work()
        ended, cpu_ended = time.monotonic(), processor_seconds(os.getpid())
        until_the_end.close()
        shuffled = read_events(Path(events)) if spec.contestant in ("spark", "cluster") else (None, None)
    rows = sum(_count(Path(spec.output) / table) for table in spec.makes)
    return Result(ended - warm, cpu_ended - cpu, warm - spec.begun, rows, *shuffled)


def link_tables(tables: Path, output: Path, makes: list[str]) -> None:
    """Lay out a folder of its own that has all of another's tables but those that are made anew."""
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    for layer in sorted(path for path in tables.iterdir() if path.is_dir()):
        (output / layer.name).mkdir()
        for table in layer.iterdir():
            if f"{layer.name}/{table.name}" not in makes:
                (output / layer.name / table.name).symlink_to(table)


def read_events(folder: Path) -> tuple[int, int]:
    """Sum what Spark's event log says of tasks: bytes written by shuffles, bytes spilled to disk."""
    shuffled = spilled = 0
    for file in (path for path in folder.rglob("*") if path.is_file()):
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                if '"SparkListenerTaskEnd"' in line:
                    metrics = json.loads(line).get("Task Metrics") or {}
                    shuffled += metrics.get("Shuffle Write Metrics", {}).get("Shuffle Bytes Written", 0)
                    spilled += metrics.get("Disk Bytes Spilled", 0)
    return shuffled, spilled


def choose_nodes(pipelines: str, nodes: Iterable[str], to_outputs: Iterable[str]) -> Pipeline:
    """Choose the nodes of the project that a stage is, by what `stages.Stage` says of it."""
    from kedro.framework.project import pipelines as known
    from kedro.pipeline import Pipeline

    chosen = sum((known[name] for name in pipelines.split(",")), start=Pipeline([]))
    if nodes:
        chosen = chosen.filter(node_names=[f"{pipelines}.{name}" for name in nodes])
    return chosen.to_outputs(*to_outputs) if to_outputs else chosen


def nested(params: dict[str, Any]) -> dict[str, Any]:
    """Give parameters of dotted names as the groups that they are in.

    >>> nested({"als.rank": 8, "als.blocks": 2, "cutoff": None})
    {'als': {'rank': 8, 'blocks': 2}, 'cutoff': None}
    """
    groups: dict[str, Any] = {}
    for name, value in params.items():
        *path, last = name.split(".")
        group = groups
        for step in path:
            group = group.setdefault(step, {})
        group[last] = value
    return groups


def _of_engine(spec: Spec, events: str, until_the_end: ExitStack) -> Callable[[], object]:
    from kedro.runner import SequentialRunner

    from hm_kedro import engine

    env = spec.env or None
    if spec.contestant == "cluster":
        from hm_kedro.local_cluster import LocalCluster

        workers = min(CLUSTER_WORKERS, spec.cores)
        cluster = LocalCluster(workers, spec.cores // workers, os.environ.get("SPARK_EXECUTOR_MEMORY", "2g"))
        os.environ.update(until_the_end.enter_context(cluster).environment)
        env = "cluster"
    context = _open(spec, env, {"engine": spec.contestant})
    told = {
        "spark.eventLog.enabled": True,
        "spark.eventLog.dir": Path(events).as_uri(),
        "spark.eventLog.compress": False,
    }
    master = {} if spec.contestant == "cluster" else {"spark.master": f"local[{spec.cores}]"}
    engine.configure(spec.contestant, context.config_loader["spark"] | told | master)
    until_the_end.callback(engine.stop)
    chosen = choose_nodes(spec.pipelines, spec.nodes, spec.to_outputs)
    catalog = context.catalog
    _warm_up()
    return lambda: SequentialRunner().run(chosen, catalog)


def _of_yardstick(spec: Spec, _events: str, _until_the_end: ExitStack) -> Callable[[], object]:
    from hm_kedro.parameters import Parameters
    from hm_kedro.pipelines.scaling_study.yardsticks import Work

    params = Parameters.model_validate(_open(spec, spec.env or None, {}).config_loader["parameters"])
    stages = import_module(f"hm_kedro.pipelines.scaling_study.yardsticks.{spec.contestant}_stages").STAGES
    work = Work(Path(spec.raw), Path(spec.tables), Path(spec.output), params, spec.cores)
    return lambda: stages[spec.stage](work)


def _open(spec: Spec, env: str | None, more: dict[str, Any]) -> KedroContext:
    """Open the project as a run of it would: configuration, catalog, hooks."""
    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project

    bootstrap_project(Path(spec.project))
    session = KedroSession.create(spec.project, env=env, runtime_params=nested(spec.params | more))
    return session.load_context()


def _warm_up() -> None:
    """One small job through what every stage uses: a shuffle, a worker of Python's, a file written and read."""
    from hm_kedro import engine

    def same(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield from batches

    with tempfile.TemporaryDirectory(prefix="hm-kedro-") as folder:
        session = engine.session()
        counted = session.range(WARM_UP_ROWS).selectExpr("id", "id % 7 as week").groupBy("week").count()
        counted.mapInArrow(same, "week bigint, count bigint").write.mode("overwrite").parquet(f"{folder}/counted")
        session.read.parquet(f"{folder}/counted").toArrow()


def _count(table: Path) -> int:
    """Count a table's rows; none of what is no table."""
    if not table.is_dir() or not any(table.rglob("*.parquet")):
        return 0
    return int(arrow_dataset.dataset(table, format="parquet", exclude_invalid_files=True).count_rows())


def _say(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Say an error with all that led to it, where memory may be named, and last in one line."""
    sys.__excepthook__(kind, error, trace)
    sys.stderr.write(f"{one_line(error)}\n")


def main() -> None:
    """Read what is to be measured and write what came of it."""
    told, result = map(Path, sys.argv[1:])
    sys.excepthook = _say
    taken = measure(Spec(**json.loads(told.read_text(encoding="utf-8"))))
    result.write_text(json.dumps(asdict(taken)), encoding="utf-8")


if __name__ == "__main__":
    main()
