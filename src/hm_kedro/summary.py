"""The last words of a run: its data, its models' scores and where its outputs lie."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    import pandas as pd
    from kedro.io import CatalogProtocol
    from kedro.pipeline import Pipeline

    from hm_kedro.parameters import Parameters

# What is printed beside MAP@12.
ALSO_PRINTED = {"recall12": "recall@12", "ndcg12": "NDCG@12"}


def print_summary(
    run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any], parameters: Parameters
) -> None:
    """Print what a run that evaluated, recommended or made data has found."""
    made = pipeline.all_outputs()
    console = Console()
    if "data_quality" in made:
        print_rejected(console, catalog.load("data_quality"))
    if "eda_summary" in made:
        _print_data(console, catalog.load("eda_summary"), parameters.raw_dir)
    if "metrics" in made:
        compared = {name: catalog.load(name) for name in ("contestant_scores", "comparison") if name in made}
        _print_metrics(console, catalog.load("metrics"), **compared)
    if "synthetic_ceiling" in made:
        _print_ceiling(console, catalog.load("synthetic_ceiling"))
    if "synthetic_files" in made:
        _print_place(console, "files", str(Path(run_params["project_path"]) / catalog["synthetic_files"].path))
    root = parameters.output_dir
    if "://" not in root:  # else shared storage, whose address a local path would mangle
        root = str(Path(run_params["project_path"]) / root)
    for name, path in (
        ("submission", "07_model_output/submission.csv"),
        ("metrics", "08_reporting/metrics.json"),
        ("report", "08_reporting/report.html"),
    ):
        if name in made:
            _print_place(console, name, f"{root}/{path}")


def print_rejected(console: Console, data_quality: dict[str, Any]) -> None:
    """Print which rows are in no primary table and why; nothing where all are."""
    faults = [
        (name, rule, count, counts["rows"])
        for name, counts in data_quality.items()
        for rule, count in counts["by_rule"].items()
    ]
    if not faults:
        return
    table = Table("table", "column and rule", "rejected rows", "share")
    for name, rule, count, rows in faults:
        table.add_row(name, rule, f"{count:,}", f"{count / rows:.3%}")
    console.print(table)


def _print_place(console: Console, name: str, place: str) -> None:
    console.print(f"{name}: {place}", soft_wrap=True, highlight=False, markup=False)


def _print_ceiling(console: Console, ceiling: dict[str, Any]) -> None:
    if ceiling["map12"] is not None:
        console.print(
            f"\nweek of {ceiling['week']}: {ceiling['buyers']:,} buyers; MAP@12 of the true probabilities "
            f"{ceiling['map12']:.4f} ({ceiling['buyers_scored']:,} of them)",
            soft_wrap=True,
            highlight=False,
        )


def _print_data(console: Console, shop: dict[str, Any], raw_dir: str) -> None:
    console.print(
        f"\ndata: {raw_dir}, {shop['first_day']} to {shop['last_day']}: {shop['transactions']:,} transactions by "
        f"{shop['customers_with_a_transaction']:,} of {shop['customers']:,} customers "
        f"({shop['share_with_a_transaction']:.1%}), {shop['articles']:,} articles",
        soft_wrap=True,
        highlight=False,
        markup=False,
    )


def _print_metrics(
    console: Console,
    metrics: dict[str, Any],
    contestant_scores: pd.DataFrame | None = None,
    comparison: pd.DataFrame | None = None,
) -> None:
    if not metrics["contestants"]:
        console.print("no complete week before the cutoff has a history to be judged by", highlight=False)
        return
    weeks = ", ".join(f"{week} ({metrics['buyers'].get(week, 0):,} buyers)" for week in metrics["weeks"])
    console.print(f"judged weeks: {weeks}", soft_wrap=True, highlight=False)
    models = metrics["contestants"]
    columns = {"MAP@12": {name: f"{scores['map12']:.4f}" for name, scores in models.items()}}
    if contestant_scores is not None:
        columns["95 % interval"] = _list_intervals(contestant_scores)
    for metric, title in ALSO_PRINTED.items():
        columns[title] = {name: f"{scores[metric]:.4f}" for name, scores in models.items() if metric in scores}
    columns = {title: cells for title, cells in columns.items() if cells}
    table = Table("model", *columns)
    for name in sorted(models, key=lambda name: models[name]["map12"]):
        table.add_row(name, *[cells.get(name, "") for cells in columns.values()])
    console.print(table)
    if comparison is not None:
        for claim in _list_claims_of_ranker(comparison):
            console.print(claim, soft_wrap=True, highlight=False, markup=False)


def _list_intervals(contestant_scores: pd.DataFrame) -> dict[str, str]:
    from hm_kedro.pipelines.evaluation.contest import MAP12, records

    found = [row for row in records(contestant_scores) if row["metric"] == MAP12 and row["low"] is not None]
    return {row["contestant"]: f"{row['low']:.4f} to {row['high']:.4f}" for row in found}


def _list_claims_of_ranker(comparison: pd.DataFrame) -> list[str]:
    """List what may be claimed of the ranker against the best baseline and against ALS."""
    from hm_kedro.pipelines.evaluation.contest import ALS_FILLED, RANKER, list_differences
    from hm_kedro.pipelines.evaluation.contestants import BASELINES

    ours = [row for row in list_differences(comparison) if row["contestant"] == RANKER]
    return [row["claim"] for row in ours if row["other"] in (*BASELINES, ALS_FILLED)]
