"""The figures of what else is measured: other metrics of what is found, and what the lists are like."""

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from hm_kedro.chart import COLOURS, Chart, Numbers, column_by_column, heat, name_rows, row_by_row
from hm_kedro.pipelines.evaluation.contest import NO_BUYERS, RANKER, called
from hm_kedro.pipelines.evaluation.contestants import ORACLE

ACCURACY = {
    "map12": "MAP@12",
    "precision12": "precision@12",
    "recall12": "recall@12",
    "ndcg12": "NDCG@12",
    "mrr12": "MRR@12",
    "hit12": "hit rate@12",
    "revenue12": "share of revenue",
}
# How a measure is called, what it is, and how its values are written.
LISTS = {
    "coverage": ("coverage", "articles that are on a list", ".0%"),
    "gini": ("Gini of exposure", "1: one article fills all lists", ".1f"),
    "novelty12": ("novelty", "bits: more, where rarely sold", ".0f"),
    "diversity12": ("diversity", "attributes in which two differ", ".0%"),
    "tail12": ("long tail", "places not with best sellers", ".0%"),
    "new12": ("new articles", "places with them", ".0%"),
    "repeat12": ("repeats", "places with own past articles", ".0%"),
}
COLUMNS = 4


def measure_numbers(metrics: Mapping[str, Any], best: str | None) -> dict[str, Numbers]:
    """Give the numbers of the figures, of all contestants but the oracle; a measure without values has no rows.

    Args:
        best: the best baseline; without it nothing is held against it.
    """
    known = {name: scores for name, scores in metrics.get("contestants", {}).items() if name != ORACLE}
    beside = known.get(best or "", {})
    accuracy = [
        {
            "contestant": name,
            "best": name == best,
            "metric": metric,
            "value": scores[metric],
            "ratio": scores[metric] / beside[metric],
        }
        for name, scores in known.items()
        for metric in ACCURACY
        if metric in scores and beside.get(metric)
    ]
    of_lists = [
        {"contestant": name, "measure": measure, "value": scores[measure]}
        for name, scores in known.items()
        for measure in LISTS
        if measure in scores
    ]
    return {
        "accuracy_metrics": column_by_column(accuracy, ["contestant", "best", "metric", "value", "ratio"]),
        "beyond_accuracy": column_by_column(of_lists, ["contestant", "measure", "value"]),
    }


def _draw_accuracy(numbers: Numbers) -> go.Figure:
    found = {(row["contestant"], row["metric"]): row for row in row_by_row(numbers)}
    names = list(dict.fromkeys(numbers["contestant"]))
    metrics = [metric for metric in ACCURACY if metric in numbers["metric"]]
    cells = [[found.get((name, metric)) for metric in metrics] for name in names]
    figure = heat(
        [ACCURACY[metric] for metric in metrics],
        [called(name) for name in names],
        [[cell and cell["ratio"] for cell in row] for row in cells],
        ("", "", "to the best<br>baseline's"),
        middle=1,
    )
    figure.update_traces(
        text=[[_cell(cell) for cell in row] for row in cells],
        texttemplate="%{text}",
        textfont={"color": "#000000"},
        hovertemplate="%{y}, %{x}: %{text}<extra></extra>",
        colorbar={"tickformat": ".0%"},
    )
    figure.update_layout(height=200 + 38 * len(names))
    figure.update_yaxes(autorange="reversed", dtick=1)
    return figure


def _cell(row: dict[str, Any] | None) -> str:
    if row is None:
        return ""
    return f"{row['value']:.4f}" if row["best"] else f"{row['value']:.4f}<br>{row['ratio'] - 1:+.0%}"


def _read_accuracy(numbers: Numbers) -> str:
    every = row_by_row(numbers)
    best = next(row["contestant"] for row in every if row["best"])
    said = ", ".join(
        f"{ACCURACY[row['metric']]} {row['ratio'] - 1:+.0%}" for row in every if row["contestant"] == RANKER
    )
    return f"The ranker beside {called(best)}, the best baseline: {said}."


def _draw_lists(numbers: Numbers) -> go.Figure:
    every = row_by_row(numbers)
    measures = [measure for measure in LISTS if measure in numbers["measure"]]
    names = [called(name) for name in dict.fromkeys(numbers["contestant"])]
    lines = -(-len(measures) // COLUMNS)
    figure = make_subplots(
        rows=lines,
        cols=min(len(measures), COLUMNS),
        shared_yaxes=True,
        subplot_titles=[LISTS[measure][0] for measure in measures],
        horizontal_spacing=0.03,
        vertical_spacing=0.25 / lines,
    )
    name_rows(figure, names)
    for place, measure in enumerate(measures):
        of = {"row": place // COLUMNS + 1, "col": place % COLUMNS + 1}
        name, meaning, form = LISTS[measure]
        found = [row for row in every if row["measure"] == measure]
        figure.add_scatter(
            x=[row["value"] for row in found],
            y=[called(row["contestant"]) for row in found],
            mode="markers",
            marker={"color": COLOURS[0], "size": 9},
            cliponaxis=False,
            showlegend=False,
            name=name,
            **of,
        )
        title = {"text": meaning, "font": {"size": 12}, "standoff": 5}
        figure.update_xaxes(title=title, tickformat=form, rangemode="tozero", nticks=5, **of)
    figure.update_layout(height=120 + lines * (100 + 22 * len(names)))
    return figure


def _read_lists(numbers: Numbers) -> str:
    of_ranker = {row["measure"]: row["value"] for row in row_by_row(numbers) if row["contestant"] == RANKER}
    words = {
        "coverage": "{:.1%} of the articles sold lately are on a list",
        "repeat12": "{:.1%} of the places are repeats",
        "new12": "{:.1%} are new articles",
        "tail12": "{:.1%} are of the long tail",
    }
    told = [said.format(of_ranker[measure]) for measure, said in words.items() if measure in of_ranker]
    return f"Of the ranker's lists: {', '.join(told)}."


CHARTS = (
    Chart(
        "accuracy_metrics",
        "Whether other metrics agree: each beside the best baseline's",
        NO_BUYERS,
        _draw_accuracy,
        _read_accuracy,
    ),
    Chart("beyond_accuracy", "What the lists are like", NO_BUYERS, _draw_lists, _read_lists),
)
