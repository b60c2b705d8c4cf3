"""What the ranker goes by."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_kedro.pipelines.lgbm_ranking.importance import CHARTS, average_precision, draw_importance, importance_numbers

NUMBERS = {
    "name": ["article_rank", "customer_age"],
    "family": ["article", "customer"],
    "gain": [0.75, 0.25],
    "loss": [0.01, 0.02],
    "spread": [0.001, 0.002],
}


def literally(scores, bought):
    """AP@12 of one list, by its definition."""
    order = sorted(range(len(scores)), key=lambda place: -scores[place])
    hits, total = 0, 0.0
    for place, row in enumerate(order[:12], start=1):
        if bought[row]:
            hits += 1
            total += hits / place
    return total / max(min(sum(bought), 12), 1)


@given(st.lists(st.lists(st.booleans(), min_size=1, max_size=30), min_size=1, max_size=5), st.integers(0, 99))
def test_average_precision_is_that_of_the_definition(lists, seed):
    random = np.random.default_rng(seed)
    scores = [random.permutation(len(one)).astype(float) for one in lists]
    expected = np.mean([literally(one, bought) for one, bought in zip(scores, lists, strict=True)])
    found = average_precision(
        np.concatenate(scores), np.array(list(itertools.chain(*lists)), int), np.array([len(one) for one in lists])
    )
    assert found == pytest.approx(expected)


def test_figures_are_drawn_of_both_parts_and_read_in_a_sentence():
    report = {"features": NUMBERS, "families": NUMBERS}
    assert [len(figure.data) for figure in draw_importance(report)] == [2, 1]
    readings = [chart.read(importance_numbers(report)[chart.name]) for chart in CHARTS]
    assert readings == [
        "Most gain, 75%, comes from article_rank; MAP@12 loses most, 0.0200, where customer_age says nothing.",
        "Without what a family says MAP@12 among the examples loses: customer age 0.0200, article rank 0.0100.",
    ]


def test_without_a_report_nothing_is_drawn():
    assert [len(figure.data) for figure in draw_importance({})] == [0, 0]
