"""A measurement in a process of its own: how it ends, what is read of it, what is not measured again."""

import json
import os
import sys
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from tests.pipelines.scaling_study.test_plan import study

from hm_kedro import engine, subruns
from hm_kedro.parameters import QualityParameters, ScalingParameters
from hm_kedro.pipelines.scaling_study import nodes, workshop
from hm_kedro.pipelines.scaling_study.machine import describe_machine
from hm_kedro.pipelines.scaling_study.measurements import FAILED, OK, OUT_OF_MEMORY, OUT_OF_TIME, SCHEMA
from hm_kedro.pipelines.scaling_study.worker import link_tables, read_events
from hm_kedro.pipelines.scaling_study.workshop import Limits, Size, Workshop, status_of
from hm_kedro.processes import Ended, run_watched

RAW_DIR = "data/shop"


def ended(code=0, said="", stopped_by=""):
    return Ended(code=code, said=said, seconds=7.0, peak_bytes=3 << 30, stopped_by=stopped_by)


@pytest.mark.parametrize(
    ("how", "done", "status"),
    [
        (ended(), True, OK),
        (ended(code=1, said="ValueError: no"), False, FAILED),
        (ended(code=-9), False, OUT_OF_MEMORY),
        (ended(code=-9, stopped_by="time"), False, OUT_OF_TIME),
        (ended(code=-9, stopped_by="memory"), False, OUT_OF_MEMORY),
        (ended(code=1, said="java.lang.OutOfMemoryError: Java heap space"), False, OUT_OF_MEMORY),
        (ended(code=1, said="MemoryError: Unable to allocate 9 GiB"), False, OUT_OF_MEMORY),
        (ended(code=0), False, FAILED),
    ],
)
def test_how_a_measurement_ended(how, done, status):
    assert status_of(how, done=done) == status


def test_only_tables_that_are_made_anew_are_not_linked(tmp_path):
    for table in ("03_primary/articles", "04_feature/candidates", "04_feature/histories"):
        (tmp_path / "tables" / table).mkdir(parents=True)
    output = tmp_path / "output"
    (output / "old").mkdir(parents=True)
    link_tables(tmp_path / "tables", output, ["04_feature/candidates"])
    assert sorted(str(path.relative_to(output)) for path in output.glob("*/*")) == [
        "03_primary/articles",
        "04_feature/histories",
    ]
    assert not (output / "old").exists()


def test_shuffles_and_spills_are_summed_over_tasks(tmp_path):
    def task(written, spilled):
        metrics = {"Shuffle Write Metrics": {"Shuffle Bytes Written": written}, "Disk Bytes Spilled": spilled}
        return {"Event": "SparkListenerTaskEnd", "Task Metrics": metrics}

    (tmp_path / "eventlog").mkdir()
    lost = {"Event": "SparkListenerTaskEnd"}
    lines = [{"Event": "SparkListenerJobEnd"}, task(10, 0), task(5, 7), lost]
    (tmp_path / "eventlog/events_1").write_text("\n".join(map(json.dumps, lines)))
    assert read_events(tmp_path) == (15, 7)


class FakeWorkshop:
    """Takes no time, and fails where it is told to."""

    def __init__(self, failing=()):
        self.failing, self.measured = failing, []

    def measure(self, task):
        self.measured.append((task.contestant, task.repeat))
        status = OUT_OF_TIME if task.contestant in self.failing else OK
        seconds = None if status != OK else 1.5
        row = dict.fromkeys(SCHEMA.names) | task.row | {"status": status, "seconds": seconds, "start_seconds": 2.0}
        return row | {"peak_bytes": 1 << 30, "message": "", "transactions": 10, "customers": 2}


def measure(monkeypatch, workshop, earlier, **changes):
    chosen = ScalingParameters(studies={"mine": study(scales=(0.01,), cores=(1,), **changes)})
    monkeypatch.setattr(nodes, "open_workshop", lambda *_: workshop)
    runs = list(nodes.measure_stages(Path("folder"), earlier, RAW_DIR, "mine", chosen))
    return runs, chosen


def test_what_is_measured_is_not_measured_again(monkeypatch):
    first = FakeWorkshop()
    runs, _ = measure(monkeypatch, first, [], repeats=1)
    again = FakeWorkshop()
    more, _ = measure(monkeypatch, again, runs, repeats=2)
    assert first.measured == [("spark", 1), ("sail", 1)]
    assert again.measured == [("spark", 2), ("sail", 2)]
    assert len(more) == 2


def test_what_did_not_end_is_not_repeated_now_or_later(monkeypatch):
    first, again = FakeWorkshop(failing=["spark"]), FakeWorkshop()
    runs, _ = measure(monkeypatch, first, [], repeats=2)
    assert first.measured == [("spark", 1), ("sail", 1), ("sail", 2)]
    measure(monkeypatch, again, runs, repeats=3)
    assert again.measured == [("sail", 3)]


def test_measurements_under_other_limits_are_another_study(monkeypatch):
    runs, _ = measure(monkeypatch, FakeWorkshop(), [], most_seconds=10)
    again = FakeWorkshop()
    measure(monkeypatch, again, runs, most_seconds=20)
    assert len(again.measured) == 2


def test_measurements_stay_where_only_the_runs_for_quality_change(monkeypatch):
    runs, _ = measure(monkeypatch, FakeWorkshop(), [])
    again = FakeWorkshop()
    measure(
        monkeypatch, again, runs, quality=QualityParameters(shares=(0.5,), history_weeks=(), candidates=(), params={})
    )
    assert again.measured == []


@pytest.mark.parametrize(
    "fact", [{"machine": "Z80"}, {"machine_cores": 512}, {"versions": "pyspark 9"}, {"spark": "9g"}]
)
def test_measurements_of_another_machine_are_another_study(monkeypatch, fact):
    runs, chosen = measure(monkeypatch, FakeWorkshop(), [])
    monkeypatch.setattr(nodes, "describe_machine", lambda: describe_machine() | fact)
    again = FakeWorkshop()
    more, _ = measure(monkeypatch, again, runs)
    assert again.measured == [("spark", 1), ("sail", 1)]
    assert len(nodes.collect_measurements(runs + more, RAW_DIR, "mine", chosen)) == 2


def test_the_table_tells_of_the_environments_settings_of_spark(monkeypatch):
    told = {"spark.driver.memory": "9g", "spark.sql.shuffle.partitions": 7, "spark.app.name": "hm-kedro"}
    monkeypatch.setattr(engine._Engine, "conf", told)
    assert describe_machine()["spark"] == "9g, 7 partitions"


def test_the_table_holds_the_studys_runs_with_their_types(monkeypatch):
    runs, chosen = measure(monkeypatch, FakeWorkshop(failing=["spark"]), [])
    other = [{**runs[0], "of": {"study": "another"}}]
    table = nodes.collect_measurements(runs + other, RAW_DIR, "mine", chosen)
    assert list(table.columns) == SCHEMA.names
    assert table["contestant"].tolist() == ["spark", "sail"]
    assert table["status"].tolist() == [OUT_OF_TIME, OK]
    assert table["history_weeks"].isna().all()
    assert table["history_weeks"].dtype == pd.Int32Dtype()
    assert table["date"].iloc[0] == date.fromisoformat(runs[0]["date"])


def test_a_yardstick_that_is_not_installed_is_left_out(monkeypatch, caplog):
    def lacking(name):
        if name == "duckdb":
            raise ImportError(name)
        return SimpleNamespace(STAGES={"read": None})

    monkeypatch.setattr(nodes, "import_module", lacking)
    assert nodes.find_yardsticks(study(yardsticks=("pandas", "duckdb"))) == {"pandas": ("read",)}
    assert "duckdb is not installed" in caplog.text


class Made:
    """Runs of the project that a workshop asks for, which make empty folders."""

    def __init__(self):
        self.asked = []

    def __call__(self, pipelines, params, *options):
        self.asked.append((pipelines, params))
        for name in ("raw_dir", "output_dir"):
            Path(params[name]).mkdir(parents=True, exist_ok=True)
        if pipelines == "synthetic_data":
            for name in ("transactions_train", "customers"):
                (Path(params["raw_dir"]) / f"{name}.csv").write_text("id\n1\n2\n")


@pytest.fixture
def made(monkeypatch):
    runs = Made()
    monkeypatch.setattr(subruns, "run_kedro", runs)
    return runs


def workshop_of(folder, raw_dir=RAW_DIR, base=None, **params):
    settings = {"factors": 32, "blocks": 2, "candidates": 50, "history_weeks": None} | (base or {})
    return Workshop(folder, raw_dir, {"als.iterations": 3} | params, settings, Limits(1, 1))


def test_data_and_tables_are_made_once_for_each_that_reads_others(made, tmp_path):
    shop = workshop_of(tmp_path)
    chosen = study(scales=(0.01,), stages=("als_fit", "als_top"), factors=(32, 64), engines=("spark", "sail"))
    folders = [shop.tables(task) for task in nodes.list_tasks(chosen, {}, 2)]
    assert sorted({folder.name.rpartition(" ")[0] for folder in folders}) == ["base", "factors 64"]
    assert [pipelines.split(",")[0] for pipelines, _ in made.asked] == ["synthetic_data", *["data_processing"] * 2]
    assert [params.get("als.rank") for _, params in made.asked] == [None, 32, 64]
    assert all(params["als.iterations"] == 3 for _, params in made.asked[1:])
    assert shop.size(chosen_data(chosen)) == Size(2, 2)


@pytest.mark.parametrize("other", [{"als.iterations": 4}, {"base": {"candidates": 100}}])
def test_tables_that_were_made_with_other_parameters_are_not_read(made, tmp_path, other):
    (task, *_) = nodes.list_tasks(study(scales=(0.01,), stages=("als_fit",)), {}, 2)
    first, again, changed = (workshop_of(tmp_path, **how).tables(task) for how in ({}, {}, other))
    assert first == again != changed
    assert len(made.asked) == 3


def test_samples_of_another_log_and_their_tables_are_not_read(made, monkeypatch, tmp_path):
    sampled = []

    def sample(raw_dir, folder, share):
        sampled.append((raw_dir, share))
        folder.mkdir(parents=True)

    monkeypatch.setattr(workshop, "sample_log", sample)
    (task, *_) = nodes.list_tasks(study(shares=(0.5,), scales=(), vary_on=0.5, stages=("als_fit",)), {}, 2)
    shops = [workshop_of(tmp_path, raw_dir) for raw_dir in (RAW_DIR, "data/another", RAW_DIR)]
    one, other, again = (shop.tables(task) for shop in shops)
    assert one == again != other
    assert sampled == [(RAW_DIR, 0.5), ("data/another", 0.5)]
    assert made.asked[1][1]["raw_dir"] == str(shops[1].raw(task.data)) != made.asked[0][1]["raw_dir"]


def chosen_data(chosen):
    return nodes.list_tasks(chosen, {}, 2)[0].data


def test_what_fails_says_why_in_its_last_line_and_where_memory_was_missing_before_it(tmp_path):
    spec, result = tmp_path / "spec.json", tmp_path / "result.json"
    spec.write_text("{}")
    code = (
        "from hm_kedro.pipelines.scaling_study import worker\n"
        "def measure(spec): raise RuntimeError('lost\\n  Caused by: java.lang.OutOfMemoryError: Java heap space')\n"
        "worker.measure, worker.Spec = measure, dict\n"
        "worker.main()"
    )
    how = run_watched([sys.executable, "-c", code, str(spec), str(result)], tmp_path, os.environ)
    assert how.code == 1
    assert how.said.strip().splitlines()[-1] == "RuntimeError: lost"
    assert status_of(how, done=result.exists()) == OUT_OF_MEMORY
