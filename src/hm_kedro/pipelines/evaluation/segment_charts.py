"""The figures of where models win and lose: by kinds of customers, and by kinds of what was bought."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from hm_kedro.chart import COLOURS, Chart, Numbers, column_by_column, row_by_row, whiskers
from hm_kedro.pipelines.evaluation.contest import ALS_FILLED, NO_BUYERS, RANKER, called, records
from hm_kedro.pipelines.evaluation.segments import (
    ARTICLE_DIMENSIONS,
    BOUGHT_BEFORE,
    CUSTOMER_DIMENSIONS,
    NOT_BEFORE,
    ORDER,
    POPULARITY,
    REPEAT,
)

TITLES = {
    "recency": "last purchase before the week",
    "past_purchases": "pieces bought before",
    "age_group": "age",
    "channel": "channel bought in",
    POPULARITY: "popularity: tenths of the pieces sold lately",
    REPEAT: "by the same customer",
}
TENTH = "tenth"
SYMBOLS = ("circle", "diamond", "square")


def segment_numbers(segment_comparison: pd.DataFrame, best: str | None) -> dict[str, Numbers]:
    """Give the numbers of the figures: of ALS and the ranker, and for articles of the best baseline."""
    every = records(segment_comparison)
    customers = [
        row | {"low": row["difference_low"], "high": row["difference_high"]}
        for row in _sorted(every, CUSTOMER_DIMENSIONS, (RANKER, ALS_FILLED))
        if row["difference"] is not None
    ]
    articles = _sorted(every, ARTICLE_DIMENSIONS, (RANKER, ALS_FILLED, *([best] if best else [])))
    keys = ["dimension", "level", "contestant"]
    return {
        "segment_differences": column_by_column(customers, [*keys, "other", "buyers", "difference", "low", "high"]),
        "segment_articles": column_by_column(articles, [*keys, "bought", "value", "low", "high"]),
    }


def _sorted(
    every: Sequence[dict[str, Any]], dimensions: Sequence[str], contestants: Sequence[str]
) -> list[dict[str, Any]]:
    def place(row: dict[str, Any]) -> tuple[Any, ...]:
        level = row["level"]
        named = ORDER.index(level) if level in ORDER else -1
        # "under 25" comes before "25 to 34".
        text = (not level.startswith("under "), level)
        return dimensions.index(row["dimension"]), named, text, contestants.index(row["contestant"])

    return sorted(
        (row for row in every if row["dimension"] in dimensions and row["contestant"] in contestants), key=place
    )


def _draw_customers(numbers: Numbers) -> go.Figure:
    panels = _panels(numbers)
    levels = {dimension: list(dict.fromkeys(map(_with_buyers, found))) for dimension, found in panels.items()}
    height = 160 + 60 * len(panels) + 30 * sum(map(len, levels.values()))
    figure = make_subplots(
        rows=len(panels),
        shared_xaxes="all",
        row_heights=[len(of_dimension) for of_dimension in levels.values()],
        subplot_titles=[TITLES[dimension] for dimension in panels],
        vertical_spacing=55 / height,
    )
    for panel, (dimension, found) in enumerate(panels.items(), 1):
        for contestant in dict.fromkeys(numbers["contestant"]):
            rows = [row for row in found if row["contestant"] == contestant]
            figure.add_scatter(
                x=[row["difference"] for row in rows],
                y=[_with_buyers(row) for row in rows],
                error_x=whiskers(rows, "difference"),
                orientation="h",
                **_style(numbers, contestant, panel),
                row=panel,
                col=1,
            )
        order = {"categoryorder": "array", "categoryarray": levels[dimension]}
        figure.update_yaxes(autorange="reversed", automargin=True, dtick=1, showgrid=True, **order, row=panel, col=1)
    figure.add_vline(x=0, line={"color": COLOURS[-1], "width": 1, "dash": "dot"})
    legend = {"orientation": "h", "x": 1, "xanchor": "right", "y": 1, "yanchor": "bottom"}
    figure.update_layout(scattermode="group", height=height, legend=legend)
    title = f"difference of MAP@12 to {called(numbers['other'][0])}, with 95 % interval"
    figure.update_xaxes(title=title, row=len(panels), col=1)
    return figure


def _panels(numbers: Numbers) -> dict[str, list[dict[str, Any]]]:
    """Give the rows of each dimension."""
    every = row_by_row(numbers)
    return {name: [row for row in every if row["dimension"] == name] for name in dict.fromkeys(numbers["dimension"])}


def _style(numbers: Numbers, contestant: str, panel: int) -> dict[str, Any]:
    """Give the look of a contestant's dots, named in the legend once."""
    place = list(dict.fromkeys(numbers["contestant"])).index(contestant)
    return {
        "mode": "markers",
        "marker": {"color": COLOURS[place], "symbol": SYMBOLS[place], "size": 8},
        "name": called(contestant),
        "legendgroup": contestant,
        "showlegend": panel == 1,
    }


def _with_buyers(row: dict[str, Any]) -> str:
    return f"{row['level']} ({row['buyers']:,.0f})"


def _read_customers(numbers: Numbers) -> str:
    of_ranker = [row for row in row_by_row(numbers) if row["contestant"] == RANKER]
    better = [row for row in of_ranker if row["low"] is not None and row["low"] > 0]
    worse = [row for row in of_ranker if row["high"] is not None and row["high"] < 0]
    told = (
        f"By its interval, each for itself, the ranker is better than {called(of_ranker[0]['other'])} for "
        f"{len(better)} of {len(of_ranker)} kinds of customers and worse for {len(worse)}"
    )
    if better:
        told += f"; surest is its gain for {_kind(max(better, key=lambda row: row['low']))}"
    if worse:
        told += f"; surest is its loss for {_kind(min(worse, key=lambda row: row['high']))}"
    return f"{told}."


def _kind(row: dict[str, Any]) -> str:
    sure = f"{row['difference']:+.4f}, {row['low']:+.4f} to {row['high']:+.4f}, {row['buyers']:,.0f} buyers"
    return f"{TITLES[row['dimension']]}: {row['level']} ({sure})"


def _draw_articles(numbers: Numbers) -> go.Figure:
    panels = _panels(numbers)
    levels = {dimension: list(dict.fromkeys(map(_level, found))) for dimension, found in panels.items()}
    figure = make_subplots(
        cols=len(panels),
        column_widths=[len(of_dimension) + 1 for of_dimension in levels.values()],
        horizontal_spacing=0.07,
    )
    for panel, (dimension, found) in enumerate(panels.items(), 1):
        for contestant in dict.fromkeys(numbers["contestant"]):
            rows = [row for row in found if row["contestant"] == contestant]
            figure.add_scatter(
                x=[_level(row) for row in rows],
                y=[row["value"] for row in rows],
                error_y=whiskers(rows, "value"),
                orientation="v",
                hovertext=[f"{row['bought']:,.0f} bought" for row in rows],
                **_style(numbers, contestant, panel),
                row=1,
                col=panel,
            )
        order = {"categoryorder": "array", "categoryarray": levels[dimension]}
        figure.update_xaxes(title=TITLES[dimension], type="category", **order, row=1, col=panel)
    figure.update_layout(scattermode="group", legend={"orientation": "h", "y": 1.1})
    figure.update_yaxes(rangemode="tozero", tickformat=".0%", showgrid=True)
    figure.update_yaxes(title="recall: share that is on the lists", row=1, col=1)
    return figure


def _level(row: dict[str, Any]) -> str:
    """Say a level on two short lines.

    >>> _level({"level": "tenth 01"}), _level({"level": "tenth 10"}), _level({"level": "never bought before"})
    ('1<br>best sold', '10', 'never bought<br>before')
    """
    words, _, last = row["level"].rpartition(" ")
    if words != TENTH:
        return f"{words}<br>{last}"
    return "1<br>best sold" if int(last) == 1 else str(int(last))


def _read_articles(numbers: Numbers) -> str:
    found = {row["level"]: row["value"] for row in row_by_row(numbers) if row["contestant"] == RANKER}
    tenths = [level for level in found if level.startswith(TENTH)]
    words = dict.fromkeys(tenths[:1], "the best sold tenth")
    words |= dict.fromkeys(tenths[1:][-1:], "the least sold tenth")
    words |= {BOUGHT_BEFORE: "repeats", NOT_BEFORE: "articles that the customer never bought before"}
    told = [f"{found[level]:.1%} of {said}" for level, said in words.items() if level in found]
    return f"Of what is bought the ranker finds {', '.join(told)}."


CHARTS = (
    Chart(
        "segment_differences",
        "For whom ALS and the ranker are better than the best baseline (number of buyers)",
        NO_BUYERS,
        _draw_customers,
        _read_customers,
    ),
    Chart("segment_articles", "What of the purchases is found", NO_BUYERS, _draw_articles, _read_articles),
)
