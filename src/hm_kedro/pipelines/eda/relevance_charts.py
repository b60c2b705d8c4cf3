"""The figures of what attributes tell about the next purchase."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from hm_kedro.chart import COLOURS, Chart, Numbers, heat, present, row_by_row, whiskers

SAME = tuple((name, name) for name in ("low", "high", "purchases"))


def relevance_numbers(feature_relevance: pd.DataFrame) -> dict[str, Numbers]:
    """Part the table into the numbers of the figures.

    Returns:
        `lift`: `attribute`, `lift`, `low`, `high`, `purchases`, the largest first; `information`: `customer_attribute`,
        `article_attribute`, `bits`, `low`, `high`.
    """
    numbers: dict[str, Numbers] = {}
    lifts = feature_relevance[feature_relevance["kind"] == "lift"]
    numbers["lift"] = {
        name: lifts[column].tolist() for name, column in (("attribute", "article_attribute"), ("lift", "value"), *SAME)
    }
    shared = feature_relevance[feature_relevance["kind"] == "information"]
    numbers["information"] = {
        name: shared[column].tolist()
        for name, column in (
            ("customer_attribute", "customer_attribute"),
            ("article_attribute", "article_attribute"),
            ("bits", "value"),
            *SAME,
        )
    }
    return present(numbers)


def _draw_lift(numbers: Numbers) -> Any:
    lift = numbers["lift"]
    figure = go.Figure()
    figure.add_scatter(
        x=lift,
        y=numbers["attribute"],
        mode="markers",
        marker={"color": COLOURS[0], "size": 9},
        error_x=whiskers(row_by_row(numbers), "lift"),
        name="lift, 95 % interval",
    )
    figure.add_vline(x=1, line_dash="dot", line_color="#000000")
    figure.update_xaxes(
        title="matches with the own history, times those of popularity",
        type="log",
        tickvals=[0.5, 1, 1.5, 2, 3, 5, 10, 20, 50, 100],
    )
    figure.update_yaxes(autorange="reversed", automargin=True)
    return figure


def _draw_information(numbers: Numbers) -> Any:
    keys = ("customer_attribute", "article_attribute", "bits")
    bits = {(one, other): value for one, other, value in zip(*[numbers[key] for key in keys], strict=True)}
    customers, articles = sorted({one for one, _ in bits}), sorted({other for _, other in bits})
    values = [[bits.get((one, other)) for other in articles] for one in customers]
    return heat(articles, customers, values, ("attribute of the article", "attribute of the customer", "bits"))


def _read_lift(numbers: Numbers) -> str:
    names = [name.replace("_", " ") for name in numbers["attribute"]]
    lift, low, high = (numbers[key] for key in ("lift", "low", "high"))
    said = (
        f"A purchase is of a {names[0]} that the customer had before {lift[0]:.1f} times as often as popularity would "
        f"have it ({low[0]:.1f} to {high[0]:.1f})"
    )
    return f"{said}, of a {names[-1]} {lift[-1]:.1f} times." if names[1:] else f"{said}."


CHARTS = (
    Chart(
        "lift",
        "How far customers' own histories foretell an attribute of their next purchase",
        "no earlier week whose buyers had bought before articles with attributes",
        _draw_lift,
        _read_lift,
    ),
    Chart(
        "information",
        "What attributes of customers tell of attributes of what they buy",
        "customers or articles without attributes that differ",
        _draw_information,
        lambda n: (
            f"Most is told by {n['customer_attribute'][0].replace('_', ' ')} of "
            f"{n['article_attribute'][0].replace('_', ' ')}: {n['bits'][0]:.4f} bits a purchase."
        ),
    ),
)
