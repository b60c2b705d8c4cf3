"""What the nodes of a pipeline take at full size, on either engine.

    python -m benchmarks.nodes eda --raw FOLDER --tables FOLDER  # made by the pipelines before it
    python -m benchmarks.nodes als_candidates --raw FOLDER --tables FOLDER
    python -m benchmarks.nodes lgbm_ranking --raw FOLDER --tables FOLDER
    python -m benchmarks.nodes evaluation --raw FOLDER --tables FOLDER

Every node runs in a process of its own, so that its memory is its own (eda's small ones in one together); seconds are
of the whole command, start of the engine included. The table goes into the pipeline's page in docs/.
"""

from __future__ import annotations

import argparse
import os
import platform
from pathlib import Path
from typing import NamedTuple

import pyarrow.dataset as arrow_dataset

from benchmarks.measure import Measurement, kedro
from benchmarks.pages import PROJECT, insert, rows
from hm_kedro.pipelines.scaling_study.worker import link_tables

# In place of a node's name: all of them in one process.
WHOLE = "the whole pipeline"
NAMES = {"sail": "Sail", "spark": "Apache Spark"}


class Plan(NamedTuple):
    """What is measured of a pipeline.

    Attributes:
        nodes: their names, with the table that each makes, if its rows are counted.
        params: run-time parameters.
    """

    nodes: dict[str, str]
    params: str


# Six weeks of buyers, one of everybody, 100 candidates each.
PARAMS = "evaluation.weeks=1,training.weeks=5,retrieval.budget=100"
PLANS = {
    "eda": Plan({WHOLE: ""}, "evaluation.weeks=1"),
    "als_candidates": Plan(
        {
            "list_target_customers": "04_feature/target_customers",
            "gather_histories": "04_feature/histories",
            "count_sales": "04_feature/article_sales",
            "rank_bestsellers": "04_feature/bestsellers",
            "relate_articles": "04_feature/related_articles",
            "weigh_interactions": "04_feature/interactions",
            "fit_factors": "06_models/item_factors",
            "fold_in_customers": "06_models/user_factors",
            "retrieve_candidates": "04_feature/candidates",
            "find_hits": "04_feature/retrieval_hits",
            "report_retrieval": "",
        },
        PARAMS,
    ),
    "lgbm_ranking": Plan(
        {
            "count_days": "04_feature/article_days",
            "describe_articles": "04_feature/article_features",
            "sample_training_examples": "05_model_input/training_examples",
            "train_rankers": "",
            "measure_importance": "",
            "recommend": "07_model_output/recommendations",
            "write_submission": "",
        },
        PARAMS,
    ),
    "evaluation": Plan({WHOLE: ""}, PARAMS),
}


def run(pipeline: str, engine: str, raw: Path, output: Path, params: str) -> dict[str, Measurement]:
    """Run every node of a pipeline and give what each took."""
    taken = {}
    asked = f"raw_dir={raw},output_dir={output},engine={engine},{params}"
    for node in PLANS[pipeline].nodes:
        chosen = () if node == WHOLE else ("--nodes", f"{pipeline}.{node}")
        taken[node] = kedro("run", "--env", "synthetic", "--pipeline", pipeline, *chosen, "--params", asked)
        print(f"{engine} {node}: {taken[node].seconds:.1f} s, {taken[node].peak_bytes / 2**30:.2f} GiB", flush=True)
    return taken


def count(output: Path, table: str) -> int:
    """Count the rows of a table; none of none."""
    return arrow_dataset.dataset(output / table).count_rows() if table else 0


def compare(pipeline: str, raw: Path, tables: Path, work: Path, engines: list[str], params: str) -> None:
    """Measure the engines one after the other and write the table."""
    nodes = PLANS[pipeline].nodes
    taken = {}
    for engine in engines:
        link_tables(tables, work / engine, list(filter(None, nodes.values())))
        taken[engine] = run(pipeline, engine, raw, work / engine, params)
    lines = []
    for node, table in nodes.items():
        made = count(work / engines[0], table)
        measured = [taken[engine][node] for engine in engines]
        cells = [f"{one.seconds:.0f} s, {one.peak_bytes / 2**30:.1f} GiB" for one in measured]
        cells = [
            f"{cell}, {made / one.seconds:,.0f} rows/s" if made else cell
            for cell, one in zip(cells, measured, strict=True)
        ]
        lines.append([node if node == WHOLE else f"`{node}`", f"{made:,}" if made else "", *cells])
    sums = [
        f"**{sum(one.seconds for one in taken[engine].values()) / 60:.1f} min, "
        f"{max(one.peak_bytes for one in taken[engine].values()) / 2**30:.1f} GiB**"
        for engine in engines
    ]
    if len(nodes) > 1:
        lines.append(["together, most", "", *sums])
    table = rows(["node", "rows", *[NAMES[engine] for engine in engines]], lines)
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    note = (
        f"One run, each node a process: its wall time and the peak memory of all its processes. `{params}`. {machine}."
    )
    insert(PROJECT / f"docs/{pipeline}.md", "full size", f"{table}\n\n{note}")
    print(f"{table}\n\n{note}")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pipeline", choices=tuple(PLANS))
    parser.add_argument("--raw", type=Path, required=True, help="folder of the raw files")
    parser.add_argument("--tables", type=Path, required=True, help="output_dir of the pipelines before this one")
    parser.add_argument("--work", type=Path, default=PROJECT / "out/nodes")
    parser.add_argument("--engines", nargs="+", choices=tuple(NAMES), default=list(NAMES))
    parser.add_argument("--params", help="run-time parameters, if not the plan's")
    args = parser.parse_args()
    work = args.work.resolve() / args.pipeline
    compare(
        args.pipeline,
        args.raw.resolve(),
        args.tables.resolve(),
        work,
        args.engines,
        args.params or PLANS[args.pipeline].params,
    )


if __name__ == "__main__":
    main()
