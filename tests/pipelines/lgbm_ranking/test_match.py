"""How an article suits a customer, by hand."""

import numpy as np
import pytest
from tests.pipelines.lgbm_ranking.making import FEATURES, OLD, ONLINE, STORE, YOUNG, block, line, pairs, said, shop

from hm_kedro.pipelines.als_candidates.knowledge import UNKNOWN_AGE
from hm_kedro.pipelines.lgbm_ranking.features import match
from hm_kedro.pipelines.lgbm_ranking.features.match import describe, features


def fit(of, known, *candidates, names):
    return said(describe(pairs(of, known, *candidates), FEATURES, ()), *names)


AGES = ("age_distance", "age_distance_spreads")


def test_ages_are_compared_to_those_of_the_articles_buyers():
    known = shop(article_buyers_age={0: 25, 1: 50}, article_buyers_age_spread={0: 10, 1: 4})
    of = block(customers=2, ages=[20, 60])
    assert fit(of, known, (0, 0), (0, 1), (1, 1), names=AGES) == [(-5, -0.5), (-30, -7.5), (10, 2.5)]


def test_an_unknown_age_of_the_customer_or_the_buyers_leaves_the_distance_missing():
    known = shop(article_buyers_age={0: 25}, article_buyers_age_spread={0: 10})
    found = fit(block(customers=2, ages=[20, np.nan]), known, (1, 0), (0, 1), names=AGES)
    assert found == [(None, None), (None, None)]


def test_buyers_of_one_age_have_no_spread_to_divide_by():
    known = shop(article_buyers_age={0: 25}, article_buyers_age_spread={0: 0})
    assert fit(block(ages=[20]), known, (0, 0), names=AGES) == [(-5, None)]


GROUPS = ("age_group_sales", "age_group_share")
# Sold lately and before: of article 0 three pieces to the young and one to others, of unknown age more.
SOLD = [(0, UNKNOWN_AGE, 5, 5, 0), (0, YOUNG, 1, 2, 9), (0, OLD, 1, 0, 9), (1, OLD, 0, 4, 0)]


def test_an_article_has_the_latest_sales_and_the_share_of_longer_sales_of_the_customers_age_group():
    of = block(customers=2, ages=[29, 30])
    found = fit(of, shop(sales=SOLD), (0, 0), (1, 0), (0, 1), (1, 1), names=GROUPS)
    assert found == [(1, 0.75), (1, 0.25), (0, 0), (0, 1)]


def test_an_unsold_article_has_no_share_of_an_age_group():
    assert fit(block(ages=[29]), shop(sales=SOLD), (0, 2), names=GROUPS) == [(0, None)]


def test_customers_of_unknown_age_have_no_group():
    assert fit(block(), shop(sales=SOLD), (0, 0), names=GROUPS) == [(None, None)]


PRICES = ("price_ratio", "price_distance_spreads")


def test_prices_are_compared_to_what_the_customer_pays():
    # On average 0.5, give or take 0.25.
    of = block(line(0, 0, 1, price=0.25), line(0, 1, 1, price=0.75))
    assert fit(of, shop(article_price={2: 1, 3: 0.25}), (0, 2), (0, 3), names=PRICES) == [(2, 2), (0.5, -1)]


def test_an_unknown_price_leaves_the_comparison_missing():
    of = block(line(0, 0, 1, price=0.25), line(0, 1, 1, price=0.75), line(1, 0, 1), customers=2)
    assert fit(of, shop(article_price={2: 1}), (0, 3), (1, 2), names=PRICES) == [(None, None)] * 2


def test_a_customer_who_always_paid_the_same_has_no_spread_to_divide_by():
    assert fit(block(line(0, 0, 1, price=0.5)), shop(article_price={2: 1}), (0, 2), names=PRICES) == [(2, None)]


def test_a_customer_who_paid_nothing_has_no_ratio_of_prices():
    assert fit(block(line(0, 0, 1, price=0)), shop(article_price={2: 1}), (0, 2), names=PRICES) == [(None, None)]


def test_channels_are_compared_by_their_online_shares():
    of = block(line(0, 0, 1, 3, channel=ONLINE), line(0, 0, 2, channel=STORE), line(1, 0, 1), customers=2)
    known = shop(article_online_share={0: 0.25})
    found = fit(of, known, (0, 0), (0, 1), (1, 0), names=("channel_distance",))
    assert found == [(0.5,), (None,), (None,)]


TASTE = ("freshness_distance", "popularity_distance")


def test_what_is_usually_bought_is_a_mean_of_logs_weighed_by_age():
    # Bought a day ago when 7 days on sale, and 32 days ago, which counts 1/8, when new; sold 1 and 7 times.
    of = block(line(0, 0, 1, 5), line(0, 1, 32))
    known = shop(article_days_on_sale={0: 8, 1: 32, 2: 15}, article_sales={0: 1, 1: 7, 2: 3})
    mean_age, mean_sales = np.log(8) * 8 / 9, (np.log(2) * 8 + np.log(8)) / 9
    found = fit(of, known, (0, 2), names=TASTE)
    assert found == [(pytest.approx(np.log(16) - mean_age), pytest.approx(np.log(4) - mean_sales))]


def test_an_article_first_sold_in_the_window_after_a_purchase_was_new_then():
    known = shop(article_days_on_sale={0: 5, 2: 1}, article_sales={0: 1, 2: 1})
    assert fit(block(line(0, 0, 90)), known, (0, 2), names=TASTE) == [(pytest.approx(np.log(2)), 0)]


def test_articles_not_sold_in_the_window_say_nothing_of_taste():
    known = shop(article_days_on_sale={2: 1}, article_sales={2: 1})
    of = block(line(0, 0, 90), line(1, 0, 90), line(1, 2, 1), customers=3)
    found = fit(of, known, (0, 2), (1, 2), (1, 0), (2, 2), names=TASTE)
    assert found == [(None, None), (pytest.approx(np.log(2)), 0), (None, None), (None, None)]


FACTORS = ("factors_product", "factors_cosine")
NONE = [np.nan, np.nan]


def test_factors_are_compared_by_product_and_cosine():
    of = block(customers=2, factors=[[3, 4], [0, 2]])
    known = shop(factors=[[1, 0], [0, -2], NONE, NONE, NONE, NONE])
    found = fit(of, known, (0, 0), (0, 1), (1, 1), names=FACTORS)
    assert found == [(3, pytest.approx(0.6)), (-8, pytest.approx(-0.8)), (-4, -1)]


def test_factors_of_both_are_needed():
    of = block(customers=2, factors=[[3, 4], NONE])
    known = shop(factors=[[1, 0], NONE, NONE, NONE, NONE, NONE])
    assert fit(of, known, (0, 1), (1, 0), names=FACTORS) == [(None, None)] * 2


@pytest.mark.parametrize("factors", [None, np.empty((1, 0))])
def test_a_block_of_customers_without_factors_has_none(factors):
    known = shop(factors=[[1, 0]] * 6)
    assert fit(block(factors=factors), known, (0, 0), names=FACTORS) == [(None, None)]


def test_a_week_without_factors_has_none():
    assert fit(block(factors=np.empty((1, 0))), shop(), (0, 0), names=FACTORS) == [(None, None)]


def test_factors_of_length_zero_have_no_cosine():
    known = shop(factors=[[0, 0]] * 6)
    assert fit(block(factors=[[3, 4]]), known, (0, 0), names=FACTORS) == [(0, None)]


def test_many_factors_are_multiplied_a_piece_at_a_time(monkeypatch):
    of, known = block(customers=2, factors=[[1, 2], [3, 4]]), shop(factors=[[article, 1] for article in range(6)])
    candidates = [(row, article) for article in range(6) for row in (0, 1)]
    monkeypatch.setattr(match, "MOST_FACTORS", 10)  # five candidates
    found = fit(of, known, *candidates, names=FACTORS[:1])
    assert found == [(3 * article + 4 if row else article + 2,) for row, article in candidates]


LIKENESS = ("basket_similarity", "history_similarity")
ALIKE = {(0, 5): 0.5, (1, 5): 0.25, (2, 5): 1, (2, 4): 0.5, (5, 3): 9}


def test_likeness_is_summed_up_over_the_last_day_and_over_all_by_age():
    # 32 to the power 0.6 is 8.
    of = block(line(0, 0, 1), line(0, 1, 1), line(0, 2, 32))
    found = fit(of, shop(related=ALIKE), (0, 5), (0, 4), (0, 3), names=LIKENESS)
    assert found == [(0.75, pytest.approx(0.875)), (0, pytest.approx(0.0625)), (0, 0)]


def test_the_last_day_is_each_customers_own():
    of = block(line(0, 2, 1), line(1, 2, 32), line(1, 0, 32), line(1, 0, 40), customers=3)
    found = fit(of, shop(related=ALIKE), (1, 5), (0, 5), (2, 5), names=LIKENESS[:1])
    assert found == [(1.5,), (1,), (0,)]


def test_likeness_does_not_count_pieces():
    assert fit(block(line(0, 2, 1, 7)), shop(related=ALIKE), (0, 5), names=LIKENESS) == [(1, 1)]


def test_likeness_goes_from_what_was_bought_to_the_candidate_alone():
    assert fit(block(line(0, 5, 1)), shop(related=ALIKE), (0, 0), (0, 3), names=LIKENESS) == [(0, 0), (9, 9)]


def test_a_customer_who_bought_nothing_like_it_is_0_alike():
    assert fit(block(), shop(related=ALIKE), (0, 5), names=LIKENESS) == [(0, 0)]
    assert fit(block(line(0, 2, 1)), shop(), (0, 5), names=LIKENESS) == [(0, 0)]


def test_every_feature_that_is_listed_is_described():
    names = [feature.name for feature in features(FEATURES, ())]
    assert len(set(names)) == len(names) == 13
    assert len(fit(block(), shop(), (0, 0), names=names)) == 1
