"""What only looks at the project starts no engine."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests import runs

pytestmark = pytest.mark.integration


@pytest.fixture
def alarm(tmp_path: Path) -> dict[str, str]:
    """A Java that leaves a mark when it is started."""
    java = tmp_path / "java/bin/java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    java.chmod(0o755)
    return {"JAVA_HOME": str(tmp_path / "java")}


@pytest.mark.parametrize(
    "command",
    [
        ["run", "--help"],
        ["registry", "list"],
        ["catalog", "describe-datasets"],
        ["catalog", "resolve-patterns", "--env", "kaggle"],
        ["catalog", "resolve-patterns", "--env", "online_retail"],
    ],
)
def test_command_starts_no_engine(command: list[str], alarm: dict[str, str], tmp_path: Path) -> None:
    ended = runs.kedro(*command, **alarm)
    assert ended.returncode == 0, ended.stderr
    assert "Starting the engine" not in ended.stdout + ended.stderr
    assert not (tmp_path / "started").exists()


def test_viz_is_built_without_an_engine(alarm: dict[str, str], tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    for name in ("conf", "src", "pyproject.toml"):
        source = runs.PROJECT / name
        shutil.copytree(source, project / name) if source.is_dir() else shutil.copy(source, project)
    ended = runs.kedro("viz", "build", cwd=project, **alarm)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Starting the engine" not in ended.stdout + ended.stderr
    assert not (tmp_path / "started").exists()
    assert (project / "build/index.html").is_file()
