"""On a cluster of two workers a run gives what it gives in one process, whatever becomes of the workers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
from tests import runs

from hm_kedro.local_cluster import LocalCluster

pytestmark = [pytest.mark.integration, pytest.mark.slow]
Finished = Callable[[str], tuple[Path, str]]
# A JVM that works for a minute does not live to see its optimizing compiler pay.
QUICK = {"JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in QUICK.items():
            patch.setenv(name, value)
        with LocalCluster() as started:
            yield started


def run_on(cluster: LocalCluster, raw: Path, output: Path, *params: str) -> str:
    return runs.run("cluster", raw, output, *runs.small_parameters(), *params, **cluster.environment)


def await_sight(seen: Callable[[], bool], run: Future[str]) -> None:
    """Wait until something is seen of a run that goes on."""
    while not seen():
        if run.done():
            pytest.fail(f"the run ended unseen: {run.result()[-3000:]}")
        time.sleep(0.02)


def assert_same_results(one: Path, other: Path) -> None:
    runs.assert_same_tables(one, other, als=True)
    for table in runs.FACTORS:
        pd.testing.assert_frame_equal(runs.read(one, table), runs.read(other, table), check_exact=True, obj=table)
    ours, theirs = ((output / "07_model_output/submission.csv").read_bytes() for output in (one, other))
    assert ours == theirs


def test_run_on_a_cluster_gives_what_a_run_in_one_process_gives(
    cluster: LocalCluster, raw: Path, finished: Finished, tmp_path: Path
) -> None:
    run_on(cluster, raw, tmp_path)
    assert_same_results(finished("spark")[0], tmp_path)
    assert not list((tmp_path / "checkpoints").iterdir())


def test_run_whose_workers_are_killed_gives_what_an_undisturbed_one_gives(
    cluster: LocalCluster, raw: Path, finished: Finished, tmp_path: Path
) -> None:
    """One is killed within ALS, after the first iteration that is saved; the other one while parts are scored."""
    factors, progress = (tmp_path / name for name in ("06_models/item_factors", "07_model_output/recommendations.json"))
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(run_on, cluster, raw, tmp_path, "als.checkpoint_interval=1", "scoring.customers=10")
        await_sight(lambda: any((tmp_path / "checkpoints").glob("*/rdd-*")), run)
        cluster.kill_worker()
        assert not factors.exists()
        cluster.add_worker()
        await_sight(progress.exists, run)
        cluster.kill_worker()
        made = json.loads(progress.read_text())
        assert len(made["names"]) < made["parts"]
        run.result()
    cluster.add_worker()
    assert_same_results(finished("spark")[0], tmp_path)
