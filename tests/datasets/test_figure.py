"""Figures that there may be none of."""

import plotly.graph_objects as go
import pytest

from hm_kedro.datasets import OptionalFigure


@pytest.fixture
def figure(tmp_path):
    return OptionalFigure(filepath=str(tmp_path / "figures/prices.json"))


def test_a_figure_is_saved_and_shown(figure):
    figure.save(go.Figure(go.Bar(x=[1], y=[2])))
    assert figure.load().data[0].y == (2,)
    assert figure.preview()["data"][0]["type"] == "bar"


def test_a_figure_without_traces_is_none_and_takes_an_earlier_one_away(figure):
    figure.save(go.Figure())
    assert not figure.exists()
    figure.save(go.Figure(go.Bar(x=[1], y=[2])))
    figure.save(go.Figure())
    assert not figure.exists()
    assert figure.load().data == ()
    assert figure.preview() is None
