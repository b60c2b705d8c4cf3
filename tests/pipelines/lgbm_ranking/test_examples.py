"""What rankers learn from: which candidates are picked, and how they are described."""

from datetime import date, timedelta

import pytest
from tests.conftest import day, rows
from tests.pipelines.lgbm_ranking.making import DAYS, FEATURES, WEEK, customer, served, shop

from hm_kedro.parameters import TrainingParameters
from hm_kedro.pipelines.als_candidates import union
from hm_kedro.pipelines.lgbm_ranking.describing import Known
from hm_kedro.pipelines.lgbm_ranking.examples import describe_examples, pick
from hm_kedro.pipelines.lgbm_ranking.features import list_features

PURCHASES = "t_dat date, customer int, article int"
NEXT, EARLIER = day("2020-09-09"), day("2020-08-26")
TRAINING = TrainingParameters(
    weeks=2, most_weeks=2, enough_purchases=0, negatives=3, misses=0, max_rows=100_000, seed=1
)
UNSAID = [None] * (len(union.COLUMNS) - 3)


@pytest.fixture
def picked(table):
    """What is picked of candidates (week, customer, article) after some purchases."""

    def make(log, keys, weeks=(WEEK,), **changed):
        candidates = table(union.SCHEMA, [(*key, *UNSAID) for key in keys])
        params = TRAINING.model_copy(update=changed)
        return pick(candidates, table(PURCHASES, log), list(weeks), params)

    return make


def of(number: int, articles, week=WEEK):
    return [(week, number, article) for article in articles]


def test_a_candidate_bought_in_its_week_is_a_positive(picked):
    assert rows(picked([(WEEK, 1, 0)], of(1, [0, 1])), "article", "bought") == [(0, 1), (1, 0)]


def test_purchases_of_other_weeks_and_customers_are_no_positives(picked):
    log = [(WEEK, 1, 0), (WEEK - timedelta(days=1), 1, 1), (NEXT, 1, 2), (WEEK, 2, 3)]
    assert rows(picked(log, of(1, range(4))), "article", "bought") == [(0, 1), (1, 0), (2, 0), (3, 0)]


def test_an_article_bought_twice_in_the_week_is_one_positive(picked):
    log = [(WEEK, 1, 0), (WEEK, 1, 0), (WEEK + timedelta(days=6), 1, 0)]
    assert rows(picked(log, of(1, [0, 1])), "article", "bought") == [(0, 1), (1, 0)]


def test_a_customer_who_bought_all_candidates_has_positives_alone(picked):
    log = [(WEEK, 1, 0), (WEEK, 1, 1)]
    assert rows(picked(log, of(1, [0, 1])), "article", "bought") == [(0, 1), (1, 1)]


def test_a_customer_of_whom_no_candidate_was_bought_is_left_out(picked):
    assert rows(picked([(WEEK, 1, 0), (WEEK, 2, 9)], of(1, [0, 1]) + of(2, [0, 1])), "customer") == [(1,), (1,)]


def test_a_customer_is_left_out_of_the_weeks_without_a_bought_candidate_only(picked):
    keys = of(1, [0, 1]) + of(1, [0, 1], NEXT)
    assert rows(picked([(WEEK, 1, 0), (NEXT, 1, 9)], keys, [WEEK, NEXT]), "week") == [(WEEK,), (WEEK,)]


def test_candidates_of_other_weeks_are_not_picked(picked):
    keys = of(1, [0, 1]) + of(1, [0, 1], NEXT)
    assert rows(picked([(WEEK, 1, 0), (NEXT, 1, 0)], keys, [NEXT]), "week") == [(NEXT,), (NEXT,)]


def test_all_negatives_are_kept_where_they_are_few(picked):
    assert rows(picked([(WEEK, 1, 50)], of(1, [0, 50, 70, 90])), "article") == [(0,), (50,), (70,), (90,)]


MIXED = range(0, 130, 10)
PRIME = 2_147_483_647


def below(share, bought, seed=1):
    """The articles of MIXED, of customer 1, that are not bought and whose mix is below a share, in exact integers."""
    days = (WEEK - date(1970, 1, 1)).days
    summed = {article: article * 19_349_663 + 73_856_093 + days * 83_492_791 + seed for article in MIXED}
    mixed = {article: (number % PRIME) ** 2 % PRIME for article, number in summed.items()}
    return sorted((article, 0) for article in MIXED if article not in bought and mixed[article] < share * PRIME)


def test_negatives_are_those_whose_mix_is_below_their_share(picked):
    found = rows(picked([(WEEK, 1, 50)], of(1, MIXED)), "article", "bought")
    expected = below(3 / 12, {50})
    assert 0 < len(expected) < 12
    assert sorted(found) == sorted([(50, 1), *expected])


def test_every_candidate_bought_brings_as_many_negatives(picked):
    found = rows(picked([(WEEK, 1, 50), (WEEK, 1, 100)], of(1, MIXED), negatives=2), "article", "bought")
    expected = below(4 / 11, {50, 100})
    assert 0 < len(expected) < 11
    assert sorted(found) == sorted([(50, 1), (100, 1), *expected])


TWO = of(1, MIXED) + of(2, [5, 15, 25, 35])


def mix(number, article, seed=1):
    days = (WEEK - date(1970, 1, 1)).days
    return (article * 19_349_663 + number * 73_856_093 + days * 83_492_791 + seed) % PRIME


def test_with_misses_others_are_everybodys_alike(picked):
    found = rows(picked([(WEEK, 1, 50), (WEEK, 1, 100)], TWO, negatives=4, misses=1), "customer", "article", "bought")
    others = [(number, article) for _, number, article in TWO if (number, article) not in ((1, 50), (1, 100))]
    expected = [(*other, 0) for other in others if mix(*other) ** 2 % PRIME < 4 * 2 / len(others) * PRIME]
    assert {number for number, _, _ in expected} == {1, 2}
    assert len(expected) < len(others)
    assert sorted(found) == sorted([(1, 50, 1), (1, 100, 1), *expected])


def test_a_share_of_misses_is_everybodys_and_the_rest_of_who_bought(picked):
    found = rows(picked([(WEEK, 1, 50)], TWO, negatives=6, misses=0.5), "customer", "article", "bought")
    alike = 6 * 0.5 / (len(TWO) - 1)
    share = {1: 6 * 0.5 / (len(MIXED) - 1) + alike, 2: alike}
    others = [(number, article) for _, number, article in TWO if (number, article) != (1, 50)]
    expected = [(*other, 0) for other in others if mix(*other) ** 2 % PRIME < share[other[0]] * PRIME]
    assert 0 < len(expected) < len(others)
    assert sorted(found) == sorted([(1, 50, 1), *expected])


def test_misses_of_a_week_are_by_what_was_bought_in_it(picked):
    keys = of(1, MIXED) + of(2, MIXED) + of(1, MIXED, NEXT)
    found = rows(picked([(WEEK, 1, 50)], keys, [WEEK, NEXT], negatives=30, misses=1), "week", "customer")
    assert {week for week, _ in found} == {WEEK}
    assert len(found) == len(MIXED) * 2


def test_misses_have_as_many_negatives_a_positive_in_all(picked):
    customers = range(60)
    keys = [key for number in customers for key in of(number, range(number, number + 7 * 60, 7))]
    log = [(WEEK, number, number) for number in customers if number % 3 == 0]
    found = rows(picked(log, keys, misses=0.5, negatives=6), "customer", "bought")
    assert 5 * 20 < sum(not bought for _, bought in found) < 7 * 20
    assert any(number % 3 for number, _ in found)


def test_of_many_customers_about_so_many_negatives_a_positive_are_kept(picked):
    customers = range(40)
    keys = [key for number in customers for key in of(number, range(number, number + 7 * 60, 7))]
    found = rows(picked([(WEEK, number, number) for number in customers], keys), "customer", "bought")
    assert sum(bought for _, bought in found) == 40
    assert 2.5 * 40 < sum(not bought for _, bought in found) < 3.5 * 40


def test_another_seed_picks_other_negatives(picked):
    found = rows(picked([(WEEK, 1, 50)], of(1, MIXED), seed=7), "article", "bought")
    assert below(3 / 12, {50}, seed=7) != below(3 / 12, {50})
    assert sorted(found) == sorted([(50, 1), *below(3 / 12, {50}, seed=7)])


def test_what_is_picked_does_not_depend_on_the_order_of_the_candidates(picked):
    log = [(WEEK, number, 0) for number in range(5)]
    keys = [key for number in range(5) for key in of(number, range(0, 150, 3))]
    assert rows(picked(log, keys[::-1])) == rows(picked(log, keys))


def test_what_is_picked_has_the_columns_of_candidates_and_a_label(picked):
    found = picked([(WEEK, 1, 0)], of(1, [0, 1]))
    assert sorted(found.columns) == sorted([*union.COLUMNS, "bought"])
    assert dict(found.dtypes)["bought"] == "int"


def test_no_weeks_have_no_examples(picked):
    found = picked([(WEEK, 1, 0)], of(1, [0, 1]), [])
    assert rows(found) == []
    assert sorted(found.columns) == sorted([*union.COLUMNS, "bought"])


NAMES = list_features(FEATURES, ())


@pytest.fixture
def example(table):
    """The examples that are made of two candidates of customer 1, who had bought the first twice."""

    def make(known=None):
        columns = dict.fromkeys(union.COLUMNS) | {"week": WEEK, "customer": 1}
        candidates = [(0, 1, {"blend_score": 0.5, "als_rank": 7}), (1, 0, {"blend_score": 0.25})]
        lines = [(*(columns | {"article": article} | said).values(), bought) for article, bought, said in candidates]
        of_week = Known(shop_of_sold, serve_buyer)
        made = table(f"{union.SCHEMA}, bought int", lines)
        return describe_examples(made, {DAYS: of_week} if known is None else known, FEATURES, ())

    return make


def shop_of_sold():
    return shop(article_sales={0: 5})


def serve_buyer():
    return served(customer(1, (0, 3, 2), age=30))


def test_examples_have_their_label_and_every_feature(example):
    made = example()
    kinds = {"week": "date", "customer": "int", "article": "int", "bought": "int", **dict.fromkeys(NAMES, "float")}
    assert dict(made.dtypes) == kinds
    assert made.columns == list(kinds)
    names = ("article", "bought", "blend_score", "als_rank", "article_times_bought", "customer_age", "article_sales")
    assert rows(made, "week", "customer", *names) == [
        (WEEK, 1, 0, 1, 0.5, 7, 2, 30, 5),
        (WEEK, 1, 1, 0, 0.25, None, 0, 30, None),
    ]


def test_what_there_is_not_to_say_of_an_example_is_missing_and_not_no_number(example):
    made = example().where("article_sales is null")
    assert rows(made, "article", "article_due", "factors_product") == [(1, None, None)]
