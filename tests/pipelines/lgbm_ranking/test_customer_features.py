"""How a customer shops, by hand."""

import numpy as np
import pytest
from tests.pipelines.lgbm_ranking.making import FEATURES, ONLINE, STORE, block, line, pairs, said, shop

from hm_kedro.pipelines.lgbm_ranking.features.customer import describe, features

# Two pieces of an article on the day before, one a week earlier, one of another article four weeks before.
LINES = [line(0, 0, 1, 2, 0.25, ONLINE), line(0, 0, 8, 1, 0.5, ONLINE), line(0, 1, 28, 1, 1.0, STORE)]


def habits(*lines, names, rows=(0,), customers=1, ages=None, traits=None):
    """What is said of the customers of some rows."""
    of = block(*lines, customers=customers, ages=ages)
    told = traits or dict.fromkeys(("customer_club", "customer_news"), [np.nan] * customers)
    found = describe(pairs(of, shop(), *[(row, 0) for row in rows], traits=told), FEATURES, ())
    return said(found, *[f"customer_{name}" for name in names])


def test_a_customer_is_described_by_the_purchases_of_the_last_days():
    names = ("purchases_1d", "purchases_7d", "purchases_28d", "purchases")
    assert habits(*LINES, line(0, 2, 29, 3), names=names) == [(2, 2, 4, 7)]


def test_a_customer_is_described_by_the_days_of_purchase():
    names = ("days_since_purchase", "days_known", "shopping_days", "days_between")
    assert habits(*LINES, names=names) == [(1, 28, 3, 13.5)]


def test_a_customer_is_described_by_what_is_bought_on_a_day():
    assert habits(*LINES, names=("basket", "variety")) == [(pytest.approx(4 / 3), 0.5)]


def test_a_customer_is_described_by_prices_and_channels_of_pieces():
    # A quarter off the mean twice, on it once and a half off it.
    spread = pytest.approx(((2 * 0.0625 + 0.25) / 4) ** 0.5)
    assert habits(*LINES, names=("price", "price_spread", "online_share")) == [(0.5, spread, 0.75)]


def test_articles_of_one_day_are_one_shopping_day():
    names = ("shopping_days", "days_between", "basket")
    assert habits(line(0, 0, 5), line(0, 1, 5), line(0, 1, 5, 2), names=names) == [(1, None, 4)]


def test_a_day_on_which_two_customers_bought_is_one_of_each():
    lines = [line(0, 0, 5), line(1, 0, 5), line(1, 0, 7)]
    assert habits(*lines, rows=(0, 1), customers=2, names=("shopping_days", "days_known")) == [(1, 5), (2, 7)]


def test_pieces_of_unknown_price_or_channel_do_not_count_in_their_means():
    lines = [line(0, 0, 1, 3), line(0, 1, 1, 1, 0.5), line(0, 2, 1, 1, 1.0, STORE), line(0, 2, 2, 1, 0.75, ONLINE)]
    names = ("purchases", "price", "price_spread", "online_share")
    assert habits(*lines, names=names) == [(6, 0.75, pytest.approx((0.125 / 3) ** 0.5), 0.5)]


def test_without_prices_and_channels_nothing_is_said_of_them():
    assert habits(line(0, 0, 1), names=("price", "price_spread", "online_share", "basket")) == [(None, None, None, 1)]


# All but the counts, of whom nothing was bought by.
NAMES = ("purchases", "purchases_28d", "shopping_days", "days_since_purchase", "days_known", "basket", "variety")
NOBODY = (0, 0, 0, None, None, None, None)


def test_nothing_is_said_of_customers_who_bought_nothing_wherever_they_stand():
    lines = [line(1, 0, 3), line(3, 1, 5)]
    found = habits(*lines, rows=(0, 1, 2, 3, 4), customers=5, names=NAMES)
    assert found == [NOBODY, (1, 1, 1, 3, 3, 1, 1), NOBODY, (1, 1, 1, 5, 5, 1, 1), NOBODY]


def test_a_block_may_be_of_customers_who_bought_nothing():
    assert habits(rows=(0, 1), customers=2, names=NAMES) == [NOBODY, NOBODY]


def test_candidates_of_a_customer_say_the_same_and_of_another_something_else():
    found = habits(line(0, 0, 3), line(1, 0, 9), rows=(1, 0, 1), customers=2, names=("days_since_purchase",))
    assert found == [(9,), (3,), (9,)]


def test_what_customers_say_of_themselves_is_handed_on():
    traits = {"customer_club": [1, np.nan], "customer_news": [0, 1]}
    found = habits(rows=(1, 0), customers=2, ages=[20, np.nan], traits=traits, names=("age", "club", "news"))
    assert found == [(None, None, 1), (20, 1, 0)]


def test_every_feature_that_is_listed_is_described():
    names = [feature.name.removeprefix("customer_") for feature in features(FEATURES, ())]
    assert len(set(names)) == len(names) == 13 + len(FEATURES.sales_days)
    assert len(habits(*LINES, names=names)) == 1
