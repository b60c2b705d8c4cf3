"""Tiny raw files and the runs on them, each made once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from tests import runs, tiny

CUTOFF = "2020-08-12"


@pytest.fixture(scope="session")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the tiny raw files."""
    return tiny.write_raw(tmp_path_factory.mktemp("raw"), tiny.make_transactions())


@pytest.fixture(scope="session")
def finished(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, str]]:
    """Give a finished default run of an engine: where its outputs lie and what it printed."""

    @cache
    def run(engine: str) -> tuple[Path, str]:
        output = tmp_path_factory.mktemp(engine)
        return output, runs.run("test", raw, output, f"engine={engine}")

    return run


@pytest.fixture(scope="session")
def cut_off(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the outputs of a finished run on Sail lie, whose cutoff is CUTOFF: the log goes on behind it."""
    output = tmp_path_factory.mktemp("cut_off")
    runs.run("test", raw, output, "engine=sail", f"cutoff={CUTOFF}")
    return output
