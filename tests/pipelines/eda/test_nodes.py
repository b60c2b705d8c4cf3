"""Figures and sentences from numbers; no engine is needed."""

import pandas as pd
import plotly.graph_objects as go

from hm_kedro.pipelines.eda import nodes

SHOP = {"customers": 3}
NOTHING = pd.DataFrame(columns=["kind", "customer_attribute", "article_attribute", "value", "low", "high", "purchases"])
WEEKS = {"week": ["2020-09-02", "2020-09-09"], "transactions": [2, 5], "buyers": [1, 2]}


def test_a_part_has_a_figure_for_every_chart_and_none_where_numbers_are_missing():
    figures = nodes.draw_shop({"transactions_a_week": WEEKS})
    drawn = {name: bool(figure.data) for name, figure in zip(nodes.figure_names("shop"), figures, strict=True)}
    assert drawn == {
        "missing_values_figure": False,
        "transactions_a_week_figure": True,
        "revenue_a_week_figure": False,
    }


def test_the_summary_holds_what_is_shown_and_names_what_is_left_out():
    summary = nodes.summarise_eda(SHOP, {"transactions_a_week": WEEKS}, {}, {}, {}, NOTHING)
    assert summary["customers"] == 3
    assert summary["figures"] == {
        "transactions_a_week": {
            "part": "shop",
            "title": "Transactions and buyers a week",
            "reading": "The week of 2020-09-09 saw most transactions, 5; in the last one 2 customers bought 2.5 pieces "
            "each.",
            "numbers": WEEKS,
        }
    }
    assert summary["left_out"]["Revenue a week"] == "no prices"
    assert len(summary["left_out"]) == sum(map(len, nodes.PARTS.values())) - 1


def test_figures_have_names_of_their_own():
    names = [chart.name for charts in nodes.PARTS.values() for chart in charts]
    assert len(set(names)) == len(names)
    assert all(isinstance(figure, go.Figure) for figure in nodes.draw_seasons({}))
