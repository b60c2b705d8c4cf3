"""Runs of the project in processes of their own, in the environment of the run that starts them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hm_kedro.errors import HmKedroError
from hm_kedro.processes import run_watched

if TYPE_CHECKING:
    from collections.abc import Mapping


class _Run:
    """Which run this process is of."""

    project = Path()
    env = ""


def remember(project: Path, env: str | None) -> None:
    """Remember which run this process is of."""
    _Run.project, _Run.env = project, env or ""


def project() -> Path:
    """The project's folder."""
    return _Run.project


def env() -> str:
    """The environment of the run; empty: Kedro's default."""
    return _Run.env


def environment() -> dict[str, str]:
    """The variables that a process gets: this one's, and no question about telemetry."""
    return {**os.environ, "DO_NOT_TRACK": "1"}


def kedro_command(pipelines: str, params: Mapping[str, object], *options: str) -> list[str]:
    """The command that runs some pipelines, separated by commas, with run-time parameters."""
    given = ",".join(f"{name}={'' if value is None else value}" for name, value in params.items())
    of_env = ["--env", _Run.env] if _Run.env else []
    return [sys.executable, "-m", "kedro", "run", *of_env, "--pipelines", pipelines, *options, "--params", given]


def run_kedro(pipelines: str, params: Mapping[str, object], *options: str) -> None:
    """Run some pipelines to their good end.

    Raises:
        HmKedroError: the run failed; with its last line.
    """
    command = kedro_command(pipelines, params, *options)
    ended = run_watched(command, _Run.project, environment())
    if ended.code:
        words = (ended.said.strip().splitlines() or ["it said nothing"])[-1]
        raise HmKedroError(f"a run of {pipelines} ended with {ended.code}: {words}")
