"""The figures of time and of memory over size, a small picture a stage."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from hm_kedro.chart import Chart, Numbers, column_by_column, counted, row_by_row
from hm_kedro.pipelines.scaling_study.facets import (
    Legend,
    add_band,
    add_crosses,
    log_axis,
    make_facets,
    most_frequent,
    name_axes,
    places,
    split,
    style,
)
from hm_kedro.pipelines.scaling_study.measurements import OK
from hm_kedro.pipelines.scaling_study.words import called, say_bytes, say_count, say_range

RUN, CURVE, FAILURE = "run", "curve", "failure"
UNITS = {"seconds": 1, "peak_bytes": 2**30}
COLUMNS = ("family", "stage", "contestant", "what", "transactions", "value", "low", "high", "status", "exponent")


def growth_numbers(report: dict[str, Numbers], measure: str) -> Numbers:
    """Give runs, failures and fitted curves of the shop with the most runs.

    Failures stand at what was measured until then or, if nothing was, at the most that is known of their stage.
    """
    runs = most_frequent(row_by_row(report.get("size_runs", {})), "family")
    if not runs:
        return {}
    family, most = runs[0]["family"], {}
    for (stage,), of_stage in split(runs, "stage").items():
        most[stage] = max((row[measure] or 0 for row in of_stage), default=0)
    exponents = {
        (row["stage"], row["contestant"]): row["exponent"]
        for row in row_by_row(report.get("growth", {}))
        if (row["measure"], row["family"]) == (measure, family)
    }
    found: list[dict[str, Any]] = []
    for row in runs:
        ended = row["status"] == OK
        value = row[measure] or (None if ended else most[row["stage"]])
        if value:
            found.append(
                row | {"what": RUN if ended else FAILURE, "value": value, "low": None, "high": None, "exponent": None}
            )
    for row in row_by_row(report.get("curves", {})):
        if (row["measure"], row["family"]) == (measure, family):
            exponent = exponents[row["stage"], row["contestant"]]
            found.append(row | {"what": CURVE, "status": None, "exponent": exponent})
    scaled = [
        row | {name: row[name] and row[name] / UNITS[measure] for name in ("value", "low", "high")} for row in found
    ]
    return column_by_column(scaled, COLUMNS)


def _draw(numbers: Numbers, y_title: str) -> go.Figure:
    rows = row_by_row(numbers)
    stages = split(rows, "stage")
    titles = [called(stage) for (stage,) in stages]
    figure, legend = make_facets(titles), Legend()
    for of_stage, at in zip(stages.values(), places(titles), strict=True):
        _draw_stage(figure, of_stage, at, legend)
    sizes = log_axis([row["transactions"] for row in rows])
    figure.update_xaxes(**sizes)
    name_axes(figure, titles, f"transactions ({rows[0]['family']})", y_title)
    return figure


def _draw_stage(figure: go.Figure, rows: list[dict[str, Any]], at: dict[str, int], legend: Legend) -> None:
    for (contestant, what), found in split(rows, "contestant", "what").items():
        colour, dash, symbol = style(contestant)
        x, y = [row["transactions"] for row in found], [row["value"] for row in found]
        if what == CURVE:
            add_band(figure, found, "transactions", colour, at)
            line = {"color": colour, "dash": dash, "width": 2}
            entry = legend.entry(contestant) | {"showlegend": False}
            figure.add_scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip", **entry, **at)
        elif what == RUN:
            marker = {"color": colour, "symbol": symbol, "size": 7, "opacity": 0.8}
            figure.add_scatter(x=x, y=y, mode="markers", marker=marker, **legend.entry(contestant), **at)
        else:
            text = [f"{called(contestant)}: {row['status']}" for row in found]
            add_crosses(figure, contestant, (x, y, text), at, legend)
    figure.update_yaxes(**log_axis([row["value"] for row in rows]), **at)


def _read_time(numbers: Numbers) -> str:
    rows = row_by_row(numbers)
    told = []
    for (contestant,), found in split([row for row in rows if row["exponent"] is not None], "contestant").items():
        exponents = {row["stage"]: row["exponent"] for row in found}
        told.append(f"{say_range(exponents.items())} with {called(contestant)}")
    grows = f"Time grows with the transactions to the power {', '.join(told)}" if told else "Too few sizes for a fit"
    failed, runs = sum(row["what"] == FAILURE for row in rows), sum(row["what"] != CURVE for row in rows)
    bands = " Bands are 95 % intervals of the law." if told else ""
    return f"{grows}; {failed} of {counted(runs, 'run')} did not come to an end.{bands}"


def _read_memory(numbers: Numbers) -> str:
    rows = [row for row in row_by_row(numbers) if row["what"] == RUN]
    if not rows:
        return "No run that came to an end told its memory."
    said = []
    for (contestant,), found in split(rows, "contestant").items():
        most = max(found, key=lambda row: row["value"])
        said.append(
            f"{called(contestant)} {say_bytes(most['value'] * UNITS['peak_bytes'])} ({called(most['stage'])}, "
            f"{say_count(most['transactions'])} transactions)"
        )
    return f"Most memory of a run that came to an end: {', '.join(said)}."


TIME = Chart(
    "scaling_time",
    "What more data costs in time",
    "no measurements",
    lambda numbers: _draw(numbers, "seconds"),
    _read_time,
)
MEMORY = Chart(
    "scaling_memory",
    "What more data costs in memory",
    "no measurements of memory",
    lambda numbers: _draw(numbers, "peak memory, GiB"),
    _read_memory,
)
