"""Numbers, figures and sentences of every part of the exploration, put together."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from hm_kedro.chart import Chart, Numbers
from hm_kedro.pipelines.eda import assortment, customers, relevance_charts, seasons, shop

PARTS: dict[str, tuple[Chart, ...]] = {
    "shop": shop.CHARTS,
    "customers": customers.CHARTS,
    "assortment": assortment.CHARTS,
    "seasons": seasons.CHARTS,
    "relevance": relevance_charts.CHARTS,
}


def figure_names(part: str) -> list[str]:
    """The datasets of a part's figures."""
    return [f"{chart.name}_figure" for chart in PARTS[part]]


def _draw(part: str, counts: dict[str, Numbers]) -> list[go.Figure]:
    return [chart.figure(counts) for chart in PARTS[part]]


def draw_shop(shop_counts: dict[str, Numbers]) -> list[go.Figure]:
    """Draw the figures of `shop`."""
    return _draw("shop", shop_counts)


def draw_customers(customer_counts: dict[str, Numbers]) -> list[go.Figure]:
    """Draw the figures of `customers`."""
    return _draw("customers", customer_counts)


def draw_assortment(assortment_counts: dict[str, Numbers]) -> list[go.Figure]:
    """Draw the figures of `assortment`."""
    return _draw("assortment", assortment_counts)


def draw_seasons(season_counts: dict[str, Numbers]) -> list[go.Figure]:
    """Draw the figures of `seasons`."""
    return _draw("seasons", season_counts)


def draw_relevance(feature_relevance: pd.DataFrame) -> list[go.Figure]:
    """Draw the figures of `relevance`."""
    return _draw("relevance", relevance_charts.relevance_numbers(feature_relevance))


def summarise_eda(
    shop_summary: dict[str, Any],
    shop_counts: dict[str, Numbers],
    customer_counts: dict[str, Numbers],
    assortment_counts: dict[str, Numbers],
    season_counts: dict[str, Numbers],
    feature_relevance: pd.DataFrame,
) -> dict[str, Any]:
    """Put together every number that is shown, with what it says.

    Returns:
        The numbers of `summarise_shop`; `figures`: by name `part`, `title`, `reading` and `numbers`; `left_out`: by
        title why there is no such figure.
    """
    relevance = relevance_charts.relevance_numbers(feature_relevance)
    parts = (shop_counts, customer_counts, assortment_counts, season_counts, relevance)
    counts = dict(zip(PARTS, parts, strict=True))
    figures, left_out = {}, {}
    for part, charts in PARTS.items():
        for chart in charts:
            numbers = counts[part].get(chart.name)
            if numbers is None:
                left_out[chart.title] = chart.lacks
            else:
                figures[chart.name] = {
                    "part": part,
                    "title": chart.title,
                    "reading": chart.read(numbers),
                    "numbers": numbers,
                }
    return {**shop_summary, "figures": figures, "left_out": left_out}
