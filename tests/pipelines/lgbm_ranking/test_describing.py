"""Candidates brought together with what is known of their customers and articles, week by week."""

import numpy as np
import pyarrow as pa
import pytest
from tests.pipelines.lgbm_ranking.making import (
    DAYS,
    FEATURES,
    NEXT,
    NEXT_DAYS,
    WEEK,
    WIDTH,
    batch,
    customer,
    proposal,
    said,
    served,
    shop,
)

from hm_kedro.pipelines.als_candidates.knowledge import UNKNOWN_AGE
from hm_kedro.pipelines.als_candidates.retrievers import RETRIEVERS
from hm_kedro.pipelines.lgbm_ranking import describing
from hm_kedro.pipelines.lgbm_ranking.describing import Known, describer, gather, match, serve, values_of
from hm_kedro.pipelines.lgbm_ranking.features import FAMILIES, describe, list_features
from hm_kedro.pipelines.lgbm_ranking.shop import read_shop

CUSTOMERS = "customer int, club_member_status string, fashion_news_frequency string"
HISTORIES = (
    "week date, customer int, age int, "
    "lines array<struct<article:int,age_days:int,quantity:int,price:float,sales_channel_id:tinyint>>"
)
FACTORS = "week date, customer int, factors array<float>"


def test_customers_are_served_in_their_order_with_histories_and_factors_where_there_are_some(table):
    lines = [(5, 1, 2, 0.5, 2), (6, 3, 1, None, None)]
    known = serve(
        table(HISTORIES, [(WEEK, 9, None, []), (WEEK, 2, 30, lines)]),
        table(FACTORS, [(WEEK, 2, [1.0, 2.0])]),
        table(CUSTOMERS, [(2, None, None), (9, None, None), (4, None, None)]),
    )
    assert known["customer"].to_pylist() == [2, 9]
    assert known["age"].to_pylist() == [30, None]
    assert known["factors"].to_pylist() == [[1, 2], None]
    first, second = known["lines"].to_pylist()
    assert sorted((one["article"], one["price"], one["sales_channel_id"]) for one in first) == [
        (5, 0.5, 2),
        (6, None, None),
    ]
    assert second == []


def test_customers_are_served_with_what_they_say_of_themselves(table):
    told = [
        (1, "ACTIVE", "Regularly"),
        (2, "PRE-CREATE", "NONE"),
        (3, "LEFT CLUB", "None"),
        (4, None, None),
        (5, "ACTIVE", "Monthly"),
    ]
    known = serve(
        table(HISTORIES, [(WEEK, number, None, []) for number, _, _ in told]),
        table(FACTORS, []),
        table(CUSTOMERS, told),
    )
    assert known["customer_club"].to_pylist() == [1, 0, 0, None, 1]
    assert known["customer_news"].to_pylist() == [1, 0, 0, None, 1]


def test_candidates_meet_the_history_of_their_customer_in_whatever_order_they_come():
    known = served(customer(2, (0, 2, 1), age=22), customer(5, age=55), customer(7, (3, 7, 1), (4, 8, 1), age=77))
    candidates = batch(proposal(7, 3), proposal(2, 1), proposal(7, 0))
    found = match(DAYS, candidates, shop(), known)
    assert found.block.customers.tolist() == [2, 7]
    assert found.block.ages.tolist() == [22, 77]
    assert found.rows.tolist() == [1, 0, 1]
    assert found.articles.tolist() == [3, 1, 0]
    assert list(zip(found.block.rows.tolist(), found.block.articles.tolist(), strict=True)) == [(0, 0), (1, 3), (1, 4)]


def test_candidates_meet_the_factors_and_traits_of_their_customer():
    known = served(
        customer(1, factors=[1, 1], customer_club=1, customer_news=0),
        customer(2, customer_news=1),
        customer(3, factors=[3, 3], customer_club=0),
    )
    found = match(DAYS, batch(proposal(3, 0), proposal(2, 0)), shop(), known)
    assert np.array_equal(found.block.factors, [[np.nan, np.nan], [3, 3]], equal_nan=True)
    assert np.array_equal(found.traits["customer_club"], [np.nan, 0], equal_nan=True)
    assert np.array_equal(found.traits["customer_news"], [1, np.nan], equal_nan=True)


def test_candidates_keep_what_the_retrievers_say():
    found = match(DAYS, batch(proposal(1, 0, als_score=0.5, als_rank=3), proposal(1, 1)), shop(), served(customer(1)))
    assert said(found.proposed, "blend_score", "als_score", "als_rank") == [(1, 0.5, 3), (1, None, None)]


def describing_of(known=None, params=FEATURES, affinities=()):
    """Describe batches, where nothing else is said of a customer 1, and give key and features a candidate."""
    known = known or {DAYS: Known(shop, lambda: served(customer(1, (5, 9, 1))))}

    def run(*batches, names):
        found = []
        for piece, features in describer(known, params, affinities)(iter(batches)):
            keys = zip(*(piece.column(name).to_pylist() for name in ("week", "customer", "article")), strict=True)
            found += list(zip(keys, said(features, *names), strict=True))
        return found

    return run


def test_every_week_is_described_by_its_own_shop_and_customers():
    first = Known(lambda: shop(article_sales={0: 5}), lambda: served(customer(1, (0, 1, 2))))
    second = Known(lambda: shop(article_sales={0: 9}), lambda: served(customer(1, (0, 8, 3), week=NEXT)))
    candidates = batch(proposal(1, 0, week=NEXT), proposal(1, 0))
    found = describing_of({DAYS: first, NEXT_DAYS: second})(
        candidates, names=("article_sales", "article_times_bought", "article_days_since_bought")
    )
    assert dict(found) == {(WEEK, 1, 0): (5, 2, 1), (NEXT, 1, 0): (9, 3, 8)}


def test_candidates_are_described_alike_however_they_are_cut_into_batches(monkeypatch):
    known = {DAYS: Known(shop, lambda: served(customer(1, (0, 1, 2)), customer(2, (1, 2, 1), (2, 2, 1)), customer(3)))}
    lines = [proposal(number, article) for article in range(WIDTH) for number in (3, 1, 2)]
    names = ("article_times_bought", "customer_purchases", "customer_shopping_days")
    together = describing_of(known)(batch(*lines), names=names)
    assert describing_of(known)(*[batch(one) for one in lines], names=names) == together
    monkeypatch.setattr(describing, "BATCH_ROWS", 4)
    assert describing_of(known)(*[batch(one) for one in lines], names=names) == together


def test_no_candidates_have_no_features():
    assert describing_of()(names=("blend_score",)) == []
    assert describing_of()(batch(), names=("blend_score",)) == []


def test_small_batches_are_put_together_and_nothing_is_lost(monkeypatch):
    monkeypatch.setattr(describing, "BATCH_ROWS", 3)
    parts = ([1], [2, 3], [4, 5, 6, 7], [], [8])
    batches = [pa.RecordBatch.from_pydict({"a": pa.array(part, pa.int32())}) for part in parts]
    assert [one["a"].to_pylist() for one in gather(iter(batches))] == [[1, 2, 3], [4, 5, 6, 7], [8]]


def test_numbers_that_are_missing_are_no_numbers():
    column = pa.RecordBatch.from_pydict({"a": pa.array([1, None], pa.int32())})
    assert np.array_equal(values_of(column, "a"), np.float32([1, np.nan]), equal_nan=True)


def test_the_retrievers_that_propose_an_article_are_counted():
    both = {"als_rank": 9, "bestsellers_rank": 1}
    found = describing_of()(
        batch(proposal(1, 0, als_rank=9), proposal(1, 1, **both), proposal(1, 2, als_score=3)), names=("retrievers",)
    )
    assert [values for _, values in found] == [(1,), (2,), (0,)]


def pairs_of(*proposals):
    return match(DAYS, batch(*proposals), shop({"colour_group": [0] * WIDTH}), served(customer(1, (0, 1, 1))))


def test_features_stand_in_the_order_of_their_list_each_once():
    names = list_features(FEATURES, ("product", "colour_group"))
    found = describe(pairs_of(proposal(1, 0), proposal(1, 1)), FEATURES, ("product", "colour_group"))
    assert list(found) == names
    assert len(set(names)) == len(names)
    assert {(values.dtype, values.shape) for values in found.values()} == {(np.dtype(np.float32), (2,))}


def test_what_retrievers_say_comes_first():
    scores = [f"{name}_score" for name in RETRIEVERS]
    assert list_features(FEATURES, ())[: 3 + len(scores)] == ["blend_score", "blend_rank", "retrievers", *scores]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_that_is_left_out_takes_its_features_and_no_others_along(family):
    without = FEATURES.model_copy(update={"without": (family,)})
    gone = {feature.name for feature in FAMILIES[family].features(FEATURES, ("product",))}
    rest = [name for name in list_features(FEATURES, ("product",)) if name not in gone]
    assert gone
    assert list_features(without, ("product",)) == rest
    assert list(describe(pairs_of(proposal(1, 0)), without, ("product",))) == rest


ITEMS = pa.schema([("week", pa.date32()), ("article", pa.int32()), ("factors", pa.list_(pa.float32()))])
SOLD = pa.schema([("week", pa.date32()), ("article", pa.int32()), ("article_sales", pa.float32())])


def read(week, sold=(), items=()):
    tables = (
        pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema)
        for rows, schema in ((sold, SOLD), (items, ITEMS))
    )
    return read_shop(week, shop().knowledge, *tables)


def test_articles_of_the_week_are_laid_out_by_their_number():
    sold = [(WEEK, 4, 7.0), (NEXT, 1, 9.0), (WEEK, 2, None), (WEEK, 0, 1.0)]
    items = [(NEXT, 2, [9.0, 9.0]), (WEEK, 3, [3.0, 4.0])]
    found = read(WEEK, sold, items)
    expected = [1, np.nan, np.nan, np.nan, 7, np.nan]
    assert np.array_equal(found.article_features["article_sales"], np.float32(expected), equal_nan=True)
    assert found.factors.shape == (WIDTH, 2)
    assert found.factors[3].tolist() == [3, 4]
    assert np.isnan(found.factors[[0, 1, 2, 4, 5]]).all()
    assert found.factor_lengths[3] == 5


def test_a_week_of_which_nothing_is_known_has_articles_of_which_nothing_is_known():
    found = read(WEEK, [(NEXT, 1, 9.0)], [(NEXT, 2, [9.0, 9.0])])
    assert np.isnan(found.article_features["article_sales"]).tolist() == [True] * WIDTH
    assert found.factors.shape == (WIDTH, 0)


def test_sales_to_age_groups_are_those_of_the_group_asked_for():
    known = shop(sales=[(0, 0, 1, 2, 0), (0, 1, 1, 0, 0), (0, UNKNOWN_AGE, 9, 9, 9)])
    lately, share = known.group_sales(np.int32([0, 1, UNKNOWN_AGE]), np.int32([0, 0, 0]))
    assert np.array_equal(lately, np.float32([1, 1, np.nan]), equal_nan=True)
    assert np.array_equal(share, np.float32([0.75, 0.25, np.nan]), equal_nan=True)
