"""On a cluster of two workers a run gives what it gives in one process, whatever becomes of the workers."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from tests import runs

from hm_kedro.local_cluster import LocalCluster
from hm_kedro.processes import can_measure, family

pytestmark = [pytest.mark.integration, pytest.mark.slow]
Finished = Callable[[str], tuple[Path, str]]
# A JVM that works for a minute does not live to see its optimizing compiler pay.
QUICK = {"JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m -XX:+UseSerialGC"}


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in QUICK.items():
            patch.setenv(name, value)
        with LocalCluster() as started:
            yield started


def run_on(cluster: LocalCluster, raw: Path, output: Path, *params: str, **part: str) -> str:
    return runs.run("cluster", raw, output, *runs.small_parameters(), *params, **part, **cluster.environment)


@pytest.fixture(scope="module")
def undisturbed(cluster: LocalCluster, raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the outputs of a whole run lie during which nothing happened."""
    output = tmp_path_factory.mktemp("undisturbed")
    run_on(cluster, raw, output)
    return output


@pytest.fixture
def output(undisturbed: Path, tmp_path: Path) -> Path:
    """What that run left, to go on from."""
    return shutil.copytree(undisturbed, tmp_path / "out")


def await_sight(seen: Callable[[], bool], run: Future[str]) -> None:
    """Wait until something is seen of a run that goes on."""
    while not seen():
        if run.done():
            pytest.fail(f"the run ended unseen: {run.result()[-3000:]}")
        time.sleep(0.02)


def assert_same_factors(one: Path, other: Path) -> None:
    for table in runs.FACTORS:
        pd.testing.assert_frame_equal(runs.read(one, table), runs.read(other, table), check_exact=True, obj=table)


def submission(output: Path) -> bytes:
    return (output / "07_model_output/submission.csv").read_bytes()


def test_run_on_a_cluster_gives_what_a_run_in_one_process_gives(undisturbed: Path, finished: Finished) -> None:
    in_process, _ = finished("spark")
    runs.assert_same_tables(in_process, undisturbed, als=True)
    assert_same_factors(in_process, undisturbed)
    assert submission(in_process) == submission(undisturbed)


def test_run_on_a_cluster_leaves_no_checkpoints(undisturbed: Path) -> None:
    assert list((undisturbed / "checkpoints").iterdir()) == []


def test_factors_are_the_same_where_a_worker_is_killed_within_als(
    cluster: LocalCluster, raw: Path, undisturbed: Path, output: Path
) -> None:
    """After the first iteration of which the state is saved, when those of other weeks are still to come."""
    factors = output / "06_models/item_factors"
    shutil.rmtree(factors)
    with ThreadPoolExecutor(1) as pool:
        only = {"since": "als_candidates.fit_factors", "until": "item_factors"}
        run = pool.submit(run_on, cluster, raw, output, "als.checkpoint_interval=1", **only)
        await_sight(lambda: any((output / "checkpoints").glob("*/rdd-*")), run)
        cluster.kill_worker()
        assert not factors.exists()
        run.result()
    cluster.add_worker()
    assert_same_factors(undisturbed, output)


def test_submission_is_the_same_where_a_worker_is_killed_while_customers_are_scored(
    cluster: LocalCluster, raw: Path, undisturbed: Path, output: Path
) -> None:
    """When the first part of them is scored and others are still to come."""
    progress = output / "07_model_output/recommendations.json"
    for made in (progress, output / "07_model_output/submission.csv"):
        made.unlink()
    with ThreadPoolExecutor(1) as pool:
        rest = {"since": "lgbm_ranking.recommend", "until": "submission"}
        run = pool.submit(run_on, cluster, raw, output, "scoring.customers=10", **rest)
        await_sight(lambda: progress.exists() and bool(json.loads(progress.read_text())["names"]), run)
        cluster.kill_worker()
        made = json.loads(progress.read_text())
        assert len(made["names"]) < made["parts"]
        run.result()
    cluster.add_worker()
    assert submission(undisturbed) == submission(output)


def multiply_examples(output: Path, times: int) -> None:
    """Give every customer twins, so that there are examples enough for two workers."""
    for file in (output / "05_model_input/training_examples").rglob("*.parquet"):
        rows = pq.ParquetFile(file).read()
        place, step = rows.schema.names.index("customer"), pc.max(rows["customer"]).as_py() + 1
        twins = (pc.add(rows["customer"], pa.scalar(twin * step, pa.int32())) for twin in range(times))
        pq.write_table(pa.concat_tables(rows.set_column(place, "customer", twin) for twin in twins), file)
        file.with_name(f".{file.name}.crc").unlink()  # of what it was


def executors_at_work() -> int:
    """Count the executors of this process's cluster that run Python: a daemon, and what it forked for a task."""
    executors = [pid for pid in family(os.getpid()) if b"CoarseGrainedExecutorBackend" in command_of(pid)]
    return sum(sum(b"pyspark" in command_of(child) for child in family(pid)[1:]) > 1 for pid in executors)


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it has ended meanwhile
        return b""


@pytest.mark.skipif(not can_measure(), reason="what executors do is seen in /proc")
def test_rankers_are_the_same_where_a_worker_is_killed_while_all_train_together(
    cluster: LocalCluster, raw: Path, output: Path
) -> None:
    """Nobody can go on without it: the stage waits for the next one and all begin anew."""
    multiply_examples(output, 40)
    rankers = output / "06_models/rankers"
    together = ["ranker.training=distributed", "ranker.workers=2", "ranker.trees=300", "ranker.patience=0"]
    only = {"since": "lgbm_ranking.train_rankers", "until": "rankers"}
    run_on(cluster, raw, output, *together, **only)
    undisturbed = texts(rankers)
    assert all("[tree_learner: data]" in text for text in undisturbed.values())
    shutil.rmtree(rankers)
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(run_on, cluster, raw, output, *together, **only)
        await_sight(lambda: executors_at_work() == 2, run)
        cluster.kill_worker()
        assert not rankers.exists()
        cluster.add_worker()
        run.result()
    assert texts(rankers) == undisturbed


def texts(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir()}
