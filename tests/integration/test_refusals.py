"""Bad input ends in one line that names the thing and the remedy, exit code 1, and no stack trace."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests import runs, tiny

from hm_kedro.pipelines.als_candidates.retrievers import RETRIEVERS

pytestmark = pytest.mark.integration


def refused(*params: str, pipeline: str = "__default__") -> str:
    ended = runs.kedro("run", "--env", "test", "--pipeline", pipeline, "--params", ",".join(params))
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "WARN" not in ended.stdout
    lines = [line for line in ended.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, ended.stderr
    assert lines[0].startswith("Error: ")
    return lines[0]


@pytest.mark.parametrize(
    ("params", "words"),
    [
        (["cutoff=2020-13-01"], ["cutoff '2020-13-01'", "year-month-day"]),
        (["engine=flink"], ["engine 'flink'", "spark, sail, cluster"]),
        (["als.rnk=3"], ["'als.rnk'", "conf/base/parameters"]),
        (["colour=blue"], ["'colour'", "conf/base/parameters"]),
        (["als.rank=0"], ["'als.rank' = 0", "greater than or equal to 1"]),
        (["als.half_life_days=-1"], ["'als.half_life_days' = -1", "greater than 0"]),
        (["retrieval.foo.top=3"], ["unknown parameter 'retrieval.foo'", "conf/base/parameters"]),
        ([f"retrieval.{name}.top=0" for name in RETRIEVERS], ["'retrieval'", "every retriever's top is 0"]),
        (["raw_dir=/nowhere/at/all", "engine=sail"], ["/nowhere/at/all/", "raw_dir=FOLDER"]),
        (["submissions=nowhere.csv"], ["submissions: 'nowhere.csv' is no file", "leave submissions out"]),
        (["ranker.training=elsewhere"], ["'ranker.training' = 'elsewhere'", "'single' or 'distributed'"]),
        (["ranker.training=distributed", "ranker.workers=0"], ["'ranker.workers' = 0", "greater than 0"]),
        (["ranker.training=distributed", "engine=sail"], ["ranker.training=distributed", "engine=spark"]),
        (["scale=x"], ["'scale' = 'x'", "valid number"]),
    ],
)
def test_refusal_names_the_thing_and_the_remedy(params: list[str], words: list[str], tmp_path: Path) -> None:
    line = refused(f"output_dir={tmp_path / 'out'}", *params)
    for word in words:
        assert word in line
    assert not list(tmp_path.rglob("*.parquet"))


@pytest.mark.parametrize("engine", ["spark", "sail"])
def test_cutoff_before_the_data_says_when_they_begin(engine: str, raw: Path, tmp_path: Path) -> None:
    line = refused(f"raw_dir={raw}", f"output_dir={tmp_path}", "cutoff=2019-01-01", f"engine={engine}")
    assert "cutoff 2019-01-01" in line
    assert "choose a cutoff from" in line


def test_cutoff_past_the_data_says_where_they_end(raw: Path, tmp_path: Path) -> None:
    line = refused(f"raw_dir={raw}", f"output_dir={tmp_path}", "cutoff=2021-01-01", "engine=sail")
    assert "cutoff 2021-01-01" in line
    assert "up to 2020-09-2" in line


@pytest.mark.parametrize(
    ("scale", "words"),
    [("0", "greater than or equal to"), ("-1", "greater"), ("11", "less than or equal to 10"), ("x", "number")],
)
def test_a_scale_that_no_log_has_is_refused(scale: str, words: str, tmp_path: Path) -> None:
    places = [f"raw_dir={tmp_path / 'raw'}", f"output_dir={tmp_path / 'out'}"]
    line = refused(*places, f"scale={scale}", pipeline="synthetic_data")
    assert "'scale'" in line
    assert words in line
    assert not list(tmp_path.iterdir())


def test_synthetic_files_are_not_written_over_others(tmp_path: Path) -> None:
    raw = tiny.write_raw(tmp_path / "raw", tiny.make_transactions())
    before = {path.name: path.read_bytes() for path in raw.iterdir()}
    line = refused(f"raw_dir={raw}", f"output_dir={tmp_path / 'out'}", "scale=0.001", pipeline="synthetic_data")
    assert "holds files of other origin (articles.csv, customers.csv, " in line
    assert "raw_dir=FOLDER" in line
    assert {path.name: path.read_bytes() for path in raw.iterdir()} == before
    assert not (tmp_path / "out").exists()


def test_output_among_the_raw_files_is_refused(raw: Path) -> None:
    before = sorted(raw.iterdir())
    line = refused(f"raw_dir={raw}", f"output_dir={raw / 'out'}", "engine=sail")
    assert "raw_dir" in line
    assert sorted(raw.iterdir()) == before


def test_missing_column_is_named(tmp_path: Path) -> None:
    raw = tiny.write_raw(tmp_path / "raw", tiny.make_transactions())
    text = (raw / "customers.csv").read_text().replace("postal_code", "post_code", 1)
    (raw / "customers.csv").write_text(text)
    line = refused(f"raw_dir={raw}", f"output_dir={tmp_path / 'out'}", "engine=sail")
    assert "customers.csv" in line
    assert "postal_code" in line


def test_too_many_rejected_rows_stop_the_run_with_a_table_and_leave_what_was_there(
    raw: Path, finished: Callable[[str], tuple[Path, str]], tmp_path: Path
) -> None:
    output = shutil.copytree(finished("sail")[0], tmp_path / "out")
    before = {path: path.read_bytes() for path in (output / "03_primary/transactions").rglob("*.parquet")}
    lines = tiny.make_transactions()
    damaged = tiny.write_raw(tmp_path / "raw", [[*line[:3], "free", line[4]] for line in lines[:9]] + lines[9:])
    params = f"raw_dir={damaged},output_dir={output},engine=sail"
    ended = runs.kedro("run", "--env", "test", "--pipeline", "data_processing", "--params", params)
    assert ended.returncode == 1
    (line,) = [line for line in ended.stderr.splitlines() if line.strip()]
    assert f"transactions_train 9 of {len(lines)} rows (price unreadable 9): see rejected_rows" in line
    assert "data_processing.max_rejected_share" in line
    assert "price unreadable" in ended.stdout
    assert {path: path.read_bytes() for path in before} == before
    rejected = runs.read(output, "03_primary/rejected_rows")
    assert rejected["line"].tolist() == list(range(2, 11))
    assert set(rejected["value"]) == {"free"}


def test_tables_of_other_weeks_are_not_mixed_in(
    raw: Path, finished: Callable[[str], tuple[Path, str]], tmp_path: Path
) -> None:
    places = [f"raw_dir={raw}", f"output_dir={finished('sail')[0]}", "engine=sail"]
    line = refused(*places, "data_processing.history_weeks=3", pipeline="eda")
    assert "holds tables of all weeks, not of 3" in line


def test_tables_of_a_run_that_did_not_end_are_not_read(
    raw: Path, finished: Callable[[str], tuple[Path, str]], tmp_path: Path
) -> None:
    output = shutil.copytree(finished("sail")[0], tmp_path / "out")
    log = json.loads((output / "02_intermediate/accepted_log.json").read_text())
    (output / "02_intermediate/accepted_log.json").write_text(json.dumps(log | {"last_day": "2020-07-01"}))
    line = refused(f"raw_dir={raw}", f"output_dir={output}", "engine=sail", pipeline="eda")
    assert "the last one did not end: run `--pipeline data_processing` again" in line


def test_pipeline_whose_inputs_are_not_there_says_so(raw: Path, tmp_path: Path) -> None:
    line = refused(f"raw_dir={raw}", f"output_dir={tmp_path}", "engine=sail", pipeline="als_candidates")
    assert str(tmp_path) in line
    assert "first" in line


def test_tables_of_other_raw_files_are_not_mixed_in(
    raw: Path, finished: Callable[[str], tuple[Path, str]], tmp_path: Path
) -> None:
    output, _ = finished("sail")
    line = refused("raw_dir=data/01_raw/demo", f"output_dir={output}", "engine=sail", pipeline="eda")
    assert str(raw) in line
    line = refused(f"raw_dir={raw}", f"output_dir={output}", "engine=sail", "cutoff=2020-08-01", pipeline="eda")
    assert "2020-08-01" in line


def test_cluster_without_a_master_says_what_to_set(raw: Path, tmp_path: Path) -> None:
    line = refused(f"raw_dir={raw}", f"output_dir={tmp_path}", "engine=cluster")
    assert "SPARK_MASTER_URL" in line
