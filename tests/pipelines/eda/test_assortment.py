"""What is sold, on the engine under test: every number by hand."""

import pytest
from tests.conftest import day

from hm_kedro.pipelines.eda.assortment import ATTRIBUTES, count_assortment

PURCHASES = "t_dat date, customer int, article int, price float, quantity int, weeks_to_cutoff int"
NAMES = [f"{name}_name" for name in ATTRIBUTES]
ARTICLES = ", ".join(
    ["article int", "article_id string", "product int", "prod_name string"]
    + [f"{name} string" for name in NAMES]
    + ["first_day date", "last_day date"]
)
TIMELINE = {
    "raw_dir": "raw",
    "asked_cutoff": None,
    "cutoff": "2020-09-16",
    "first_day": "2020-06-01",
    "last_day": "2020-09-15",
    "log_end": "2020-09-15",
}
# Articles of (product, index group, colour), and the pieces of each that are sold.
ARTICLES_OF_THE_SHOP = [
    (0, "Ladies", "Red"),  # 5
    (0, "Men", "Red"),  # 7
    (0, "Men", "Blue"),  # 3
    (1, "Kids", None),  # none
    (2, "Ladies", "Red"),  # 2
    (None, None, None),  # 8
]
SALES_OF_THE_SHOP = [
    ("2020-06-05", 0, None, 1),  # in the log's first weeks: may be old
    ("2020-09-08", 0, 0.5, 2),
    ("2020-09-15", 0, 0.25, 1),
    ("2020-09-15", 0, 1.0, 1),
    ("2020-09-02", 1, None, 6),
    ("2020-09-09", 1, 0.125, 1),
    ("2020-09-09", 2, None, 3),
    ("2020-09-08", 4, None, 1),
    ("2020-09-14", 4, None, 1),
    ("2020-09-03", 5, None, 8),
]


@pytest.fixture(scope="module")
def count(table):
    """Count articles of (product, index group, colour) and purchases of (day, article, price, pieces)."""

    def counted(articles, purchases):
        lines = [
            (day(on), 0, article, price, pieces, ((day(TIMELINE["cutoff"]) - day(on)).days + 6) // 7)
            for on, article, price, pieces in purchases
        ]
        days = {article: sorted(line[0] for line in lines if line[2] == article) for article in range(len(articles))}
        rows = [
            (
                number,
                f"{number:010d}",
                product,
                f"name {number}",
                *[{"index_group_name": group, "colour_group_name": colour}.get(name, "same") for name in NAMES],
                days[number][0] if days[number] else None,
                days[number][-1] if days[number] else None,
            )
            for number, (product, group, colour) in enumerate(articles)
        ]
        return count_assortment(table(ARTICLES, rows), table(PURCHASES, lines), TIMELINE)

    return counted


@pytest.fixture(scope="module")
def shop(count):
    """The counts of the shop above, of which the tests look at one thing each."""
    return count(ARTICLES_OF_THE_SHOP, SALES_OF_THE_SHOP)


def test_sales_are_counted_by_attribute_the_most_first(shop):
    assert shop["sales_by_index_group"] == {
        "value": ["Men", "Ladies", "Kids"],
        "transactions": [10, 7, 0],
        "articles": [2, 2, 1],
    }
    assert shop["sales_by_colour_group"] == {"value": ["Red", "Blue"], "transactions": [14, 3], "articles": [3, 1]}
    # All articles are of the same section: there is nothing to compare.
    assert "sales_by_section" not in shop


def test_prices_are_quantiles_of_the_pieces_by_index_group(shop):
    prices = shop["prices"]
    assert prices["group"] == ["Men", "Ladies"]
    assert prices["transactions"] == [1, 4]
    assert [prices[name][1] for name in ("q5", "q25", "q50", "q75", "q95")] == [0.25, 0.25, 0.5, 0.5, 1.0]


def test_articles_are_counted_by_their_lives_and_variants_and_when_they_were_new(shop):
    # Article 4 is seen for seven days, article 1 for eight.
    assert shop["lives"] == {"weeks": [1, 2, 15], "articles": [3, 1, 1]}
    assert shop["new_articles"] == {"week": ["2020-09-02", "2020-09-09"], "articles": [3, 1]}
    assert shop["variants"] == {"articles": [1, 3], "products": [2, 1]}


def test_concentration_is_the_lorenz_curve_and_ginis_coefficient(shop):
    curve = shop["concentration"]
    assert curve["articles"] == [0.2, 0.4, 0.6, 0.8, 1.0]
    assert curve["transactions"] == [0.08, 0.2, 0.4, 0.68, 1.0]
    # The mean absolute difference of two articles over twice their mean: ten pairs of 2, 3, 5, 7 and 8.
    differences = (1 + 3 + 5 + 6) + (2 + 4 + 5) + (2 + 3) + 1
    assert sum(curve["gini_part"]) == pytest.approx((2 * differences / 25) / (2 * 5))


def test_articles_that_sell_alike_have_a_straight_curve_and_no_coefficient(count):
    equal = count([(0, None, None)] * 4, [("2020-09-15", article, None, 2) for article in range(4)])["concentration"]
    assert equal["articles"] == equal["transactions"] == [0.25, 0.5, 0.75, 1.0]
    assert sum(equal["gini_part"]) == 0


def test_the_last_weeks_bestsellers_are_followed_back(shop):
    """Article 5, the first of the week before, is none of them; June is too long ago."""
    top = shop["top_articles"]
    assert list(zip(top["article_id"], top["weeks_to_cutoff"], top["rank"], top["pieces"], strict=True)) == [
        ("0000000002", 1, 1, 3),
        ("0000000000", 2, 3, 2),
        ("0000000000", 1, 2, 2),
        ("0000000001", 2, 2, 6),
        ("0000000001", 1, 3, 1),
        ("0000000004", 2, 4, 1),
        ("0000000004", 1, 4, 1),
    ]


def test_a_shop_that_sold_nothing_has_variants_at_most(count):
    assert set(count([(0, "Men", "Red"), (0, "Men", "Red"), (1, "Men", "Red")], [])) == {"variants"}
