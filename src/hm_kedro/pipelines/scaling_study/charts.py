"""The figures of what scaling buys."""

from __future__ import annotations

import plotly.graph_objects as go

from hm_kedro.chart import COLOURS, DASHES, Chart, Numbers, column_by_column, row_by_row, whiskers
from hm_kedro.pipelines.scaling_study.claims import METHODS
from hm_kedro.pipelines.scaling_study.facets import (
    SYMBOLS,
    Legend,
    Row,
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
from hm_kedro.pipelines.scaling_study.growth_charts import MEMORY, TIME, growth_numbers
from hm_kedro.pipelines.scaling_study.words import called
from hm_kedro.pipelines.scaling_study.work_charts import (
    CORES,
    COST,
    STAGES,
    core_numbers,
    cost_numbers,
    stage_numbers,
)

AXES = {"customers": "share of the customers", "history_weeks": "weeks of history", "candidates": "candidates"}
# How much further than the longest history all of it is drawn.
ALL = 1.5


def setting_numbers(report: dict[str, Numbers]) -> Numbers:
    """Give the seconds against each setting, of the data for which most were measured."""
    found = most_frequent(row_by_row(report.get("settings", {})), "data")
    return column_by_column(found, list(found[0]) if found else [])


def _draw_settings(numbers: Numbers) -> go.Figure:
    pictures = split(row_by_row(numbers), "setting", "stage")
    titles = [f"{called(setting)}: {called(stage)}" for setting, stage in pictures]
    figure, legend = make_facets(titles), Legend()
    for found, at in zip(pictures.values(), places(titles), strict=True):
        known = sorted({row["value"] for row in found if row["value"] is not None})
        ticks = {value: str(value) for value in known}
        if any(row["value"] is None for row in found):
            ticks[ALL * known[-1]] = "all"
        figure.update_xaxes(**log_axis([*ticks]) | {"tickvals": [*ticks], "ticktext": [*ticks.values()]}, **at)
        seconds = [row[name] for row in found for name in ("low", "high") if row[name]] or [1.0]
        figure.update_yaxes(**log_axis(seconds), **at)
        for (contestant,), rows in split(found, "contestant").items():
            _draw_setting(figure, contestant, rows, ALL * known[-1], max(seconds), at, legend)
    name_axes(figure, titles, f"value ({numbers['data'][0]})", "seconds")
    return figure


def _draw_setting(
    figure: go.Figure,
    contestant: str,
    rows: list[Row],
    longest: float,
    top: float,
    at: dict[str, int],
    legend: Legend,
) -> None:
    """Draw a contestant's line; what failed stands on top, all weeks of history at the longest."""
    colour, dash, symbol = style(contestant)
    ended = [row for row in rows if row["seconds"] is not None]
    failed = [row for row in rows if row["seconds"] is None]
    figure.add_scatter(
        x=[longest if row["value"] is None else row["value"] for row in ended],
        y=[row["seconds"] for row in ended],
        error_y=whiskers(ended, "seconds"),
        mode="lines+markers",
        line={"color": colour, "dash": dash, "width": 2},
        marker={"symbol": symbol, "size": 8},
        **legend.entry(contestant),
        **at,
    )
    if failed:
        x = [longest if row["value"] is None else row["value"] for row in failed]
        text = [f"{called(contestant)}: {row['failure']}" for row in failed]
        add_crosses(figure, contestant, (x, [top] * len(x), text), at, legend)


def _read_settings(numbers: Numbers) -> str:
    known = [row for row in row_by_row(numbers) if row["seconds"] is not None and row["value"] is not None]
    lines = split(known, "setting", "stage", "contestant").values()
    changes = [(found[-1]["seconds"] / found[0]["seconds"], found[0], found[-1]) for found in lines]
    if not changes:
        return "No stage came to an end."
    times, first, last = max(changes, key=lambda change: change[0])
    return (
        f"Dearest: with {called(last['setting'])} from {first['value']:,} to {last['value']:,} {called(last['stage'])} "
        f"takes {called(last['contestant'])} {times:.1f} times as long. Whiskers are the least and the most of the "
        "repeats."
    )


def quality_numbers(report: dict[str, Numbers]) -> Numbers:
    """Give the quality in the order in which it is drawn."""
    found = sorted(
        (
            row
            for row in row_by_row(report.get("quality", {}))
            if row["method"] in METHODS and row["axis"] in AXES and row["map12"] is not None
        ),
        key=lambda row: (row["log"], list(AXES).index(row["axis"]), METHODS.index(row["method"]), row["value"]),
    )
    return column_by_column(found, list(found[0]) if found else [])


def _draw_quality(numbers: Numbers) -> go.Figure:
    pictures = split(row_by_row(numbers), "log", "axis")
    titles = [f"{log}: {AXES[axis]}" for log, axis in pictures]
    figure, legend = make_facets(titles), Legend()
    for found, at in zip(pictures.values(), places(titles), strict=True):
        for (method,), rows in split(found, "method").items():
            place = METHODS.index(method)
            colour = COLOURS[place]
            add_band(figure, rows, "value", colour, at)
            figure.add_scatter(
                x=[row["value"] for row in rows],
                y=[row["map12"] for row in rows],
                mode="lines+markers",
                line={"color": colour, "dash": DASHES[place], "width": 2},
                marker={"symbol": SYMBOLS[place], "size": 7},
                **legend.entry(method),
                **at,
            )
        values = sorted({row["value"] for row in found})
        ticks = {"tickvals": values, "ticktext": [f"{value:g}" for value in values]}
        figure.update_xaxes(**log_axis(values) | ticks, **at)
        figure.update_yaxes(rangemode="tozero", **at)
    name_axes(figure, titles, "", "MAP@12")
    return figure


def _read_quality(numbers: Numbers) -> str:
    said = []
    for (log, axis), found in split(row_by_row(numbers), "log", "axis").items():
        rows = [row for row in found if row["method"] == found[-1]["method"]]
        first, last = rows[0], rows[-1]
        if first is not last:
            said.append(
                f"{called(last['method'])} on {log} from {first['map12']:.4f} to {last['map12']:.4f} "
                f"({AXES[axis]}: {first['value']:g} to {last['value']:g})"
            )
    return f"MAP@12: {'; '.join(said)}. Bands are 95 % intervals." if said else "One size alone was judged."


SETTINGS = Chart(
    "scaling_settings", "What larger settings cost", "no setting of two values", _draw_settings, _read_settings
)
QUALITY = Chart("scaling_quality", "What more data buys in quality", "no judged size", _draw_quality, _read_quality)
CHARTS = (COST, TIME, CORES, STAGES, MEMORY, SETTINGS, QUALITY)


def scaling_numbers(scaling_report: dict[str, Numbers]) -> dict[str, Numbers]:
    """Give the numbers of each figure; of what was not measured there are none."""
    numbers = {
        COST.name: cost_numbers(scaling_report),
        TIME.name: growth_numbers(scaling_report, "seconds"),
        CORES.name: core_numbers(scaling_report),
        STAGES.name: stage_numbers(scaling_report),
        MEMORY.name: growth_numbers(scaling_report, "peak_bytes"),
        SETTINGS.name: setting_numbers(scaling_report),
        QUALITY.name: quality_numbers(scaling_report),
    }
    return {name: found for name, found in numbers.items() if found}


def draw_scaling(scaling_report: dict[str, Numbers]) -> list[go.Figure]:
    """Draw the figures, in the order of CHARTS."""
    numbers = scaling_numbers(scaling_report)
    return [chart.figure(numbers) for chart in CHARTS]
