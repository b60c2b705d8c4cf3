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


@pytest.fixture
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


def test_sales_are_counted_by_attribute_the_most_first(count):
    articles = [(0, "Ladies", "Red"), (0, "Men", "Red"), (1, "Men", "Blue"), (1, "Kids", None)]
    counts = count(articles, [("2020-09-15", 0, 0.5, 4), ("2020-09-14", 1, 0.5, 1), ("2020-09-14", 2, 0.5, 2)])
    assert counts["sales_by_index_group"] == {
        "value": ["Ladies", "Men", "Kids"],
        "transactions": [4, 3, 0],
        "articles": [1, 2, 1],
    }
    assert counts["sales_by_colour_group"] == {"value": ["Red", "Blue"], "transactions": [5, 2], "articles": [2, 1]}
    # All articles are of the same section: there is nothing to compare.
    assert "sales_by_section" not in counts


def test_prices_are_quantiles_of_the_pieces_by_index_group(count):
    articles = [(0, "Ladies", "Red"), (1, "Men", "Red")]
    purchases = [
        ("2020-09-15", 0, 0.25, 1),
        ("2020-09-14", 0, 0.5, 2),
        ("2020-09-13", 0, 1.0, 1),
        ("2020-09-13", 1, 0.125, 1),
    ]
    prices = count(articles, [*purchases, ("2020-09-12", 1, None, 9)])["prices"]
    assert prices["group"] == ["Men", "Ladies"]
    assert prices["transactions"] == [1, 4]
    assert [prices[name][1] for name in ("q5", "q25", "q50", "q75", "q95")] == [0.25, 0.25, 0.5, 0.5, 1.0]


def test_articles_are_counted_by_their_lives_and_variants_and_when_they_were_new(count):
    articles = [(0, None, None), (0, None, None), (0, None, None), (1, None, None), (None, None, None)]
    purchases = [
        ("2020-06-05", 0, None, 1),  # in the log's first weeks: may be old
        ("2020-09-15", 0, None, 1),
        ("2020-09-02", 1, None, 1),
        ("2020-09-08", 1, None, 1),
        ("2020-09-09", 2, None, 1),
        ("2020-09-09", 3, None, 1),
        ("2020-09-16", 4, None, 1),
    ]
    counts = count(articles, purchases[:-1])
    assert counts["lives"] == {"weeks": [1, 15], "articles": [3, 1]}
    assert counts["new_articles"] == {"week": ["2020-09-02", "2020-09-09"], "articles": [1, 2]}
    assert counts["variants"] == {"articles": [1, 3], "products": [1, 1]}


def test_concentration_is_the_lorenz_curve_and_ginis_coefficient(count):
    equal = count([(0, None, None)] * 4, [("2020-09-15", article, None, 2) for article in range(4)])["concentration"]
    assert equal["articles"] == equal["transactions"] == [0.25, 0.5, 0.75, 1.0]
    assert sum(equal["gini_part"]) == 0
    one = [("2020-09-15", article, None, pieces) for article, pieces in enumerate((1, 1, 1, 7))]
    uneven = count([(0, None, None)] * 4, one)["concentration"]
    assert uneven["transactions"] == [0.1, 0.2, 0.3, 1.0]
    # The mean absolute difference of two articles over twice their mean: 6 pairs, 3 of which differ by 6.
    assert sum(uneven["gini_part"]) == pytest.approx((2 * 3 * 6 / 16) / (2 * 2.5))


def test_the_last_weeks_bestsellers_are_followed_back(count):
    purchases = [
        ("2020-09-15", 1, None, 3),
        ("2020-09-15", 0, None, 2),
        ("2020-09-08", 0, None, 5),
        ("2020-09-08", 2, None, 9),
    ]
    top = count([(0, None, "Red"), (0, None, "Blue"), (1, None, "Red")], purchases)["top_articles"]
    assert list(zip(top["article_id"], top["weeks_to_cutoff"], top["rank"], top["pieces"], strict=True)) == [
        ("0000000001", 1, 1, 3),
        ("0000000000", 2, 2, 5),
        ("0000000000", 1, 2, 2),
    ]


def test_a_shop_that_sold_nothing_has_variants_at_most(count):
    assert set(count([(0, "Men", "Red"), (0, "Men", "Red"), (1, "Men", "Red")], [])) == {"variants"}
