"""What a customer's own purchases say of a candidate, by hand."""

import pytest
from tests.pipelines.lgbm_ranking.making import FEATURES, WIDTH, block, line, pairs, said, shop

from hm_kedro.pipelines.lgbm_ranking.features.own_history import describe, features
from hm_kedro.pipelines.lgbm_ranking.features.repeats import PRIOR

OF_ARTICLE = [f"article_{name}" for name in ("times_bought", "days_bought", "days_since_bought", "days_between", "due")]
OF_PRODUCT = [name.replace("article", "product") for name in OF_ARTICLE]
NOTHING = (0, 0, None, None, None)
PRODUCTS = {"product": [0, 0, 1, 1, -1, -1]}


def own(lines, candidates, codes=None, affinities=(), customers=1):
    """The columns of some candidates of customers with some lines."""
    return describe(pairs(block(*lines, customers=customers), shop(codes), *candidates), FEATURES, affinities)


def test_an_article_bought_three_times_on_two_days_is_counted_so():
    found = own([line(0, 2, 1, pieces=2), line(0, 2, 9)], [(0, 2)])
    assert said(found, *OF_ARTICLE) == [(3, 2, 1, 8, 0.125)]


def test_lines_of_one_day_are_one_day():
    found = own([line(0, 2, 4, price=0.5), line(0, 2, 4, price=1)], [(0, 2)])
    assert said(found, *OF_ARTICLE) == [(2, 1, 4, None, None)]


def test_articles_bought_on_the_same_day_have_that_day_each():
    found = own([line(0, 2, 4), line(0, 3, 4), line(1, 0, 4)], [(0, 2), (0, 3), (1, 0)], customers=2)
    assert said(found, "article_days_bought") == [(1,), (1,), (1,)]


def test_the_days_between_are_their_mean_and_an_article_is_due_after_as_many():
    # Ten days between three days of purchase.
    found = own([line(0, 2, 5), line(0, 2, 14), line(0, 2, 15)], [(0, 2)])
    assert said(found, *OF_ARTICLE) == [(3, 3, 5, 5, 1)]


def test_of_an_article_never_bought_there_is_nothing_to_say():
    assert said(own([line(0, 2, 1)], [(0, 3)]), *OF_ARTICLE) == [NOTHING]


OF_VISITS = ["article_visits_since", "article_visit_share", *[f"article_in_{count}_visits" for count in (3, 5, 10)]]


def test_shopping_days_are_counted_back_from_the_customers_latest():
    # Bought on the second and the fourth of five shopping days, and on the last of another customer's two.
    visits = [line(0, other, age) for other, age in ((0, 2), (2, 9), (0, 11), (2, 30), (1, 90))]
    found = own([*visits, line(1, 2, 1), line(1, 0, 5)], [(0, 2), (0, 1), (1, 2)], customers=2)
    assert said(found, *OF_VISITS) == [(1, 0.5, 1, 2, 2), (4, pytest.approx(1 / 5), 0, 1, 1), (0, 1, 1, 1, 1)]


def test_a_shopping_day_on_which_an_article_was_bought_twice_is_one():
    found = own([line(0, 2, 4, price=0.5), line(0, 2, 4, price=1), line(0, 0, 4)], [(0, 2)])
    assert said(found, *OF_VISITS) == [(0, 1, 1, 1, 1)]


def test_of_an_article_never_bought_no_shopping_day_is_known():
    assert said(own([line(0, 2, 1)], [(0, 3)]), *OF_VISITS) == [(None, None, 0, 0, 0)]


def test_an_article_that_is_often_bought_again_and_was_bought_lately_is_strong():
    # 32 to the power 0.6 is 8; a quarter of all days of purchase were not the first.
    known = shop(article_buyers={2: 6, 3: 3}, article_repeats={2: 2, 3: 1})
    lines = [line(0, 2, 1), line(0, 2, 32, pieces=4), line(0, 3, 32)]
    found = describe(pairs(block(*lines), known, (0, 2), (0, 3), (0, 1)), FEATURES, ())
    rates = [(repeats + PRIOR / 4) / (days + PRIOR) for repeats, days in ((2, 8), (1, 4))]
    expected = [(pytest.approx(1.5 * rates[0]),), (pytest.approx(rates[1] / 8),), (None,)]
    assert said(found, "article_repeat_strength") == expected


def test_what_others_bought_is_not_the_customers():
    lines = [line(0, 2, 1), line(2, 2, 7), line(2, 3, 9)]
    found = own(lines, [(2, 2), (1, 2), (0, 2), (0, 3)], customers=3)
    assert said(found, "article_times_bought", "article_days_since_bought") == [(1, 7), (0, None), (1, 1), (0, None)]


def test_purchases_of_a_variant_are_purchases_of_the_product_not_of_the_article():
    found = own([line(0, 0, 8), line(0, 1, 2, pieces=3)], [(0, 1), (0, 0), (0, 2)], PRODUCTS)
    assert said(found, *OF_PRODUCT) == [(4, 2, 2, 6, pytest.approx(1 / 3)), (4, 2, 2, 6, pytest.approx(1 / 3)), NOTHING]
    assert said(found, "article_times_bought", "article_days_bought") == [(3, 1), (1, 1), (0, 0)]


def test_variants_bought_on_one_day_are_one_day_of_the_product():
    assert said(own([line(0, 0, 2), line(0, 1, 2)], [(0, 0)], PRODUCTS), *OF_PRODUCT) == [(2, 1, 2, None, None)]


def test_articles_without_a_product_are_no_variants_of_each_other():
    found = own([line(0, 4, 1), line(0, 0, 1)], [(0, 4), (0, 5)], PRODUCTS)
    assert said(found, *OF_PRODUCT) == [NOTHING, NOTHING]


# Articles 0 and 1 are of two colours, article 2 of none, article 3 of one that nobody bought.
COLOURS = {"colour_group": [1, 2, -1, 5, 2, 2]}


def test_an_affinity_is_the_share_of_the_purchases_that_are_of_the_articles_value():
    lines = [line(0, 0, 1, pieces=2), line(0, 0, 8), line(0, 1, 28)]
    candidates = [(0, 0), (0, 1), (0, 4), (0, 2), (0, 3), (1, 0)]
    found = own(lines, candidates, COLOURS, ("colour_group",), customers=2)
    assert said(found, "affinity_colour_group") == [(0.75,), (0.25,), (0.25,), (None,), (0,), (None,)]


def test_purchases_of_unknown_value_do_not_count_in_the_shares():
    found = own([line(0, 0, 1), line(0, 2, 1, pieces=9)], [(0, 0)], COLOURS, ("colour_group",))
    assert said(found, "affinity_colour_group", "recent_affinity_colour_group") == [(1, 1)]


def test_a_recent_affinity_counts_purchases_one_over_their_age_to_a_power():
    # 32 to the power 0.6 is 8.
    found = own([line(0, 0, 1), line(0, 1, 32, pieces=8)], [(0, 0), (0, 1)], COLOURS, ("colour_group",))
    names = ("affinity_colour_group", "recent_affinity_colour_group")
    assert said(found, *names) == [
        (pytest.approx(1 / 9), pytest.approx(0.5)),
        (pytest.approx(8 / 9), pytest.approx(0.5)),
    ]


def test_a_value_was_last_bought_when_any_of_its_articles_was():
    lines = [line(0, 1, 28), line(0, 4, 3), line(0, 2, 1)]
    found = own(lines, [(0, 5), (0, 0), (0, 2)], COLOURS, ("colour_group",))
    assert said(found, "colour_group_days_since_bought") == [(3,), (None,), (None,)]


def test_every_feature_that_is_listed_is_described_under_its_own_name():
    affinities = ("product", "colour_group")
    listed = [feature.name for feature in features(FEATURES, affinities)]
    assert len(set(listed)) == len(listed) == 2 * 5 + 5 + 1 + 2 * 2 + 1
    assert set(listed) <= set(own([line(0, 0, 1)], [(0, 0)], COLOURS, affinities))


@pytest.mark.parametrize("codes", [None, PRODUCTS])
def test_customers_who_bought_nothing_have_candidates_all_the_same(codes):
    found = own([], [(0, 0), (1, 5)], (codes or {}) | COLOURS, ("colour_group",), customers=2)
    names = [*OF_ARTICLE, *OF_PRODUCT, *OF_VISITS, "affinity_colour_group", "colour_group_days_since_bought"]
    assert said(found, *names) == [(*NOTHING, *NOTHING, None, None, 0, 0, 0, None, None)] * 2


def test_a_log_without_products_has_articles_all_the_same():
    found = own([line(0, 0, 1)], [(0, 0)], {"product": [-1] * WIDTH})
    assert said(found, *OF_ARTICLE[:3], *OF_PRODUCT) == [(1, 1, 1, *NOTHING)]
