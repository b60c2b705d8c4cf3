"""The statistics that synthetic data are held against are those of the real logs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.real import test_real_logs
from tests.real.test_real_logs import LOGS

from benchmarks import synthetic_data

pytestmark = test_real_logs.pytestmark


def test_h_and_ms_statistics_are_what_the_command_finds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    committed = json.loads(synthetic_data.REAL.read_text())
    monkeypatch.setattr(synthetic_data, "REAL", tmp_path / "again.json")
    synthetic_data.real(LOGS)
    assert json.loads((tmp_path / "again.json").read_text()) == committed
