"""The figures of the comparison: who recommends best, and how sure that is."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from hm_kedro.chart import (
    COLOURS,
    Chart,
    Numbers,
    column_by_column,
    lines,
    name_rows,
    present,
    row_by_row,
    whiskers,
)
from hm_kedro.pipelines.evaluation.contest import (
    ALS_FILLED,
    BASELINE,
    MAP12,
    NO_BUYERS,
    OUTSIDE,
    OWN,
    RANKER,
    RANKER_ALS,
    called,
    describe,
    find_best_baseline,
    holds,
    kind_of,
    list_differences,
    records,
)
from hm_kedro.pipelines.evaluation.contestants import ORACLE
from hm_kedro.pipelines.evaluation.measure_charts import CHARTS as MEASURES
from hm_kedro.pipelines.evaluation.measure_charts import measure_numbers
from hm_kedro.pipelines.evaluation.segment_charts import CHARTS as SEGMENTS
from hm_kedro.pipelines.evaluation.segment_charts import segment_numbers

BOUNDS = ("low", "high")
KINDS = {OWN: "circle", BASELINE: "diamond", OUTSIDE: "square"}
HELD = {"more than chance explains (p < 0.05 by Holm)": True, "may be chance": False}


def evaluation_numbers(
    metrics: dict[str, Any],
    contestant_scores: pd.DataFrame,
    comparison: pd.DataFrame,
    segment_comparison: pd.DataFrame,
) -> dict[str, Numbers]:
    """Give the numbers of each figure; of what was not judged there are none."""
    scores = [row for row in records(contestant_scores) if row["metric"] == MAP12]
    scores.sort(key=lambda row: row["value"], reverse=True)
    best = find_best_baseline(comparison)
    numbers = {
        "contestants": column_by_column(scores, ["contestant", "value", *BOUNDS]),
        "comparison_forest": column_by_column(
            list_differences(comparison), ["contestant", "other", "difference", *BOUNDS, "p_holm"]
        ),
        "metric_by_week": _by_week(metrics, best),
    }
    return present(numbers | measure_numbers(metrics, best) | segment_numbers(segment_comparison, best))


def _by_week(metrics: dict[str, Any], best: str | None) -> Numbers:
    """Give MAP@12 of the main contestants, oldest week first; none of a single week."""
    known = metrics.get("contestants", {})
    shown = dict.fromkeys(name for name in (RANKER, RANKER_ALS, ALS_FILLED, best, "bestsellers") if name in known)
    found = [
        {"week": week, "contestant": name, "map12": scores[MAP12], "best": name == best}
        for name in shown
        for week, scores in sorted(known[name]["by_week"].items())
    ]
    return column_by_column(found, list(found[0])) if len({row["week"] for row in found}) > 1 else {}


def draw_evaluation(
    metrics: dict[str, Any],
    contestant_scores: pd.DataFrame,
    comparison: pd.DataFrame,
    segment_comparison: pd.DataFrame,
) -> list[go.Figure]:
    """Draw the figures, in the order of CHARTS."""
    numbers = evaluation_numbers(metrics, contestant_scores, comparison, segment_comparison)
    return [chart.figure(numbers) for chart in CHARTS]


def _draw_contestants(numbers: Numbers) -> go.Figure:
    """Draw all but the oracle, beside which the others could not be told apart; its value is noted."""
    figure, shown = go.Figure(), _without_oracle(numbers)
    for place, (kind, symbol) in enumerate(KINDS.items()):
        found = [row for row in shown if kind_of(row["contestant"]) == kind]
        figure.add_scatter(
            x=[row["value"] for row in found],
            y=[called(row["contestant"]) for row in found],
            error_x=whiskers(found, "value"),
            mode="markers",
            marker={"color": COLOURS[place], "symbol": symbol, "size": 9},
            name=kind,
            hovertext=[describe(row["contestant"]) for row in found],
        )
    figure.add_scatter(
        x=[row["value"] if row["high"] is None else row["high"] for row in shown],
        y=[called(row["contestant"]) for row in shown],
        text=[f"  {row['value']:.4f}" for row in shown],
        mode="text",
        textposition="middle right",
        cliponaxis=False,
        hoverinfo="skip",
        showlegend=False,
    )
    for row in _of_oracle(numbers):
        figure.add_annotation(
            text=f"beyond the axis: the candidates in perfect order, {row['value']:.4f}",
            showarrow=False,
            xref="paper",
            yref="paper",
            x=1,
            y=0,
            yanchor="bottom",
        )
    name_rows(figure, [called(row["contestant"]) for row in shown])
    figure.update_xaxes(title="MAP@12 (from 0 to 1) on the judged weeks, with 95 % interval", rangemode="tozero")
    return figure


def _without_oracle(numbers: Numbers) -> list[dict[str, Any]]:
    return [row for row in row_by_row(numbers) if row["contestant"] != ORACLE]


def _of_oracle(numbers: Numbers) -> list[dict[str, Any]]:
    return [row for row in row_by_row(numbers) if row["contestant"] == ORACLE]


def _read_contestants(numbers: Numbers) -> str:
    first, *others = _without_oracle(numbers)
    told = f"Highest is {called(first['contestant'])} with MAP@12 {first['value']:.4f}{_interval(first)}"
    told += "".join(f", then {called(row['contestant'])} with {row['value']:.4f}" for row in others[:1])
    for row in _of_oracle(numbers):
        told += f"; the ranker's candidates in perfect order would reach {row['value']:.4f}"
    return f"{told}; that intervals overlap decides nothing, differences do."


def _interval(row: dict[str, Any]) -> str:
    return "" if row["low"] is None else f" (95 % interval {row['low']:.4f} to {row['high']:.4f})"


def _pair(row: dict[str, Any]) -> str:
    return f"{called(row['contestant'])} − {called(row['other'])}"


def _draw_forest(numbers: Numbers) -> go.Figure:
    figure, every = go.Figure(), row_by_row(numbers)
    for place, (name, held) in enumerate(HELD.items()):
        found = [row for row in every if holds(row) == held]
        figure.add_scatter(
            x=[row["difference"] for row in found],
            y=[_pair(row) for row in found],
            error_x=whiskers(found, "difference"),
            mode="markers",
            marker={"color": COLOURS[place], "symbol": ("circle", "diamond-open")[place], "size": 9},
            name=name,
        )
    figure.add_vline(x=0, line={"color": COLOURS[-1], "width": 1, "dash": "dot"})
    against_best = sum(kind_of(row["other"]) == BASELINE for row in every)
    if 0 < against_best < len(every):
        figure.add_hline(y=against_best - 0.5, line={"color": COLOURS[-1], "width": 1})
    name_rows(figure, [_pair(row) for row in every])
    figure.update_layout(showlegend=True)
    figure.update_xaxes(title="difference of MAP@12, with 95 % interval")
    return figure


def _read_forest(numbers: Numbers) -> str:
    every = row_by_row(numbers)
    against_best = [row for row in every if kind_of(row["other"]) == BASELINE]
    told = []
    if against_best:
        surely = [row for row in against_best if holds(row)]
        better = [f"{called(row['contestant'])} {row['difference']:+.4f}" for row in surely if row["difference"] > 0]
        told.append(
            f"Beside {called(against_best[0]['other'])}, the best baseline, better by more than chance explains: "
            f"{', '.join(better) or 'none'}; worse: {len(surely) - len(better)} of {len(against_best)}"
        )
    told += [
        f"{_pair(row)} is {row['difference']:+.4f}{'' if holds(row) else ', which may be chance'}"
        for row in every[len(against_best) :]
    ]
    return f"{'; '.join(told)}."


def _draw_weeks(numbers: Numbers) -> go.Figure:
    every = row_by_row(numbers)
    weeks = sorted(set(numbers["week"]))
    reached = {(row["contestant"], row["week"]): row["map12"] for row in every}
    series = {
        called(name): [reached.get((name, week)) for week in weeks] for name in dict.fromkeys(numbers["contestant"])
    }
    figure = lines(weeks, series, "judged week, by its first day", "MAP@12")
    figure.update_traces(mode="lines+markers")
    figure.update_xaxes(tickvals=weeks)
    figure.update_yaxes(tickformat=".3f")
    return figure


def _read_weeks(numbers: Numbers) -> str:
    every = row_by_row(numbers)
    ranker = {row["week"]: row["map12"] for row in every if row["contestant"] == RANKER}
    low, high = min(ranker, key=ranker.__getitem__), max(ranker, key=ranker.__getitem__)
    told = f"MAP@12 of the ranker goes from {ranker[low]:.4f} (week of {low}) to {ranker[high]:.4f} (week of {high})"
    held = [row for row in every if row["best"] and row["week"] in ranker]
    if held:
        ahead = sum(ranker[row["week"]] > row["map12"] for row in held)
        told += f"; it is ahead of {called(held[0]['contestant'])}, the best baseline, in {ahead} of {len(held)} weeks"
    return f"{told}."


CHARTS = (
    Chart("contestants", "Who recommends best", NO_BUYERS, _draw_contestants, _read_contestants),
    Chart(
        "comparison_forest",
        "By how much: against the best baseline, and the parts of the ranker against each other",
        NO_BUYERS,
        _draw_forest,
        _read_forest,
    ),
    Chart("metric_by_week", "Whether that is so in every week", "less than two judged weeks", _draw_weeks, _read_weeks),
    *MEASURES,
    *SEGMENTS,
)
