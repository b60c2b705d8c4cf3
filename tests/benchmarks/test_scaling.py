"""The page of what scaling buys."""

import json
import shutil
import sys

from tests.pipelines.scaling_study.study import QUALITY, report, study

from benchmarks import scaling


def lines_of(text, name):
    return text.split(f"<!-- {name} -->\n")[1].split(f"\n<!-- /{name} -->")[0].splitlines()


def test_every_table_of_the_page_is_written_from_the_measurements(tmp_path, monkeypatch):
    page = shutil.copy(scaling.PAGE, tmp_path / "scaling.md")
    study().to_parquet(tmp_path / "measurements.parquet")
    (tmp_path / "demo.json").write_text(json.dumps(QUALITY))
    (tmp_path / "other.json").write_text(json.dumps(QUALITY | {"log": ["other"] * 4}))
    files = ["--measurements", str(tmp_path / "measurements.parquet")]
    study().query("candidates != 50").assign(machine="another, Linux").to_parquet(tmp_path / "settings.parquet")
    files += ["--settings", str(tmp_path / "settings.parquet")]
    files += ["--quality", str(tmp_path / "demo.json"), str(tmp_path / "other.json")]
    monkeypatch.setattr(sys, "argv", ["scaling", *files])
    monkeypatch.setattr(scaling.write, "__defaults__", ((), page))
    scaling.main()
    text = page.read_text(encoding="utf-8")
    assert scaling.NOTHING not in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith(" |") for line in tables)
    facts = "2 | 16 GiB | pyspark 4.2.1 | 3g, 4 partitions"
    assert lines_of(text, "machine")[2] == f"| a machine | {facts} | 2026-11-26 | 141 |"
    assert lines_of(text, "machine")[3].startswith(f"| another, Linux | {facts} | ")
    start = "| candidates | train, synthetic 0.1 | Spark"
    assert lines_of(text, "settings")[2:4] == [
        f"{start} | 3, 50 to 200 | 0.79 (−0.73 to 2.31) | 3.00 (3.00 to 3.00) | a machine |",
        f"{start} | 2, 100 to 200 | 1.00 (1.00 to 1.00) | 2.00 (2.00 to 2.00) | another |",
    ]
    single, never = "| read | 0.32 million | DuckDB 0.1 s", "never up to 2"
    assert lines_of(text, "cost")[2] == (
        f"{single} | {never} | 5.5 s | 55.00 (55.00 to 55.00) | {never} | 0.2 s | 2.00 (2.00 to 2.00) |"
    )
    assert lines_of(text, "work")[2] == (
        "| read | Spark | 32 million | 55 s (54 s to 56 s) | 5.0 s | 14% of 2 | 1.0 GiB |  |  |"
    )
    assert "| whole, synthetic | Sail | 31.8 | 50 min (" in lines_of(text, "size predictions")[-1]
    assert lines_of(text, "core predictions")[2].startswith(
        "| train, synthetic 0.1 | Spark | Amdahl | 3.4 (3.4 to 3.4), 7.1 s | "
    )
    judged = [line.split(" | ")[0] for line in lines_of(text, "quality")[2:10]]
    assert judged == ["| demo"] * 4 + ["| other"] * 4
    assert lines_of(text, "quality")[3] == (
        "| demo | customers | 1 | ranker | 0.0300 (0.0290 to 0.0310) | +0.0100 (+0.0080 to +0.0120) | 0.2000 | 1,000 |"
    )
    assert lines_of(text, "failures")[2] == (
        "| read | pandas | synthetic 1 | 1 | 3 of 3 | out of memory after 10 s | MemoryError |"
    )


def test_what_was_not_measured_is_said_to_be_so(tmp_path):
    page = shutil.copy(scaling.PAGE, tmp_path / "scaling.md")
    scaling.write({name: {} for name in report()}, page=page)
    text = page.read_text(encoding="utf-8")
    assert lines_of(text, "failures") == ["No run failed."]
    assert lines_of(text, "cost") == lines_of(text, "quality") == [scaling.NOTHING]


def test_last_words_fit_into_a_cell():
    assert scaling.said("a | b\n\n c") == "a \\| b c"
    assert scaling.said(None) == ""


def test_a_cost_that_may_be_less_is_marked():
    row = {"cost": 2, "least_cores": 2, "most_cores": 2, "seconds": 1.0, "failure": "", "ratio": 0.5, "low": None}
    assert scaling.cost_cells(row) == ["≤ 2", "1.0 s", "0.50"]
    assert scaling.cost_cells(row | {"least_cores": 1})[0] == "2"
    assert scaling.cost_cells(None) == ["", "", ""]
