"""What als_candidates takes at full size, node by node, on either engine.

    python -m benchmarks.retrieval --raw FOLDER --tables FOLDER     # primary tables made from it by data_processing

Every node runs in a process of its own, so that its memory is its own; seconds are of the whole command, start of the
engine included. The table goes into docs/als_candidates.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
from pathlib import Path

import pyarrow.dataset as arrow_dataset

from benchmarks.measure import Measurement, kedro
from benchmarks.pages import PROJECT, insert, rows

PAGE = PROJECT / "docs/als_candidates.md"
NAMES = {"sail": "Sail", "spark": "Apache Spark"}
NODES = {
    "list_target_customers": "target_customers",
    "gather_histories": "histories",
    "count_sales": "article_sales",
    "rank_bestsellers": "bestsellers",
    "relate_articles": "related_articles",
    "weigh_interactions": "interactions",
    "fit_factors": "item_factors",
    "fold_in_customers": "user_factors",
    "retrieve_candidates": "candidates",
    "find_hits": "retrieval_hits",
    "report_retrieval": "",
}
FOLDERS = {"item_factors": "06_models", "user_factors": "06_models"}


def run(engine: str, raw: Path, output: Path, params: str) -> dict[str, Measurement]:
    """Run every node of als_candidates anew and give what each took."""
    taken = {}
    asked = f"raw_dir={raw},output_dir={output},engine={engine},{params}"
    for node in NODES:
        options = ("--env", "synthetic", "--pipeline", "als_candidates", "--nodes", f"als_candidates.{node}")
        taken[node] = kedro("run", *options, "--params", asked)
        print(f"{engine} {node}: {taken[node].seconds:.1f} s, {taken[node].peak_bytes / 2**30:.2f} GiB", flush=True)
    return taken


def count(output: Path, table: str) -> str:
    """Count the rows of a table; nothing of none."""
    folder = output / FOLDERS.get(table, "04_feature") / table
    return f"{arrow_dataset.dataset(folder).count_rows():,}" if table else ""


def compare(raw: Path, tables: Path, work: Path, engines: list[str], params: str) -> None:
    """Measure the engines one after the other and write the table."""
    taken = {}
    for engine in engines:
        output = work / engine
        shutil.rmtree(output, ignore_errors=True)
        output.mkdir(parents=True)
        for layer in ("02_intermediate", "03_primary"):
            (output / layer).symlink_to(tables / layer)
        taken[engine] = run(engine, raw, output, params)
    lines = []
    for node, table in NODES.items():
        cells = [
            f"{taken[engine][node].seconds:.0f} s, {taken[engine][node].peak_bytes / 2**30:.1f} GiB"
            for engine in engines
        ]
        lines.append([f"`{node}`", count(work / engines[0], table), *cells])
    sums = [
        f"**{sum(one.seconds for one in taken[engine].values()) / 60:.1f} min, "
        f"{max(one.peak_bytes for one in taken[engine].values()) / 2**30:.1f} GiB**"
        for engine in engines
    ]
    table = rows(["node", "rows", *[NAMES[engine] for engine in engines]], [*lines, ["together, most", "", *sums]])
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    note = (
        f"One run, each node a process: its wall time and the peak memory of all its processes. `{params}`. {machine}."
    )
    insert(PAGE, "full size", f"{table}\n\n{note}")
    print(f"{table}\n\n{note}")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--raw", type=Path, required=True, help="folder of the raw files")
    parser.add_argument("--tables", type=Path, required=True, help="output_dir of data_processing's run on them")
    parser.add_argument("--work", type=Path, default=PROJECT / "out/retrieval benchmark")
    parser.add_argument("--engines", nargs="+", choices=tuple(NAMES), default=list(NAMES))
    parser.add_argument(
        "--params",
        default="evaluation.weeks=1,training.weeks=5,retrieval.budget=100",
        help="run-time parameters; as given: six weeks of buyers, one of everybody, 100 candidates each",
    )
    args = parser.parse_args()
    compare(args.raw.resolve(), args.tables.resolve(), args.work.resolve(), args.engines, args.params)


if __name__ == "__main__":
    main()
