"""Whose recommendations are explained, and the words."""

import math

import pytest
from tests.conftest import day

from hm_kedro.parameters import ExplainParameters
from hm_kedro.pipelines.explain.nodes import choose_customers
from hm_kedro.pipelines.explain.words import reasons, say

WEEK = day("2020-09-16")
LINE = {
    "raw_dir": "raw",
    "asked_cutoff": None,
    "cutoff": str(WEEK),
    "first_day": "2020-01-01",
    "last_day": "2020-09-15",
    "log_end": "2020-09-15",
}


@pytest.fixture
def choose(table):
    """Choose of customers 0 to 5, "c0" to "c5", of whom all but 0 have a history."""
    customers = table("customer int, customer_id string", [(number, f"c{number}") for number in range(6)])
    lines = "lines array<struct<article:int>>"
    histories = table(
        f"week date, customer int, {lines}", [(WEEK, number, [(1,)] if number else []) for number in range(6)]
    )

    def ask(customer_id="", customers_asked=3):
        params = ExplainParameters(customers=customers_asked, reasons=3, seed=1)
        return choose_customers(customers, histories, LINE, customer_id, params)

    return ask


def test_the_customer_who_is_asked_for_is_chosen(choose):
    assert choose("c4") == [4]


def test_an_unknown_customer_is_refused_in_one_line_that_names_it(choose, refusal):
    assert refusal(lambda: choose("nobody")) == "there is no customer 'nobody': take one of customers.csv"


def test_without_a_name_some_with_a_history_are_chosen_always_the_same(choose):
    chosen = choose()
    assert len(set(chosen)) == 3
    assert set(chosen) <= {1, 2, 3, 4, 5}
    assert choose() == chosen
    assert sorted(choose(customers_asked=10)) == [1, 2, 3, 4, 5]


def test_the_features_that_speak_most_for_an_article_are_said_first():
    contributions = {"article_days_since_bought": 0.1, "age_bestsellers_rank": 0.5, "bestsellers_rank": -1.0}
    values = {"article_days_since_bought": 9.0, "age_bestsellers_rank": 3.0, "bestsellers_rank": 1.0}
    assert reasons(contributions, values, 3) == ["number 3 in their age group", "bought it 9 days ago"]
    assert reasons(contributions, values, 1) == ["number 3 in their age group"]


def test_what_two_features_say_alike_is_said_once():
    contributions = {"factors_product": 0.3, "factors_cosine": 0.2}
    assert reasons(contributions, {"factors_product": 1.0, "factors_cosine": 0.5}, 3) == ["customers alike buy it"]


@pytest.mark.parametrize(
    ("feature", "value"),
    [
        ("article_days_since_bought", math.nan),  # never bought
        ("article_times_bought", 0.0),
        ("price_ratio", 7.0),  # far from what they pay
        ("customer_purchases", 5.0),  # nothing about the article
        ("bestsellers_score", 0.5),  # its rank says it
    ],
)
def test_what_a_buyer_would_not_understand_or_is_not_so_is_not_said(feature, value):
    assert say(feature, value) == ""
