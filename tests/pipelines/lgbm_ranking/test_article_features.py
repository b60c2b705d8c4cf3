"""How articles sell before each target week: what is counted of a day and what is made of it, by hand."""

from datetime import date, timedelta

import pytest
from tests.conftest import rows
from tests.pipelines.lgbm_ranking.making import FEATURES, NEXT, ONLINE, STORE, WEEK, said, shop

from hm_kedro.parameters import EvaluationParameters, TrainingParameters
from hm_kedro.pipelines.lgbm_ranking.article_features import (
    DAILY,
    count_days,
    describe_articles,
    describe_weeks,
    list_article_features,
)
from hm_kedro.pipelines.lgbm_ranking.features import article
from hm_kedro.pipelines.lgbm_ranking.features.feature import Pairs
from hm_kedro.timeline import Timeline

PRIMARY = "t_dat date, customer int, article int, price float, sales_channel_id tinyint"
NAMES = [feature.name for feature in list_article_features(FEATURES)]


def ago(days: int, week: date = WEEK) -> date:
    return week - timedelta(days=days)


# Articles 0 and 1 are variants of product 7; of article 3 no product is known, nor the age of customer 3.
ARTICLES = [(0, 7), (1, 7), (2, 8), (3, None)]
CUSTOMERS = [(1, 20), (2, 40), (3, None), (4, 50)]
LOG = [
    (ago(1), 1, 0, 0.25, ONLINE),
    (ago(1), 1, 0, 0.25, STORE),
    (ago(8), 1, 0, 0.5, ONLINE),
    (ago(28), 1, 1, 1.0, ONLINE),
    (ago(7), 2, 0, 1.0, STORE),
    (ago(29), 2, 0, 9.0, STORE),
    (ago(29), 3, 0, 9.0, STORE),
    (ago(29), 3, 0, 9.0, ONLINE),
]


@pytest.fixture
def counted(table):
    """What is counted of each article and day of a log."""

    def count(log, schema=PRIMARY):
        return count_days(table(schema, log), table("customer int, age int", CUSTOMERS))

    return count


@pytest.fixture
def described(table, counted):
    """What is said of articles before some weeks, by week and article."""

    def describe(log, *names, weeks=(WEEK,), params=FEATURES):
        articles = table("article int, product int", ARTICLES)
        made = rows(describe_weeks(counted(log), articles, list(weeks), params), "week", "article", *names)
        return {(week, number): tuple(values) for week, number, *values in made}

    return describe


def test_a_day_of_an_article_is_counted_by_pieces_channels_prices_ages_and_buyers(counted):
    found = counted(LOG)
    assert sorted(rows(found, "article", "t_dat", *DAILY)) == [
        (0, ago(29), 3, 1, 3, 3, 27.0, 1, 40.0, 1600.0, 2, 0),
        (0, ago(8), 1, 1, 1, 1, 0.5, 1, 20.0, 400.0, 1, 0),
        (0, ago(7), 1, 0, 1, 1, 1.0, 1, 40.0, 1600.0, 0, 1),
        (0, ago(1), 2, 1, 2, 2, 0.5, 2, 40.0, 800.0, 0, 1),
        (1, ago(28), 1, 1, 1, 1, 1.0, 1, 20.0, 400.0, 1, 0),
    ]


def test_counts_are_whole_numbers_and_sums_are_not(counted):
    sums = ("price", "age", "age_squares")
    kinds = {name: "double" if name in sums else "int" for name in DAILY}
    assert dict(counted([]).dtypes) == {"article": "int", "t_dat": "date", **kinds}


def test_what_is_not_known_of_a_purchase_is_not_counted(counted):
    assert rows(counted([(ago(1), 3, 0, None, None)]), *DAILY) == [(1, 0, 0, 0, 0.0, 0, 0.0, 0.0, 1, 0)]


def test_pieces_of_one_line_count_as_many_lines(counted):
    pairs = counted([(*line, 2) for line in LOG], f"{PRIMARY}, quantity int")
    assert rows(pairs) == rows(counted(LOG + LOG))


def test_whether_a_purchase_is_a_repeat_is_said_by_earlier_days_alone(counted):
    first = [(ago(5), 1, 0, 0.5, ONLINE)]
    later = [(ago(2), 1, 0, 0.5, ONLINE), (ago(2), 2, 0, 0.5, ONLINE)]
    names = ("t_dat", "buyers", "repeats")
    assert sorted(rows(counted(later + first), *names)) == [(ago(5), 1, 0), (ago(2), 1, 1)]
    assert rows(counted(first), *names) == [(ago(5), 1, 0)]


def test_articles_are_described_by_their_sales_of_the_last_days(described):
    names = [f"article_sales_{days}d" for days in FEATURES.sales_days]
    found = described(LOG, *names, "article_sales", "article_trend", "article_rank")
    # Of the last week's sales times four by those of four.
    assert found == {(WEEK, 0): (2, 3, 4, 7, 3, 1), (WEEK, 1): (0, 0, 1, 1, 0, 2)}


def test_articles_are_described_by_when_they_were_sold(described):
    found = described(LOG, "article_days_on_sale", "article_days_since_sale")
    assert found == {(WEEK, 0): (29, 1), (WEEK, 1): (28, 28)}


def test_articles_are_described_by_prices_and_channels(described):
    found = described(LOG, "article_price", "article_price_change", "article_online_share")
    # The latest prices 0.25, 0.25, 0.5 and 1; with the older ones they are 29 for seven pieces.
    change, share = (pytest.approx(value) for value in (0.5 / (29 / 7), 3 / 7))
    assert found == {(WEEK, 0): (0.5, change, share), (WEEK, 1): (1, 1, 1)}


def test_articles_are_described_by_the_ages_of_their_latest_buyers(described):
    # Of 20, 20, 20 and 40.
    spread = pytest.approx(75**0.5)
    found = described(LOG, "article_buyers_age", "article_buyers_age_spread")
    assert found == {(WEEK, 0): (25, spread), (WEEK, 1): (20, 0)}


def test_articles_are_described_by_new_buyers_and_those_who_come_again(described):
    found = described(LOG, "article_buyers", "article_repeats", "article_repeat_share")
    assert found == {(WEEK, 0): (3, 2, pytest.approx(2 / 5)), (WEEK, 1): (1, 0, 0)}


def test_articles_are_described_by_their_latest_buyers(described):
    # Customer 2 came again seven days ago, customer 1 a day ago, who was new eight days ago.
    found = described(LOG, "article_buyers_7d", "article_repeats_7d", "article_new_buyers_28d")
    assert found == {(WEEK, 0): (2, 2, 1), (WEEK, 1): (0, 0, 1)}


def test_articles_are_described_by_the_sales_of_all_variants(described):
    found = described(LOG, "product_sales", "product_share")
    assert found == {(WEEK, 0): (5, pytest.approx(0.8)), (WEEK, 1): (5, pytest.approx(0.2))}


def test_articles_without_a_product_have_no_variants(described):
    log = [(ago(1), 1, 3, 0.5, ONLINE), (ago(1), 1, 0, 0.5, ONLINE)]
    found = described(log, "product_sales", "product_share", "article_sales")
    assert found == {(WEEK, 3): (None, None, 1), (WEEK, 0): (1, 1, 1)}


def test_articles_that_sold_alike_share_a_rank(described):
    log = [(ago(1), who, what, 0.5, ONLINE) for who, what in ((1, 0), (1, 1), (2, 2), (3, 2))]
    log += [(ago(9), 1, 3, 0.5, ONLINE)] * 5
    assert described(log, "article_rank") == {(WEEK, 2): (1,), (WEEK, 0): (2,), (WEEK, 1): (2,), (WEEK, 3): (4,)}


def test_an_article_not_sold_lately_has_sales_but_no_trend_price_or_ages(described):
    names = ("article_sales", "article_sales_28d", "article_trend", "article_price", "article_price_change")
    log = [(ago(29), 1, 0, 0.5, ONLINE)]
    found = described(log, *names, "article_buyers_age", "product_share")
    assert found == {(WEEK, 0): (1, 0, None, None, None, None, None)}


def test_buyers_of_unknown_age_have_no_spread_of_ages(described):
    log = [(ago(1), 3, 0, 0.5, ONLINE), (ago(29), 1, 1, 0.5, ONLINE)]
    assert described(log, "article_buyers_age_spread") == {(WEEK, 0): (None,), (WEEK, 1): (None,)}


def test_an_article_given_away_has_a_price_and_no_change_of_it(described):
    found = described([(ago(1), 1, 0, 0.0, ONLINE)], "article_price", "article_price_change")
    assert found == {(WEEK, 0): (0, None)}


def test_unknown_prices_channels_and_ages_do_not_count_in_the_means(described):
    log = [(ago(1), 3, 0, None, None), (ago(1), 1, 0, 0.5, STORE), (ago(1), 3, 1, None, None)]
    names = ("article_sales", "article_price", "article_online_share", "article_buyers_age")
    assert described(log, *names) == {(WEEK, 0): (2, 0.5, 0, 20), (WEEK, 1): (1, None, None, None)}


def test_every_week_is_described_by_what_was_sold_before_it(described):
    log = [(ago(1), 1, 0, 0.5, ONLINE), (WEEK, 1, 0, 0.5, ONLINE), (NEXT, 1, 0, 0.5, ONLINE), (WEEK, 2, 1, 0.5, STORE)]
    names = ("article_sales_7d", "article_days_on_sale", "article_repeat_share")
    assert described(log, *names, weeks=(WEEK, NEXT)) == {
        (WEEK, 0): (1, 1, 0),
        (NEXT, 0): (1, 8, 0.5),
        (NEXT, 1): (1, 7, 0),
    }


def test_sales_before_the_window_are_not_counted_but_by_who_came_again(described):
    log = [(ago(101), 1, 0, 0.5, ONLINE), (ago(100), 1, 0, 0.5, ONLINE), (ago(101), 1, 1, 0.5, ONLINE)]
    names = ("article_sales", "article_days_on_sale", "article_buyers", "article_repeat_share")
    assert described(log, *names) == {(WEEK, 0): (1, 100, 0, 1)}


def test_trend_and_rank_are_of_the_last_two_numbers_of_days(described):
    params = FEATURES.model_copy(update={"sales_days": (2, 10)})
    log = [(ago(1), 1, 0, 0.5, ONLINE)] + [(ago(9), 1, 1, 0.25, ONLINE)] * 3 + [(ago(11), 1, 0, 1.0, ONLINE)]
    found = described(log, "article_trend", "article_rank", "article_price", params=params)
    assert found == {(WEEK, 0): (5, 1, 0.5), (WEEK, 1): (0, 2, 0.25)}


def test_descriptions_do_not_depend_on_the_order_of_the_purchases(described):
    log = [(ago(1 + n % 30), 1 + n % 3, n % 2, n / 59, 1 + n % 2) for n in range(60)]
    assert described(log[::-1], *NAMES) == described(log, *NAMES)


def test_the_columns_stand_in_the_order_of_their_list_as_numbers(table, counted):
    made = describe_weeks(counted(LOG), table("article int, product int", ARTICLES), [WEEK], FEATURES)
    assert made.dtypes == [("week", "date"), ("article", "int"), *[(name, "float") for name in NAMES]]


def test_no_weeks_have_no_descriptions(described):
    assert described(LOG, weeks=()) == {}


def test_the_node_describes_all_target_weeks(table, counted):
    days = {"cutoff": NEXT, "first_day": ago(50), "last_day": ago(1, NEXT), "log_end": ago(1, NEXT)}
    line = Timeline(raw_dir="raw", asked_cutoff=None, **days).model_dump(mode="json")
    training = TrainingParameters(
        weeks=1, most_weeks=1, enough_purchases=0, negatives=3, misses=0, max_rows=1000, seed=1
    )
    made = describe_articles(
        counted(LOG),
        table("article int, product int", ARTICLES),
        line,
        FEATURES,
        EvaluationParameters(weeks=1),
        training,
    )
    assert sorted(set(rows(made, "week"))) == [(ago(7),), (WEEK,), (NEXT,)]


def test_candidates_are_looked_up_by_article_and_the_unsold_named(table):
    known = shop(article_sales={1: 7}, article_days_on_sale={1: 3})
    found = article.describe(Pairs(None, {}, None, [1, 2, 1], {}, known), FEATURES, ())
    assert said(found, "article_sales", "article_days_on_sale", "article_never_sold") == [
        (7, 3, 0),
        (None, None, 1),
        (7, 3, 0),
    ]
    assert set(found) == {*NAMES, "article_never_sold", "article_repeat_rate"}
