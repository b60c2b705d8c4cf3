"""What is known of a candidate before its week."""

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import day, rows

from hm_kedro.parameters import FeatureParameters
from hm_kedro.pipelines.als_candidates.retrievers import RETRIEVERS
from hm_kedro.pipelines.lgbm_ranking.features import (
    FEATURES,
    article_features,
    choose_affinities,
    customer_article_features,
    customer_features,
    customer_product_features,
    join_features,
)
from hm_kedro.tables import history_by_week

PRIMARY = "t_dat date, customer int, article int, price float, sales_channel_id int"
CANDIDATES = "week date, customer int, article int, " + ", ".join(
    f"{name}_score float, {name}_rank int" for name in RETRIEVERS
)
NOT_PROPOSED = {f"{name}_{value}": None for name in RETRIEVERS for value in ("score", "rank")}
NO_AFFINITIES = {name: None for name in FEATURES if name.startswith("affinity_")}
WEEK, NEXT = day("2020-09-02"), day("2020-09-09")
STORE, ONLINE = 1, 2
ON_THE_ENGINE = settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def ago(days: int, week: date = WEEK) -> date:
    return week - timedelta(days=days)


# Articles 0 and 1 are variants of product 7; customer 3 has no age.
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
ARTICLES = [(0, 7), (1, 7), (2, 8)]
CUSTOMERS = [(1, 20), (2, 40), (3, None), (4, 50)]


@pytest.fixture
def articles(table):
    return table("article int, product int", ARTICLES)


@pytest.fixture
def customers(table):
    return table("customer int, age int", CUSTOMERS)


@pytest.fixture
def history(table):
    return history_by_week(table(PRIMARY, LOG), [WEEK])


def only(frame, condition: str) -> dict:
    """The one row under a condition, by column."""
    [row] = frame.where(condition).collect()
    return row.asDict()


def proposal(customer: int, article: int, week: date = WEEK, **given) -> tuple:
    """A row of candidates, proposed by the bestsellers where nothing else is said."""
    retrieval = NOT_PROPOSED | {"bestsellers_score": 3.0, "bestsellers_rank": 1} | given
    return (week, customer, article, *retrieval.values())


def test_an_article_bought_three_times_on_two_days_is_counted_so(history):
    assert only(customer_article_features(history), "customer = 1 and article = 0") == {
        "week": WEEK,
        "customer": 1,
        "article": 0,
        "times_bought": 3,
        "days_since_bought": 1,
        "days_bought": 2,
    }


def test_purchases_of_a_variant_are_purchases_of_the_product(history, articles):
    own = customer_article_features(history)
    assert rows(customer_product_features(own, articles)) == [
        (WEEK, 1, 7, 4, 1),
        (WEEK, 2, 7, 2, 7),
        (WEEK, 3, 7, 2, 29),
    ]


def test_an_article_is_described_by_its_sales_buyers_and_prices(history, customers):
    own = customer_article_features(history)
    assert only(article_features(history, own, customers), "article = 0") == {
        "week": WEEK,
        "article": 0,
        "article_sales_7d": 3,
        "article_sales_28d": 4,
        "article_sales": 7,
        "article_days_on_sale": 29,
        "article_days_since_sale": 1,
        "article_buyers_age": 25.0,  # of 20, 20, 20, 40
        "article_price": 0.5,  # of 0.25, 0.25, 0.5, 1
        "article_online_share": pytest.approx(3 / 7),
        "article_buyers": 3,
        "article_repeat_share": pytest.approx(2 / 3),  # customer 3 bought two on one day
    }


def test_a_customer_is_described_by_visits_prices_and_channels(history):
    assert only(customer_features(history), "customer = 1") == {
        "week": WEEK,
        "customer": 1,
        "customer_days_since_purchase": 1,
        "customer_purchases": 4,
        "customer_purchases_28d": 4,
        "customer_shopping_days": 3,
        "customer_articles": 2,
        "customer_price": 0.5,
        "customer_online_share": 0.75,
    }


def test_purchases_before_the_last_28_days_are_not_of_the_last_28_days(history):
    customer = only(customer_features(history), "customer = 2")
    assert (customer["customer_purchases"], customer["customer_purchases_28d"]) == (2, 1)


def test_a_candidate_has_every_feature(table, history, articles, customers):
    proposed = proposal(1, 0, als_score=0.5, als_rank=4, own_purchases_score=1.5, own_purchases_rank=2)
    joined = join_features(table(CANDIDATES, [proposed]), history, articles, customers, [WEEK])
    assert only(joined, "true") == NOT_PROPOSED | NO_AFFINITIES | {
        "week": WEEK,
        "customer": 1,
        "article": 0,
        "als_score": 0.5,
        "als_rank": 4,
        "own_purchases_score": 1.5,
        "own_purchases_rank": 2,
        "bestsellers_score": 3.0,
        "bestsellers_rank": 1,
        "retrievers": 3,
        "times_bought": 3,
        "days_since_bought": 1,
        "product_times_bought": 4,
        "product_days_since_bought": 1,
        "article_sales_7d": 3,
        "article_sales_28d": 4,
        "article_sales": 7,
        "article_buyers": 3,
        "article_repeat_share": pytest.approx(2 / 3),
        "article_days_on_sale": 29,
        "article_days_since_sale": 1,
        "article_buyers_age": 25.0,
        "article_price": 0.5,
        "article_online_share": pytest.approx(3 / 7),
        "customer_days_since_purchase": 1,
        "customer_purchases": 4,
        "customer_purchases_28d": 4,
        "customer_shopping_days": 3,
        "customer_articles": 2,
        "customer_price": 0.5,
        "customer_online_share": 0.75,
        "customer_age": 20,
        "age_distance": -5.0,
        "price_ratio": 1.0,
    }


def test_features_stand_in_the_order_of_their_list_as_numbers(table, history, articles, customers):
    joined = join_features(table(CANDIDATES, []), history, articles, customers, [WEEK])
    assert joined.columns == ["week", "customer", "article", *FEATURES]
    assert {kind for name, kind in joined.dtypes if name in FEATURES} == {"int", "float"}


def test_every_candidate_is_one_row_whatever_is_known_of_it(table, history, articles, customers):
    keys = [(customer, article) for customer in (1, 2, 3, 4) for article in (0, 1, 2)]
    candidates = table(CANDIDATES, [proposal(*key) for key in keys])
    joined = join_features(candidates, history, articles, customers, [WEEK])
    assert rows(joined, "customer", "article") == keys


def test_candidates_of_other_weeks_are_left_out(table, history, articles, customers):
    candidates = table(CANDIDATES, [proposal(1, 0), proposal(1, 0, week=NEXT)])
    assert rows(join_features(candidates, history, articles, customers, [WEEK]), "week") == [(WEEK,)]


def test_the_retrievers_that_propose_an_article_are_counted(table, history, articles, customers):
    proposals = [proposal(1, 0), proposal(1, 1, als_rank=9), proposal(1, 2, als_rank=9, bestsellers_rank=None)]
    joined = join_features(table(CANDIDATES, proposals), history, articles, customers, [WEEK])
    assert rows(joined, "article", "retrievers") == [(0, 1), (1, 2), (2, 1)]


def test_an_article_never_bought_by_the_customer_has_its_product_counted(table, history, articles, customers):
    joined = join_features(table(CANDIDATES, [proposal(2, 1)]), history, articles, customers, [WEEK])
    assert rows(joined, "times_bought", "days_since_bought", "product_times_bought") == [(None, None, 2)]


def test_nothing_is_said_of_an_unsold_article_and_a_customer_without_purchases(table, history, articles, customers):
    joined = join_features(table(CANDIDATES, [proposal(4, 2)]), history, articles, customers, [WEEK])
    said = {name: value for name, value in only(joined, "true").items() if value is not None}
    assert said == {
        "week": WEEK,
        "customer": 4,
        "article": 2,
        "bestsellers_score": 3.0,
        "bestsellers_rank": 1,
        "retrievers": 1,
        "customer_age": 50,
    }


def test_an_unknown_age_of_the_customer_leaves_the_distance_of_ages_missing(table, history, articles, customers):
    joined = join_features(table(CANDIDATES, [proposal(3, 0)]), history, articles, customers, [WEEK])
    assert rows(joined, "customer_age", "article_buyers_age", "age_distance") == [(None, 25.0, None)]


def test_buyers_of_unknown_age_do_not_count_in_the_mean_age(table, customers):
    log = table(PRIMARY, [(ago(1), 1, 0, 0.5, ONLINE), (ago(1), 3, 0, 0.5, ONLINE)])
    past = history_by_week(log, [WEEK])
    sales = article_features(past, customer_article_features(past), customers)
    assert rows(sales, "article_buyers_age", "article_sales") == [(20.0, 2)]


def test_missing_prices_and_channels_give_missing_features(table, articles, customers):
    past = history_by_week(table(PRIMARY, [(ago(1), 1, 0, None, None)]), [WEEK])
    joined = join_features(table(CANDIDATES, [proposal(1, 0)]), past, articles, customers, [WEEK])
    columns = ["article_price", "customer_price", "price_ratio", "article_online_share", "customer_online_share"]
    assert rows(joined, *columns) == [(None,) * 5]
    assert rows(joined, "times_bought", "article_sales") == [(1, 1)]


def test_missing_prices_do_not_count_in_the_mean_price(table):
    log = table(PRIMARY, [(ago(1), 1, 0, None, ONLINE), (ago(1), 1, 1, 0.5, None)])
    visits = customer_features(history_by_week(log, [WEEK]))
    assert rows(visits, "customer_purchases", "customer_price", "customer_online_share") == [(2, 0.5, 1.0)]


def test_a_customer_who_paid_nothing_has_no_ratio_of_prices(table, articles, customers):
    past = history_by_week(table(PRIMARY, [(ago(1), 1, 0, 0.0, ONLINE)]), [WEEK])
    joined = join_features(table(CANDIDATES, [proposal(1, 0)]), past, articles, customers, [WEEK])
    assert rows(joined, "customer_price", "price_ratio") == [(0.0, None)]


def test_an_article_last_sold_over_28_days_ago_has_sales_but_no_price(table, customers):
    past = history_by_week(table(PRIMARY, [(ago(29), 1, 0, 0.5, ONLINE)]), [WEEK])
    sales = article_features(past, customer_article_features(past), customers)
    columns = ["article_sales", "article_sales_28d", "article_price", "article_buyers_age"]
    assert rows(sales, *columns) == [(1, 0, None, None)]


# Each example holds a dozen small shops in one log, so that one question to the engine answers for all.
SHOPS = range(12)


def test_a_purchase_of_two_pieces_says_what_two_of_one_say(table, articles, customers):
    twice = table(PRIMARY, LOG + LOG)
    pairs = table(f"{PRIMARY}, quantity int", [(*line, 2) for line in LOG])
    candidates = table(CANDIDATES, [proposal(customer, article) for customer in (1, 2) for article in (0, 1)])
    one, other = (
        rows(join_features(candidates, history_by_week(log, [WEEK]), articles, customers, [WEEK]))
        for log in (twice, pairs)
    )
    assert one == other


SHOP_LOG = st.lists(
    st.tuples(
        st.integers(-14, 40).map(ago),
        st.integers(0, 2),
        st.integers(0, 2),
        st.none() | st.floats(0, 1, width=32),
        st.sampled_from([STORE, ONLINE, None]),
    ),
    max_size=40,
)
SHOP_LOGS = st.lists(SHOP_LOG, min_size=len(SHOPS), max_size=len(SHOPS))
# Three articles, two of them variants, and four customers a shop; the last buys nothing, the third has no age.
SHOP_ARTICLES = [(3 * shop + article, 2 * shop + article // 2) for shop in SHOPS for article in range(3)]
SHOP_CUSTOMERS = [(4 * shop + number, 20 + shop if number != 2 else None) for shop in SHOPS for number in range(4)]


def together(logs: list[list[tuple]]) -> list[tuple]:
    return [
        (on, 4 * shop + customer, 3 * shop + article, price, channel)
        for shop, log in zip(SHOPS, logs, strict=True)
        for on, customer, article, price, channel in log
    ]


@pytest.fixture
def shop_features(table):
    """The features of every pair of a customer and an article of each shop, for some weeks."""
    pairs = [(4 * shop + who, 3 * shop + what) for shop in SHOPS for who in range(4) for what in range(3)]

    def make(log: list[tuple], weeks: list[date]) -> list[tuple]:
        candidates = table(CANDIDATES, [proposal(*pair, week=week) for week in weeks for pair in pairs])
        articles = table("article int, product int", SHOP_ARTICLES)
        customers = table("customer int, age int", SHOP_CUSTOMERS)
        history = history_by_week(table(PRIMARY, log), weeks)
        described = rows(join_features(candidates, history, articles, customers, weeks))
        assert len(described) == len(weeks) * len(pairs)
        return described

    return make


@ON_THE_ENGINE
@given(logs=SHOP_LOGS)
def test_purchases_on_or_after_the_week_change_nothing_in_its_features(shop_features, logs):
    log = together(logs)
    whole = shop_features(log, [WEEK, NEXT])
    cut = [row for week in (WEEK, NEXT) for row in shop_features([line for line in log if line[0] < week], [week])]
    assert whole == sorted(cut, key=str)


@ON_THE_ENGINE
@given(logs=SHOP_LOGS, random=st.randoms(use_true_random=False))
def test_features_do_not_depend_on_the_order_of_the_purchases(shop_features, logs, random):
    log = together(logs)
    assert shop_features(random.sample(log, len(log)), [WEEK]) == shop_features(log, [WEEK])


def test_an_affinity_is_the_share_of_the_purchases_that_are_of_the_articles_value(table, history, customers):
    # Of colour 1 article 0, of which customer 1 has three pieces of four; of article 2 the colour is not known.
    articles = table("article int, product int, colour_group int", [(0, 7, 1), (1, 7, 2), (2, 8, None), (3, 9, 5)])
    proposals = [proposal(1, 0), proposal(1, 1), proposal(1, 2), proposal(1, 3), proposal(4, 0)]
    joined = join_features(table(CANDIDATES, proposals), history, articles, customers, [WEEK], ["colour_group"])
    assert rows(joined, "customer", "article", "affinity_colour_group", "affinity_product") == [
        (1, 0, 0.75, None),
        (1, 1, 0.25, None),
        (1, 2, None, None),
        (1, 3, 0.0, None),
        (4, 0, None, None),
    ]


@pytest.mark.parametrize(
    ("affinities", "min_lift", "chosen"),
    [(2, 1.0, ["product", "colour_group"]), (9, 2.0, ["product", "colour_group"]), (9, 3.0, ["product"]), (0, 1.0, [])],
)
def test_the_attributes_with_the_highest_lifts_are_chosen(affinities, min_lift, chosen):
    relevance = pd.DataFrame(
        [
            ("information", "age", "department", 9.0),
            ("lift", None, "section", 1.5),
            ("lift", None, "product", 7.0),
            ("lift", None, "colour_group", 2.0),
        ],
        columns=["kind", "customer_attribute", "article_attribute", "value"],
    )
    features = FeatureParameters(window_days=364, affinities=affinities, min_lift=min_lift)
    assert choose_affinities(relevance, features) == chosen
    assert choose_affinities(relevance.head(0), features) == []
