"""The work of data_processing by DuckDB on all cores: what a good single-machine engine needs for it.

python -m benchmarks.duckdb_processing RAW_DIR OUTPUT_DIR
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hm_kedro.pipelines.scaling_study.yardsticks.duckdb_reading import process

if __name__ == "__main__":
    process(Path(sys.argv[1]), Path(sys.argv[2]), os.cpu_count() or 1)
