"""What a chart is: numbers in, a figure and a sentence out; and the few shapes that all figures have.

Numbers are dicts of equally long lists, as JSON keeps them. Colours are those of Okabe and Ito (2008), which
colour-blind people tell apart; where lines meet they differ in their dashes, too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import plotly.graph_objects as go
from pyspark.sql import DataFrame

Numbers = dict[str, list[Any]]
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
DASHES = ("solid", "dot", "dash", "dashdot")


@dataclass(frozen=True)
class Chart:
    """One figure of the exploration.

    Attributes:
        name: of the figure and of its numbers.
        title: what it shows.
        lacks: what a log has not for which there is no such figure.
        draw: makes the figure.
        read: says in one sentence what the numbers say.
    """

    name: str
    title: str
    lacks: str
    draw: Callable[[Numbers], go.Figure]
    read: Callable[[Numbers], str]

    def figure(self, counts: dict[str, Numbers]) -> go.Figure:
        """Draw the figure; one without traces where the log lacks what it shows."""
        if self.name not in counts:
            return go.Figure()
        numbers = counts[self.name]
        figure = self.draw(numbers)
        figure.update_layout(title=self.title, template="simple_white", margin={"t": 70})
        if figure.layout.height is None:
            figure.update_layout(height=420)
        return figure


def collect(frame: DataFrame) -> Numbers:
    """Bring a small aggregate to the driver as JSON keeps it: days as ISO text."""
    columns = frame.toArrow().to_pydict()
    return {
        name: [value.isoformat() if isinstance(value, date) else value for value in values]
        for name, values in columns.items()
    }


def present(counts: dict[str, Numbers]) -> dict[str, Numbers]:
    """Keep what has numbers: what a log lacks comes back without rows or with nothing but missing values."""
    return {
        name: numbers
        for name, numbers in counts.items()
        if numbers and all(any(value is not None for value in values) for values in numbers.values())
    }


def row_by_row(numbers: Numbers) -> list[dict[str, Any]]:
    """Give numbers as rows.

    >>> row_by_row({"week": [1, 2], "buyers": [5, 7]})
    [{'week': 1, 'buyers': 5}, {'week': 2, 'buyers': 7}]
    """
    return [dict(zip(numbers, values, strict=True)) for values in zip(*numbers.values(), strict=True)]


def column_by_column(found: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Numbers:
    """Give some columns of rows as numbers; without rows none.

    >>> column_by_column([{"week": 1, "buyers": 5}, {"week": 2, "buyers": 7}], ["buyers"])
    {'buyers': [5, 7]}
    """
    return {name: [row[name] for row in found] for name in names} if found else {}


def in_words(name: str) -> str:
    """Say a name of the code in words."""
    return name.replace("_", " ")


def whiskers(found: Sequence[Mapping[str, Any]], value: str) -> dict[str, Any]:
    """Give the error bars of intervals from `low` to `high`; where a bound is missing there is none.

    >>> bars = whiskers([{"lift": 2, "low": 1, "high": 4}, {"lift": 2, "low": None, "high": None}], "lift")
    >>> bars["array"], bars["arrayminus"]
    ([2, None], [1, None])
    """
    above = [None if row["high"] is None else row["high"] - row[value] for row in found]
    below = [None if row["low"] is None else row[value] - row["low"] for row in found]
    return {"type": "data", "symmetric": False, "array": above, "arrayminus": below}


def lines(
    x: Sequence[Any], series: Mapping[str, Sequence[Any]], x_title: str, y_title: str, **layout: Any
) -> go.Figure:
    """Draw lines over a common axis."""
    figure = go.Figure()
    for place, (name, values) in enumerate(series.items()):
        style = {"color": COLOURS[place % len(COLOURS)], "dash": DASHES[place % len(DASHES)], "width": 2}
        figure.add_scatter(x=list(x), y=list(values), name=name, mode="lines", line=style)
    figure.update_layout(hovermode="x unified", legend={"orientation": "h", "y": 1.1}, **layout)
    figure.update_xaxes(title=x_title)
    figure.update_yaxes(title=y_title, rangemode="tozero", separatethousands=True)
    return figure


def bars(
    x: Sequence[Any], series: Mapping[str, Sequence[Any]], x_title: str, y_title: str, *, across: bool = False
) -> go.Figure:
    """Draw bars beside each other; across, with the names on the left and the first on top."""
    figure = go.Figure()
    for place, (name, values) in enumerate(series.items()):
        data = {"x": list(values), "y": list(x), "orientation": "h"} if across else {"x": list(x), "y": list(values)}
        figure.add_bar(name=name, marker_color=COLOURS[place % len(COLOURS)], **data)
    figure.update_layout(barmode="group", legend={"orientation": "h", "y": 1.1})
    names, amounts = (
        (figure.update_yaxes, figure.update_xaxes) if across else (figure.update_xaxes, figure.update_yaxes)
    )
    names(title=x_title)
    amounts(title=y_title, separatethousands=True)
    if across:
        figure.update_yaxes(autorange="reversed", automargin=True, dtick=1)
        figure.update_layout(height=max(300, 160 + 22 * len(x)))
    return figure


def name_rows(figure: go.Figure, names: Sequence[str]) -> None:
    """Name the rows of a figure that goes across, the first on top, its legend above them."""
    figure.update_layout(legend={"orientation": "h", "yanchor": "bottom", "y": 1, "x": 0}, height=200 + 26 * len(names))
    figure.update_yaxes(
        categoryorder="array", categoryarray=list(names), autorange="reversed", automargin=True, dtick=1, showgrid=True
    )


def heat(
    x: Sequence[Any],
    y: Sequence[Any],
    z: Sequence[Sequence[Any]],
    titles: tuple[str, str, str],
    middle: float | None = None,
) -> go.Figure:
    """Draw a heat map: light to dark, or from blue over white to orange from nothing to twice the middle."""
    scale: Any = "Cividis" if middle is None else [[0, "#0072B2"], [0.5, "#FFFFFF"], [1, "#D55E00"]]
    figure = go.Figure(go.Heatmap(x=list(x), y=list(y), z=list(z), colorscale=scale, colorbar={"title": titles[2]}))
    if middle is not None:
        figure.update_traces(zmin=0, zmax=2 * middle)
    figure.update_xaxes(title=titles[0])
    figure.update_yaxes(title=titles[1], automargin=True)
    return figure


def median(values: Sequence[Any], counts: Sequence[int]) -> Any:
    """The first value, of those in order, at which half of the counts are passed.

    >>> median([20, 30, 40], [1, 1, 2])
    30
    """
    passed = 0
    for value, count in zip(values, counts, strict=True):
        passed += count
        if 2 * passed >= sum(counts):
            return value
    return None


def counted(number: int, noun: str) -> str:
    """Say how many.

    >>> counted(1, "week"), counted(2, "week")
    ('1 week', '2 weeks')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def most(names: Sequence[Any], values: Sequence[float]) -> Any:
    """The name of the largest value, the first of equals."""
    return names[max(range(len(values)), key=lambda place: values[place])]
