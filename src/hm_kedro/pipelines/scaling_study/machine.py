"""The machine that a study ran on, and what Apache Spark was told there."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hm_kedro import engine
from hm_kedro.processes import cores

if TYPE_CHECKING:
    from collections.abc import Mapping

TOOLS = ("pyspark", "pysail", "lightgbm", "implicit", "pandas", "duckdb", "numpy")


def describe_machine() -> dict[str, Any]:
    """What the table of measurements tells of the machine: processor, cores, memory, versions, Spark's settings."""
    return {
        "machine": f"{_processor()}, {platform.system()}",
        "machine_cores": cores(),
        "machine_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "versions": ", ".join([f"python {platform.python_version()}", *_tools()]),
        "spark": _spark(engine.configuration()),
    }


def _spark(told: Mapping[str, Any]) -> str:
    """Name those of Spark's settings that an environment chooses by the size of its data; Spark's own if not told."""
    memory, partitions = told.get("spark.driver.memory", "1g"), told.get("spark.sql.shuffle.partitions", 200)
    return f"{memory}, {partitions} partitions"


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _tools() -> list[str]:
    found = []
    for tool in TOOLS:
        try:
            found.append(f"{tool} {version(tool)}")
        except PackageNotFoundError:
            continue
    return found
