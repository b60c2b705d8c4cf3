"""Copies of the real files, damaged at random: rows in = kept + rejected, always, and no crash."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pyarrow.dataset as arrow_dataset
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests import runs
from tests.damage import count_lines, damage, damages
from tests.real import test_real_logs
from tests.real.test_real_logs import LOGS

pytestmark = test_real_logs.pytestmark
NAMES = {
    "articles": "articles",
    "customers": "customers",
    "transactions_train": "transactions",
    "sample_submission": "submission_lines",
}


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.fixed_dictionaries({name: damages(25) for name in NAMES}))
def test_every_row_of_damaged_real_files_is_kept_or_rejected(tmp_path: Path, faults: dict) -> None:
    shutil.rmtree(tmp_path / "raw", ignore_errors=True)
    (tmp_path / "raw").mkdir()
    lines = {}
    for name, found in faults.items():
        content = damage((LOGS / "hm_week" / f"{name}.csv").read_bytes(), found)
        (tmp_path / "raw" / f"{name}.csv").write_bytes(content)
        lines[name] = count_lines(content)
    # Any share of rejected rows, and a cutoff that no mistyped day moves.
    anything = ["data_processing.max_rejected_share=1", "cutoff=2020-09-23"]
    runs.run("kaggle", tmp_path / "raw", tmp_path / "out", "engine=sail", *anything, pipeline="data_processing")
    quality = json.loads((tmp_path / "out/08_reporting/data_quality.json").read_text())
    rejected = Counter(_read(tmp_path, "rejected_rows", "file")["file"])
    for name, table in NAMES.items():
        counts = quality[table]
        assert counts["rows"] == counts["kept"] + counts["rejected"]
        assert counts["rejected"] == sum(counts["by_rule"].values()) == rejected[f"{name}.csv"]
        if name != "articles":  # whose descriptions hold line ends
            assert counts["rows"] == lines[name]
    assert len(_read(tmp_path, "articles", "article")["article"]) == kept_once(quality["articles"])
    assert len(_read(tmp_path, "customers", "customer")["customer"]) == kept_once(quality["customers"])
    pieces = _read(tmp_path, "transactions", "quantity"), _read(tmp_path, "later_transactions", "quantity")
    assert sum(sum(table["quantity"]) for table in pieces) == quality["transactions"]["kept"]


def kept_once(counts: dict[str, int]) -> int:
    return counts["kept"] - counts["repeated"]


def _read(folder: Path, table: str, column: str) -> dict[str, list]:
    path = folder / "out/03_primary" / table
    return arrow_dataset.dataset(path, format="parquet", partitioning="hive").to_table(columns=[column]).to_pydict()
