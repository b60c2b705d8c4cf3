"""How often what is bought is bought again, by hand."""

import numpy as np
import pytest
from tests.pipelines.lgbm_ranking.making import WIDTH, shop

from hm_kedro.pipelines.lgbm_ranking.features.repeats import PRIOR, repeat_shares

# Of 40 days of purchase ten were not the first: 2 of 8 of article 0, 8 of 12 of article 1, none of 20 of article 2.
SOLD = {"article_buyers": {0: 6, 1: 4, 2: 20}, "article_repeats": {0: 2, 1: 8, 2: 0}}
ALL = 10 / 40
TYPES = {"product_type": [0, 0, 1, 1, -1, -1]}


def drawn(repeats, days, prior):
    return (repeats + PRIOR * prior) / (days + PRIOR)


def test_without_attributes_an_articles_share_is_drawn_to_that_of_all():
    of_attributes, of_articles = repeat_shares(shop(**SOLD), ())
    assert of_attributes == {}
    never = [ALL] * 3
    assert of_articles.tolist() == pytest.approx([drawn(2, 8, ALL), drawn(8, 12, ALL), drawn(0, 20, ALL), *never])
    assert of_articles.dtype == np.float32


def test_an_article_is_drawn_to_its_attribute_and_that_to_all():
    of_attributes, of_articles = repeat_shares(shop(TYPES, **SOLD), ("product_type",))
    first, second = drawn(10, 20, ALL), drawn(0, 20, ALL)
    assert of_attributes["product_type"].tolist() == pytest.approx([first, first, second, second, ALL, ALL])
    expected = [drawn(2, 8, first), drawn(8, 12, first), drawn(0, 20, second), second, ALL, ALL]
    assert of_articles.tolist() == pytest.approx(expected)


def test_finer_attributes_are_drawn_to_coarser_ones_in_whatever_order_they_come():
    codes = TYPES | {"department": [0, 0, 0, 0, 0, 0]}
    known = shop(codes, **SOLD)
    of_attributes, of_articles = repeat_shares(known, ("product_type", "department"))
    of_department = drawn(10, 40, ALL)
    assert of_attributes["department"].tolist() == pytest.approx([of_department] * WIDTH)
    assert of_attributes["product_type"][0] == pytest.approx(drawn(10, 20, of_department))
    assert of_attributes["product_type"][4] == pytest.approx(of_department)
    again, of_them = repeat_shares(shop(codes, **SOLD), ("department", "product_type"))
    assert {name: shares.tolist() for name, shares in again.items()} == {
        name: shares.tolist() for name, shares in of_attributes.items()
    }
    assert of_them.tolist() == of_articles.tolist()


def test_an_attribute_with_a_value_an_article_counts_nothing_twice():
    of_attributes, of_articles = repeat_shares(shop(**SOLD), ("product",))
    assert of_attributes["product"].tolist() == pytest.approx([ALL] * WIDTH)
    assert of_articles.tolist() == repeat_shares(shop(**SOLD), ())[1].tolist()


def test_articles_that_were_never_sold_say_nothing_of_the_order_of_attributes():
    # Of the sold, two kinds in one department; the launches to come have departments of their own.
    codes = {"product_type": [0, 0, 1, 1, 1, 1], "department": [0, 0, 0, 1, 2, 3]}
    of_attributes, _ = repeat_shares(shop(codes, **SOLD), ("product_type", "department"))
    of_department = drawn(10, 40, ALL)
    assert of_attributes["department"][0] == pytest.approx(of_department)
    assert of_attributes["product_type"][0] == pytest.approx(drawn(10, 20, of_department))


def test_an_attribute_with_a_value_a_sold_article_is_passed_over_whatever_comes_later():
    codes = {"product": [0, 1, 2, 3, 3, 3]}
    assert repeat_shares(shop(codes, **SOLD), ("product",))[0]["product"].tolist() == pytest.approx([ALL] * WIDTH)


def test_where_nothing_was_sold_nothing_was_bought_again():
    of_attributes, of_articles = repeat_shares(shop(TYPES), ("product_type",))
    assert set(of_articles) == set(of_attributes["product_type"]) == {0}
