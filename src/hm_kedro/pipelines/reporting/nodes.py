"""The report: one page that needs nothing but a browser."""

import base64
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from hm_kedro.chart import Chart, Numbers, counted, row_by_row
from hm_kedro.datasets.article_images import Pictures
from hm_kedro.pipelines.als_candidates.charts import CHARTS as RETRIEVAL
from hm_kedro.pipelines.als_candidates.charts import retrieval_numbers
from hm_kedro.pipelines.eda.nodes import PARTS as EDA
from hm_kedro.pipelines.evaluation.charts import CHARTS as EVALUATION
from hm_kedro.pipelines.evaluation.charts import evaluation_numbers
from hm_kedro.pipelines.evaluation.contest import called, describe, list_claims
from hm_kedro.pipelines.lgbm_ranking.importance import CHARTS as RANKING
from hm_kedro.pipelines.lgbm_ranking.importance import importance_numbers
from hm_kedro.pipelines.scaling_study.charts import CHARTS as SCALING
from hm_kedro.pipelines.scaling_study.charts import scaling_numbers
from hm_kedro.pipelines.scaling_study.claims import list_topics
from hm_kedro.timeline import Timeline

PARTS = {
    "evaluation": "Who recommends best",
    "shop": "The shop",
    "customers": "Its customers",
    "assortment": "What it sells",
    "seasons": "When it sells",
    "relevance": "What tells about the next purchase",
    "retrieval": "What the retrievers find",
    "ranking": "What the ranker goes by",
    "scaling": "What scaling buys",
}
CHARTS: dict[str, tuple[Chart, ...]] = {
    "evaluation": EVALUATION,
    **EDA,
    "retrieval": RETRIEVAL,
    "ranking": RANKING,
    "scaling": SCALING,
}
# Of the words that names of colours are made of, the first that is found; in CSS.
TILES = {
    "black": "#1b1b1b",
    "white": "#f7f7f4",
    "beige": "#dcc9a8",
    "grey": "#9a9a9a",
    "blue": "#2f5d9b",
    "turquoise": "#2fa8a5",
    "green": "#4b7f52",
    "yellow": "#e8c547",
    "orange": "#e0803c",
    "red": "#b3262e",
    "pink": "#e59bb0",
    "purple": "#77509b",
    "brown": "#6f4e37",
    "gold": "#c9a227",
    "silver": "#c0c0c0",
}
NO_COLOUR = "#e4e4e4"


def write_report(
    timeline: dict[str, Any],
    data_quality: dict[str, Any],
    eda_summary: dict[str, Any],
    metrics: dict[str, Any],
    contestant_scores: pd.DataFrame,
    comparison: pd.DataFrame,
    segment_comparison: pd.DataFrame,
    retrieval_report: dict[str, Numbers],
    ranker_importance: dict[str, Numbers],
    scaling_report: dict[str, Numbers],
    article_images: Pictures,
) -> str:
    """Write the page: what was read, who recommends best, every figure with what it says, what was left out and why.

    The figures are drawn from the numbers, as those of the catalog are.

    Args:
        metrics: empty where evaluation has not run, as `contestant_scores`, `comparison` and `segment_comparison` are.
        retrieval_report: empty where als_candidates has not run.
        ranker_importance: empty where lgbm_ranking has not run.
        scaling_report: empty where scaling_study has not run.

    Returns:
        HTML with the figures' script in it: nothing is loaded from elsewhere.
    """
    environment = Environment(
        loader=PackageLoader("hm_kedro.pipelines.reporting", "."), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["number"] = lambda value: f"{value:,}"
    numbers = {name: figure["numbers"] for name, figure in eda_summary["figures"].items()}
    numbers |= retrieval_numbers(retrieval_report) | importance_numbers(ranker_importance)
    numbers |= evaluation_numbers(metrics, contestant_scores, comparison, segment_comparison)
    numbers |= scaling_numbers(scaling_report)
    parts = {
        part: [
            {"name": chart.name, "drawn": _draw(chart.figure(numbers)), "reading": chart.read(numbers[chart.name])}
            for chart in CHARTS[part]
            if chart.name in numbers
        ]
        for part in PARTS
    }
    return environment.get_template("report.html.j2").render(
        shop=eda_summary,
        quality=data_quality,
        timeline=Timeline.read(timeline),
        headings=PARTS,
        parts={part: shown for part, shown in parts.items() if shown},
        contest=tell_contest(metrics, comparison),
        scaling=list_topics(scaling_report),
        bestsellers=list_bestsellers(eda_summary, article_images),
        plotly=Markup(get_plotlyjs()),
    )


def _draw(figure: go.Figure) -> Markup:
    return Markup(figure.to_html(full_html=False, include_plotlyjs=False, config={"displayModeBar": False}))


def tell_contest(metrics: dict[str, Any], comparison: pd.DataFrame) -> dict[str, Any]:
    """Tell who was compared, on which weeks, and what may be claimed."""
    return {
        "weeks": {week: metrics["buyers"].get(week, 0) for week in metrics.get("weeks", [])},
        "checks": counted(metrics.get("honesty_checks", 0), "check"),
        "contestants": {called(name): describe(name) for name in metrics.get("contestants", {})},
        "claims": list_claims(comparison),
    }


def list_bestsellers(eda_summary: dict[str, Any], article_images: Pictures) -> list[dict[str, Any]]:
    """List the last week's bestsellers, if there are some, with their pictures or a tile of their colour."""
    if "top_articles" not in eda_summary["figures"]:
        return []
    numbers = eda_summary["figures"]["top_articles"]["numbers"]
    return [
        row | {"tile": tile(row["colour_group_name"]), "picture": _inline(article_images.get(row["article_id"]))}
        for row in row_by_row(numbers)
        if row["weeks_to_cutoff"] == 1
    ]


def _inline(jpeg: bytes | None) -> str | None:
    return None if jpeg is None else f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"


def tile(colour: str | None) -> str:
    """The CSS colour of a colour's name.

    >>> tile("Dark Blue"), tile(None)
    ('#2f5d9b', '#e4e4e4')
    """
    return next((css for word, css in TILES.items() if colour and word in colour.lower()), NO_COLOUR)
