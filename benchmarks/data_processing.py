"""How long data_processing takes, engine beside engine and DuckDB, from plain CSV files to the primary tables.

    python -m benchmarks.data_processing --raw FOLDER     # files of the wanted size, such as synthetic ones of scale 1

The runs are interleaved, and every one is checked for the same rows kept. The table goes into docs/data_processing.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import sys
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.measure import Measurement, kedro, measure
from benchmarks.pages import PROJECT, insert, rows

PAGE = PROJECT / "docs/data_processing.md"
YARDSTICK = "duckdb"
NAMES = {"sail": "Sail", "spark": "Apache Spark", YARDSTICK: "DuckDB, the same work"}


def run(engine: str, raw: Path, output: Path) -> tuple[Measurement, int]:
    """Run one engine anew and give what it took and how many lines of transactions it kept."""
    shutil.rmtree(output, ignore_errors=True)
    if engine == YARDSTICK:
        taken = measure([sys.executable, "-m", "benchmarks.duckdb_processing", str(raw), str(output)], PROJECT)
    else:
        params = f"raw_dir={raw},output_dir={output},engine={engine}"
        taken = kedro("run", "--env", "synthetic", "--pipeline", "data_processing", "--params", params)
    folder = output / "03_primary/transactions"
    return taken, sum(pq.read_table(folder, columns=["quantity"]).column("quantity").to_pylist())


def compare(raw: Path, work: Path, engines: list[str], repeats: int) -> None:
    """Measure engines in turns and write the table."""
    taken: dict[str, list[Measurement]] = {engine: [] for engine in engines}
    kept: set[int] = set()
    for number in range(repeats):
        for engine in engines:
            measured, lines = run(engine, raw, work / engine)
            taken[engine].append(measured)
            kept.add(lines)
            print(f"{number + 1}/{repeats} {engine}: {measured.seconds:.1f} s, {measured.peak_bytes / 2**30:.2f} GiB")
    if len(kept) != 1:
        raise SystemExit(f"engines kept different numbers of transactions: {sorted(kept)}")
    lines = []
    for engine in engines:
        ratios = [one.seconds / base.seconds for one, base in zip(taken[engine], taken[YARDSTICK], strict=True)]
        seconds = sorted(one.seconds for one in taken[engine])
        lines.append(
            [
                NAMES[engine],
                f"{statistics.median(seconds):.0f} s ({seconds[0]:.0f} to {seconds[-1]:.0f})",
                f"{statistics.median(ratios):.2f}",
                f"{max(one.peak_bytes for one in taken[engine]) / 2**30:.1f} GiB",
            ]
        )
    table = rows(["engine", "wall time", "of DuckDB's", "peak memory, all processes"], lines)
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    rejected = _rejected(work, engines)
    note = (
        f"{kept.pop():,} transactions kept, {rejected} rows rejected. Medians of {repeats} interleaved runs, from the "
    )
    note += f"start of the command to its end; the ratio is taken run by run. {machine}."
    insert(PAGE, "full size", f"{table}\n\n{note}")
    print(f"{table}\n\n{note}")


def _rejected(work: Path, engines: list[str]) -> int:
    own = next(engine for engine in engines if engine != YARDSTICK)
    quality = json.loads((work / own / "08_reporting/data_quality.json").read_text(encoding="utf-8"))
    return sum(int(counts["rejected"]) for counts in quality.values())


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--raw", type=Path, required=True, help="folder of the raw files, as plain CSV")
    parser.add_argument("--work", type=Path, default=PROJECT / "out/data_processing benchmark")
    parser.add_argument("--engines", nargs="+", choices=("sail", "spark"), default=["sail", "spark"])
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    compare(args.raw.resolve(), args.work.resolve(), [YARDSTICK, *args.engines], args.repeats)


if __name__ == "__main__":
    main()
