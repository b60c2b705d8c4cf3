"""Small multiples: the same picture for each of several things, contestants in the same colours everywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import ceil, floor, log10
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from hm_kedro.chart import COLOURS, DASHES
from hm_kedro.pipelines.scaling_study.trials import CONTESTANTS
from hm_kedro.pipelines.scaling_study.words import called

Row = dict[str, Any]
NOT_ENDED = "did not come to an end"
SYMBOLS = ("circle", "diamond", "square", "triangle-up", "triangle-down", "pentagon", "star")
COLUMNS = 3
ROW_HEIGHT = 250
TOP, BOTTOM = 80, 110
# What is labelled of each power of ten, the coarsest that gives ticks enough.
STEPS: tuple[Sequence[float], ...] = (
    (1,),
    (1, 3),
    (1, 2, 5),
    (1, 1.5, 2, 3, 4, 5, 7),
    (1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9),
)
LEAST_TICKS = 3
# So that small differences look small.
LEAST_DECADES = 0.4


def most_frequent(rows: Sequence[Row], name: str) -> list[Row]:
    """Keep the rows of the most frequent value of a column: one shop's sizes, one size's cores."""
    if not rows:
        return []
    chosen = Counter(row[name] for row in rows).most_common(1)[0][0]
    return [row for row in rows if row[name] == chosen]


def split(rows: Sequence[Row], *names: str) -> dict[tuple[Any, ...], list[Row]]:
    """Gather rows by some columns, in the order in which they come."""
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in names), []).append(row)
    return found


def style(contestant: str) -> tuple[str, str, str]:
    """Give the colour, the dash and the symbol of a contestant."""
    place = CONTESTANTS.index(contestant) if contestant in CONTESTANTS else len(CONTESTANTS) - 1
    return COLOURS[place % len(COLOURS)], DASHES[place % len(DASHES)], SYMBOLS[place % len(SYMBOLS)]


def make_facets(titles: Sequence[str]) -> go.Figure:
    """Make a figure of small pictures, three in a row."""
    columns = min(COLUMNS, len(titles))
    rows = ceil(len(titles) / columns)
    height = TOP + BOTTOM + ROW_HEIGHT * rows
    figure = make_subplots(
        rows=rows,
        cols=columns,
        subplot_titles=list(titles),
        horizontal_spacing=0.08,
        vertical_spacing=min(70 / (ROW_HEIGHT * rows), 1 / rows),
    )
    figure.update_annotations(font_size=13)
    legend = {"orientation": "h", "x": 0, "yanchor": "top", "y": -65 / (height - TOP - BOTTOM)}
    figure.update_layout(height=height, legend=legend)
    return figure


def places(titles: Sequence[str]) -> Iterator[dict[str, int]]:
    """Give the row and the column of each small picture."""
    columns = min(COLUMNS, len(titles))
    for place in range(len(titles)):
        yield {"row": place // columns + 1, "col": place % columns + 1}


def name_axes(figure: go.Figure, titles: Sequence[str], x_title: str, y_title: str) -> None:
    """Name the axes at the left and at the bottom alone."""
    columns = min(COLUMNS, len(titles))
    for number, at in enumerate(places(titles)):
        if number + columns >= len(titles):
            figure.update_xaxes(title=x_title, **at)
        if at["col"] == 1:
            figure.update_yaxes(title=y_title, **at)


def log_axis(values: Sequence[float]) -> dict[str, Any]:
    """Give a logarithmic axis on which some values are seen, whatever bands do, with three labels or more.

    >>> log_axis([10, 1000])["ticktext"], log_axis([900_000, 2_100_000])["ticktext"]
    (['10', '100', '1000'], ['1M', '1.5M', '2M'])
    """
    low, high = log10(min(values)), log10(max(values))
    room = max(0.08 * (high - low), (LEAST_DECADES - (high - low)) / 2)
    decades = range(floor(low) - 1, ceil(high) + 1)
    for steps in STEPS:
        ticks = sorted(step * 10.0**decade for decade in decades for step in steps)
        shown = [tick for tick in ticks if low - room <= log10(tick) <= high + room]
        if len(shown) >= LEAST_TICKS:
            break
    return {
        "type": "log",
        "range": [low - room, high + room],
        "tickvals": shown,
        "ticktext": [_label(tick) for tick in shown],
    }


def _label(tick: float) -> str:
    for limit, unit, name in ((1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if tick >= limit:
            return f"{tick / unit:.4g}{name}"
    return f"{tick:.4g}"


def add_band(figure: go.Figure, rows: Sequence[Row], x: str, colour: str, at: dict[str, int]) -> None:
    """Add a band from `low` to `high`; none where they are missing."""
    known = [row for row in rows if row["low"] is not None and row["high"] is not None]
    there = [row[x] for row in known]
    figure.add_scatter(
        x=[*there, *there[::-1]],
        y=[*(row["high"] for row in known), *(row["low"] for row in known[::-1])],
        fill="toself",
        fillcolor=colour,
        opacity=0.15,
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        showlegend=False,
        **at,
    )


class Legend:
    """Says of each name whether it is the first time that it is drawn, so that it stands in the legend once."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def __contains__(self, name: str) -> bool:
        """Whether a name stands there already."""
        return name in self._known

    def entry(self, name: str) -> dict[str, Any]:
        """Give what a trace needs to stand in the legend, or to belong to what stands there."""
        first = name not in self._known
        self._known.add(name)
        return {"name": called(name), "legendgroup": name, "showlegend": first}


def add_crosses(
    figure: go.Figure,
    contestant: str,
    failed: tuple[list[float], list[float], list[str]],
    at: dict[str, int],
    legend: Legend,
) -> None:
    """Add what did not come to an end: crosses of the contestant's colour, one white one for all in the legend.

    Args:
        failed: where they stand along each axis, and what they say.
    """
    x, y, text = failed
    marker = {"symbol": "x", "size": 10, "line": {"color": COLOURS[-1], "width": 1}}
    hidden = {"legendgroup": NOT_ENDED, "showlegend": False, "name": NOT_ENDED}
    cross = {**marker, "color": style(contestant)[0]}
    figure.add_scatter(x=x, y=y, mode="markers", marker=cross, hovertext=text, **hidden, **at)
    if NOT_ENDED not in legend:
        white = {**marker, "color": "white"}
        figure.add_scatter(x=[None], y=[None], mode="markers", marker=white, **legend.entry(NOT_ENDED), **at)
