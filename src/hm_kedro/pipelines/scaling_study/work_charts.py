"""The figures of cores, of a single thread against engines, and of where the time goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import plotly.graph_objects as go

from hm_kedro.chart import COLOURS, Chart, Numbers, column_by_column, counted, name_rows, row_by_row, whiskers
from hm_kedro.engine import ENGINES
from hm_kedro.pipelines.scaling_study.facets import (
    Legend,
    add_band,
    log_axis,
    make_facets,
    most_frequent,
    name_axes,
    places,
    split,
    style,
)
from hm_kedro.pipelines.scaling_study.rows import main_rows, say_cost
from hm_kedro.pipelines.scaling_study.speedup import speedup
from hm_kedro.pipelines.scaling_study.words import called, say_count, say_range, say_seconds

MEASURED, LAW = "measured", "law"
IDEAL = "as fast as there are cores"
# How far beyond the cores that were measured the law is drawn.
FURTHER = 8
# Stages are more than COLOURS: the eighth of Okabe and Ito's and two greys, too.
STAGE_COLOURS = (*COLOURS[:6], "#F0E442", "#999999", "#DDDDDD", COLOURS[-1])
CORE_COLUMNS = ("stage", "contestant", "what", "cores", "speedup", "low", "high", "most_cores", "data")


def core_numbers(report: dict[str, Numbers]) -> Numbers:
    """Give the speedups of the data for which most were measured, and Amdahl's law beside them and beyond."""
    points = most_frequent(row_by_row(report.get("speedup", {})), "data")
    found: list[dict[str, Any]] = [row | {"what": MEASURED, "most_cores": None} for row in points]
    for row in row_by_row(report.get("core_laws", {})):
        if not points or row["data"] != points[0]["data"]:
            continue
        for cores in np.geomspace(1, FURTHER * row["most_cores"], 13):
            # The more is serial, the less is gained.
            low, high = (
                None if share is None else speedup([share], float(cores)) for share in (row["high"], row["low"])
            )
            value = speedup([row["serial"]], float(cores))
            found.append(row | {"what": LAW, "cores": float(cores), "speedup": value, "low": low, "high": high})
    return column_by_column(found, CORE_COLUMNS)


def _draw_cores(numbers: Numbers) -> go.Figure:
    rows = row_by_row(numbers)
    stages = split(rows, "stage")
    titles = [called(stage) for (stage,) in stages]
    figure, legend = make_facets(titles), Legend()
    most = max(row["cores"] for row in rows)
    for of_stage, at in zip(stages.values(), places(titles), strict=True):
        ideal = {"color": "#999999", "width": 1, "dash": "dot"}
        figure.add_scatter(x=[1, most], y=[1, most], mode="lines", line=ideal, **legend.entry(IDEAL), **at)
        for (contestant, what), found in split(of_stage, "contestant", "what").items():
            _draw_line(figure, contestant, what, found, at, legend)
    ticks = [2**power for power in range(12) if 2**power <= most]
    shown = {"tickvals": ticks, "ticktext": [str(tick) for tick in ticks]}
    figure.update_xaxes(**log_axis([1, most]) | shown)
    # More cores may take longer than one.
    figure.update_yaxes(**log_axis([most, 1, *(row["speedup"] for row in rows)]) | shown)
    name_axes(figure, titles, f"cores ({rows[0]['data']})", "speedup over one core")
    return figure


def _draw_line(
    figure: go.Figure, contestant: str, what: str, found: list[dict[str, Any]], at: dict[str, int], legend: Legend
) -> None:
    colour, dash, symbol = style(contestant)
    x, y = [row["cores"] for row in found], [row["speedup"] for row in found]
    if what == MEASURED:
        marker = {"color": colour, "symbol": symbol, "size": 9}
        error = whiskers(found, "speedup")
        figure.add_scatter(x=x, y=y, error_y=error, mode="markers", marker=marker, **legend.entry(contestant), **at)
    else:
        add_band(figure, found, "cores", colour, at)
        line = {"color": colour, "dash": dash, "width": 2}
        entry = legend.entry(contestant) | {"showlegend": False}
        figure.add_scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip", **entry, **at)


def _read_cores(numbers: Numbers) -> str:
    rows = [row for row in row_by_row(numbers) if row["what"] == MEASURED]
    top = max(row["cores"] for row in rows)
    said = []
    for (contestant,), found in split([row for row in rows if row["cores"] == top], "contestant").items():
        speedups = say_range([(row["stage"], row["speedup"]) for row in found], " times")
        said.append(f"{called(contestant)} {speedups}")
    return (
        f"On {counted(int(top), 'core')} the speedup is with {', with '.join(said)}; lines are Amdahl's law with its "
        f"95 % interval, beyond {counted(int(top), 'core')} a prediction."
    )


def cost_numbers(report: dict[str, Numbers]) -> Numbers:
    """Give the COST of each stage and engine at the largest size at which it and a single thread came to an end."""
    largest: dict[tuple[str, str], dict[str, Any]] = {}
    for row in row_by_row(report.get("cost", {})):
        key = row["stage"], row["contestant"]
        if row["ratio"] is not None and (key not in largest or row["transactions"] > largest[key]["transactions"]):
            largest[key] = row
    found = list(largest.values())
    return column_by_column(found, list(found[0]) if found else [])


def _work(row: dict[str, Any]) -> str:
    return f"{called(row['stage'])}, {say_count(row['transactions'])}: {called(row['contestant'])}"


def _draw_cost(numbers: Numbers) -> go.Figure:
    figure, rows = go.Figure(), row_by_row(numbers)
    for (engine,), found in split(rows, "contestant").items():
        colour, _, symbol = style(engine)
        figure.add_scatter(
            x=[row["ratio"] for row in found],
            y=[_work(row) for row in found],
            error_x=whiskers(found, "ratio"),
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 9},
            name=f"{called(engine)} on {counted(max(row['most_cores'] for row in found), 'core')}",
        )
    figure.add_scatter(
        x=[max(row["high"] or row["ratio"], 1) for row in rows],
        y=[_work(row) for row in rows],
        text=[
            f"  {say_seconds(row['seconds'])}, {called(row['single'])} {say_seconds(row['single_seconds'])}: "
            f"{say_cost(row).removeprefix('is ')}"
            for row in rows
        ],
        mode="text",
        textposition="middle right",
        textfont={"size": 11},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.add_vline(x=1, line={"color": COLOURS[-1], "width": 1, "dash": "dot"})
    name_rows(figure, [_work(row) for row in rows])
    axis = log_axis([1, *(value for row in rows for value in (row["ratio"], row["low"], row["high"]) if value)])
    low, high = axis["range"]
    figure.update_yaxes(showgrid=False)
    # Half of the width is for the words.
    figure.update_xaxes(
        **axis | {"range": [low, high + (high - low)]},
        title="seconds by those of the fastest single thread, with 95 % interval; left of 1 the engine wins",
    )
    return figure


def _read_cost(numbers: Numbers) -> str:
    said = []
    for (engine,), found in split(row_by_row(numbers), "contestant").items():
        lost = [row for row in found if row["cost"] is None]
        named = ", ".join(f"{called(row['stage'])} to {called(row['single'])}" for row in lost)
        said.append(
            f"{called(engine)} loses {len(lost)} of {counted(len(found), 'stage')} to a single thread, however many "
            f"cores it was given{f' ({named})' if named else ''}"
        )
    return f"{'; '.join(said)}."


def stage_numbers(report: dict[str, Numbers]) -> Numbers:
    """Give the median seconds of the stages of each engine on its most cores, by size; failures without seconds."""
    shown = [row for row in main_rows(report) if row["contestant"] in ENGINES and row["stage"] != "whole"]
    return column_by_column(shown, ["data", "transactions", "stage", "contestant", "cores", "seconds", "failure"])


def _draw_stages(numbers: Numbers) -> go.Figure:
    """Draw shares: the seconds of the sizes are too far apart to stand beside each other."""
    figure, rows = go.Figure(), row_by_row(numbers)
    works = dict(sorted(split(rows, "contestant", "data").items(), key=lambda of: of[1][0]["transactions"]))
    works = dict(sorted(works.items(), key=lambda of: ENGINES.index(of[0][0])))
    totals = {work: sum(row["seconds"] or 0 for row in found) for work, found in works.items()}
    names = {work: f"{called(work[0])}, {say_count(found[0]['transactions'])}" for work, found in works.items()}
    stages = [stage for (stage,) in split(rows, "stage")]
    for place, stage in enumerate(stages):
        shares = {
            work: row["seconds"] / totals[work]
            for work, found in works.items()
            for row in found
            if row["stage"] == stage and row["seconds"] is not None
        }
        figure.add_bar(
            y=[names[work] for work in shares],
            x=list(shares.values()),
            orientation="h",
            name=called(stage),
            marker_color=STAGE_COLOURS[place % len(STAGE_COLOURS)],
        )
    figure.add_scatter(
        x=[1.0] * len(works),
        y=[names[work] for work in works],
        text=[f"  {say_seconds(totals[work])}{_lacking(found, stages)}" for work, found in works.items()],
        mode="text",
        textposition="middle right",
        hoverinfo="skip",
        showlegend=False,
    )
    name_rows(figure, list(names.values()))
    figure.update_layout(
        barmode="stack",
        margin={"b": 110},
        height=figure.layout.height + 40,
        legend={"yanchor": "top", "y": -70 / (26 * len(works)), "traceorder": "normal"},
    )
    figure.update_yaxes(showgrid=False)
    figure.update_xaxes(
        title="share of the stages' seconds; beside it their sum", range=[0, 1.45], tickvals=[0, 0.25, 0.5, 0.75, 1]
    )
    return figure


def _lacking(found: list[dict[str, Any]], stages: Iterable[str]) -> str:
    ended = {row["stage"] for row in found if row["seconds"] is not None}
    lacking = [called(stage) for stage in stages if stage not in ended]
    return f" without {', '.join(lacking)}" if lacking else ""


def _read_stages(numbers: Numbers) -> str:
    rows = [row for row in row_by_row(numbers) if row["seconds"] is not None]
    said = []
    for (engine,), of_engine in split(rows, "contestant").items():
        # A size of which some stages were not measured tells less of where the time goes than a smaller one.
        sizes = Counter(row["transactions"] for row in of_engine)
        largest = max(sizes, key=lambda size: (sizes[size], size))
        found = [row for row in of_engine if row["transactions"] == largest]
        dear = max(found, key=lambda row: row["seconds"])
        share = dear["seconds"] / sum(row["seconds"] for row in found)
        said.append(
            f"with {called(engine)} at {say_count(largest)} transactions to {called(dear['stage'])} ({share:.0%})"
        )
    return f"Most of the time of the stages that came to an end goes {', '.join(said)}." if said else "No stage ended."


CORES = Chart("scaling_cores", "What more cores buy", "no stage on one core and on more", _draw_cores, _read_cores)
COST = Chart(
    "scaling_cost",
    "Whether engines beat a single thread, and from how many cores",
    "no stage of which a single thread was measured",
    _draw_cost,
    _read_cost,
)
STAGES = Chart("scaling_stages", "Where the time goes", "no stage of an engine", _draw_stages, _read_stages)
