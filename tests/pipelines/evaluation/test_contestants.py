"""The lists of every contestant."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import day, rows
from tests.pipelines.evaluation.making import CUTOFF, EARLIER, JUDGED, line

from hm_kedro.parameters import (
    AlsRetriever,
    EvaluationParameters,
    HistoryRetriever,
    OwnPurchasesRetriever,
    RetrievalParameters,
    Retriever,
    SalesParameters,
)
from hm_kedro.pipelines.evaluation.contestants import CONTESTANTS, fill, line_up_contestants

PURCHASES = "week date, customer int, article int"
LISTS = "week date, customer int, article int, rank int"
OUTSIDE = f"contestant string, {LISTS}"
BESTSELLERS = "week date, article int, score float, rank int"
SALES = "week date, article int, age_group int, lately int, before int, first int"
DAYS = "article int, t_dat date, pieces int"
HISTORIES = "week date, customer int, age int"
RETRIEVERS = ("own_purchases", "bought_together", "age_bestsellers", "bestsellers")
CANDIDATES = "week date, customer int, article int, als_score float, als_rank int, " + ", ".join(
    f"{name}_score float, {name}_rank int" for name in RETRIEVERS
)
LINE = line()
RETRIEVAL = RetrievalParameters.model_construct(
    als=AlsRetriever(top=20, weight=0.5, already_bought=True),
    own_purchases=OwnPurchasesRetriever(top=20, weight=1, decay_power=1, popularity_power=0),
    bought_together=HistoryRetriever(top=20, weight=1, decay_power=1),
    age_bestsellers=Retriever(top=20, weight=1),
    bestsellers=Retriever(top=20, weight=0.5),
)
AGES = SalesParameters(window_days=7, trend_days=28, age_edges=(30,))
ON_THE_ENGINE = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NOTHING = (None, None)


@pytest.fixture
def line_up(table):
    """Line up the contestants of one judged week, by default without candidates and lists."""

    def make(buyers, candidates=(), recommendations=(), **tables):
        schemas = {
            "article_sales": SALES,
            "article_days": DAYS,
            "histories": HISTORIES,
            "notebook_lists": LISTS,
            "als_ranker_lists": LISTS,
            "outside_lists": OUTSIDE,
        }
        best = [*[(JUDGED, article, 1.0, article + 1) for article in range(30)], (CUTOFF, 99, 1.0, 1)]
        others = {name: table(schema, tables.get(name, [])) for name, schema in schemas.items()}
        return line_up_contestants(
            purchases=table(PURCHASES, [(JUDGED, *pair) for pair in buyers]),
            bestsellers=table(BESTSELLERS, best),
            candidates=table(CANDIDATES, list(candidates)),
            recommendations=table(LISTS, list(recommendations)),
            timeline=LINE,
            retrieval=RETRIEVAL,
            sales=AGES,
            evaluation=EvaluationParameters(weeks=1),
            **others,
        )

    return make


def by_customer(lined_up) -> dict[tuple[str, int], list[int]]:
    """Each contestant's and customer's articles of the judged week by rank, which has no gaps."""
    found: dict[tuple[str, int], list[int]] = {}
    for contestant, week, customer, rank, article in sorted(
        rows(lined_up, "contestant", "week", "customer", "rank", "article")
    ):
        assert week == JUDGED
        places = found.setdefault((contestant, customer), [])
        places.append(article)
        assert rank == len(places)
    return found


@pytest.fixture
def contestants(line_up):
    """Customer 1 has candidates and recommendations, customer 2 neither, customer 3 did not buy."""
    return by_customer(
        line_up(
            [(1, 0), (1, 51), (1, 54), (2, 0)],
            [
                (JUDGED, 1, 50, 2.0, 2, 0.25, 2, *NOTHING, *NOTHING, 0.5, 9),
                (JUDGED, 1, 3, 4.0, 1, *NOTHING, *NOTHING, *NOTHING, 0.5, 8),
                (JUDGED, 1, 51, *NOTHING, 0.75, 1, *NOTHING, *NOTHING, *NOTHING),
                (JUDGED, 1, 52, 0.5, 13, *NOTHING, 0.5, 1, *NOTHING, 2.0, 1),
                (JUDGED, 1, 54, 9.0, 20, *NOTHING, *NOTHING, *NOTHING, *NOTHING),
                (JUDGED, 3, 53, 9.0, 1, 9.0, 1, *NOTHING, *NOTHING, *NOTHING),
            ],
            [(JUDGED, 1, 60, 1), (JUDGED, 1, 0, 2), (JUDGED, 3, 60, 1), (CUTOFF, 1, 61, 1)],
            article_sales=[
                *[(JUDGED, 70, 0, 5, 0, 0), (JUDGED, 71, 0, 9, 0, 0), (JUDGED, 72, 1, 9, 0, 0)],
                *[(JUDGED, 73, -1, 99, 0, 0), (JUDGED, 74, 0, 0, 99, 0)],
            ],
            article_days=[(80, day("2020-09-01"), 3), (81, day("2020-02-01"), 7), (80, JUDGED, 99)],
            histories=[(JUDGED, 1, 20), (JUDGED, 2, None), (JUDGED, 3, 20)],
            notebook_lists=[(JUDGED, 1, 90, 1), (JUDGED, 1, 3, 2)],
            als_ranker_lists=[(JUDGED, 1, 54, 1), (JUDGED, 1, 3, 2)],
            outside_lists=[("rival", JUDGED, 1, 95, 1), ("rival", JUDGED, 3, 95, 1)],
        )
    )


def test_all_contestants_are_there_and_have_lists_of_buyers_alone(contestants):
    assert {name for name, _ in contestants} == {*CONTESTANTS, "rival"}
    assert {customer for _, customer in contestants} == {1, 2}


def test_the_bestsellers_are_the_same_twelve_for_all(contestants):
    assert contestants["bestsellers", 1] == contestants["bestsellers", 2] == list(range(12))


def test_the_bestsellers_of_all_time_end_before_the_week(contestants):
    assert contestants["bestsellers_ever", 1] == contestants["bestsellers_ever", 2] == [81, 80]


def test_who_is_of_known_age_gets_what_their_age_group_bought_lately(contestants):
    assert contestants["age_bestsellers", 1] == [71, 70, *range(10)]
    assert contestants["age_bestsellers", 2] == list(range(12))


def test_own_purchases_come_first_and_bestsellers_after_them(contestants):
    assert contestants["own_purchases", 1] == [51, 50, *range(10)]
    assert contestants["own_purchases", 2] == list(range(12))


def test_the_heuristic_sums_up_three_retrievers(contestants):
    assert contestants["heuristic", 1] == [51, 52, 50, *range(9)]


def test_heuristics_sum_up_what_all_but_als_say_and_are_filled_with_bestsellers(contestants):
    # 1.5 for article 52, 0.75 for 51, 0.5 for 50, 0.25 for 3; article 54 is proposed by ALS alone.
    assert contestants["heuristics", 1] == [52, 51, 50, 3, 0, 1, 2, 4, 5, 6, 7, 8]
    assert contestants["heuristics", 2] == list(range(12))


def test_heuristics_take_the_twelve_best_ties_by_article(line_up):
    # ALS has another opinion, which must not leave a trace in the last bits either.
    candidates = [
        (JUDGED, 1, 100 - place, 0.1 * place, 20 - place, 0.2 + place // 13, 1, *[None] * 6) for place in range(20)
    ]
    # Seven with 1.2, of which 81 is the lowest, then five of those with 0.2, of which 88 is.
    assert by_customer(line_up([(1, 0)], candidates))["heuristics", 1] == [*range(81, 88), *range(88, 93)]


def test_als_alone_proposes_its_twelve_best_or_fewer(contestants):
    assert contestants["als", 1] == [3, 50]
    assert ("als", 2) not in contestants


def test_als_its_ranker_and_the_notebook_are_filled_with_bestsellers(contestants):
    assert contestants["als_filled", 1] == [3, 50, 0, 1, 2, 4, 5, 6, 7, 8, 9, 10]
    assert contestants["ranker_als", 1] == [54, 3, 0, 1, 2, 4, 5, 6, 7, 8, 9, 10]
    assert contestants["notebook", 1] == [90, 3, 0, 1, 2, 4, 5, 6, 7, 8, 9, 10]
    assert all(contestants[name, 2] == list(range(12)) for name in ("als_filled", "ranker_als", "notebook"))


def test_the_rankers_lists_are_those_recommended(contestants):
    assert contestants["ranker", 1] == [60, 0]
    assert ("ranker", 2) not in contestants


def test_the_oracle_takes_what_was_bought_of_candidates_and_of_the_rankers_list(contestants):
    assert contestants["oracle", 1] == [0, 51, 54]
    assert ("oracle", 2) not in contestants


def test_lists_from_outside_stand_as_they_are(contestants):
    assert contestants["rival", 1] == [95]


def filled(table, own: dict[int, list[int]], filling: list[int]) -> dict[int, list[tuple[int, int]]]:
    """Each customer's (rank, article) after filling."""
    lists = [(JUDGED, customer, article, rank) for customer in own for rank, article in enumerate(own[customer], 1)]
    more = [(JUDGED, customer, article, rank) for customer in own for rank, article in enumerate(filling, 1)]
    found: dict[int, list[tuple[int, int]]] = {}
    for customer, rank, article in sorted(
        rows(fill(table(LISTS, lists), table(LISTS, more)), "customer", "rank", "article")
    ):
        found.setdefault(customer, []).append((rank, article))
    return found


def test_a_list_is_followed_by_what_it_has_not(table):
    assert filled(table, {1: [5, 6]}, [6, 7, 5, 8]) == {1: [(1, 5), (2, 6), (3, 7), (4, 8)]}


def test_a_customer_without_a_list_gets_the_filling(table):
    assert filled(table, {1: []}, [6, 7]) == {1: [(1, 6), (2, 7)]}


def test_the_order_of_the_filling_is_kept_whatever_the_numbers(table):
    assert filled(table, {1: [5]}, [9, 2, 7]) == {1: [(1, 5), (2, 9), (3, 2), (4, 7)]}


def test_gaps_in_the_ranks_of_a_list_are_closed(table):
    lists, filling = table(LISTS, [(JUDGED, 1, 5, 2), (JUDGED, 1, 6, 9)]), table(LISTS, [(JUDGED, 1, 7, 1)])
    assert rows(fill(lists, filling), "article", "rank") == [(5, 1), (6, 2), (7, 3)]


def test_each_week_is_filled_for_itself(table):
    lists = table(LISTS, [(JUDGED, 1, 5, 1)])
    filling = table(LISTS, [(EARLIER, 1, 5, 1), (JUDGED, 1, 6, 1)])
    assert sorted(rows(fill(lists, filling))) == [(EARLIER, 1, 5, 1), (JUDGED, 1, 5, 1), (JUDGED, 1, 6, 2)]


@ON_THE_ENGINE
@given(
    lists=st.lists(st.lists(st.integers(0, 40), unique=True, max_size=12), min_size=1, max_size=20),
    filling=st.lists(st.integers(0, 40), unique=True, min_size=24, max_size=24),
)
def test_a_filled_list_begins_with_the_own_and_has_no_repeats_and_no_gaps(table, lists, filling):
    own = dict(enumerate(lists))
    for customer, places in filled(table, own, filling).items():
        ranks, articles = zip(*places, strict=True)
        assert list(ranks) == list(range(1, len(ranks) + 1))
        assert list(articles) == own[customer] + [article for article in filling if article not in own[customer]]
        assert len(articles) >= 12
