"""ALS for every target week, customers folded in, and the union of the retrievers, on the engine under test."""

import math
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import functions as F
from tests.conftest import day, rows

from hm_kedro import engine
from hm_kedro.parameters import (
    AlsParameters,
    EvaluationParameters,
    RelatedParameters,
    RetrievalParameters,
    SalesParameters,
    TrainingParameters,
)
from hm_kedro.pipelines.als_candidates import union
from hm_kedro.pipelines.als_candidates.block import Block
from hm_kedro.pipelines.als_candidates.histories import gather_histories
from hm_kedro.pipelines.als_candidates.interactions import weigh_interactions
from hm_kedro.pipelines.als_candidates.nodes import (
    Items,
    affordable_rank,
    fit_factors,
    fold_in_customers,
    read_items,
    retrieve_candidates,
    solve_block,
)
from hm_kedro.pipelines.als_candidates.related import relate_articles
from hm_kedro.pipelines.als_candidates.retrievers import RETRIEVERS
from hm_kedro.pipelines.als_candidates.sales import count_sales
from hm_kedro.schemas import ATTRIBUTES
from hm_kedro.timeline import Timeline

INTERACTIONS = "week date, customer int, article int, strength float, rarity float, age_days int"
HISTORIES = (
    "week date, customer int, age int, "
    "lines array<struct<article:int,age_days:int,quantity:int,price:float,sales_channel_id:tinyint>>"
)
USERS = "week date, customer int, factors array<float>"
ITEMS = "week date, article int, factors array<float>, rarity float, on_sale boolean"
RELATED = "week date, article int, related int, similarity float, customers int, rank int"
SOLD = "week date, article int, age_group int, lately int, before int, first int"
ARTICLES = ", ".join(["article int", "product int", *[f"{name} smallint" for name in ATTRIBUTES]])
PURCHASES = "t_dat date, customer int, article int, quantity int, price float, sales_channel_id tinyint"
CUTOFF, JUDGED, LEARNED = day("2020-09-16"), day("2020-09-09"), day("2020-09-02")
ONE_WEEK = EvaluationParameters(weeks=1)
TRAINING = TrainingParameters(weeks=1, most_weeks=1, enough_purchases=0, negatives=30, misses=0, max_rows=1000, seed=1)
SALES = SalesParameters(window_days=7, trend_days=35, age_edges=(25, 40))
ALS = AlsParameters(
    window_days=10,
    max_purchases=1000,
    half_life_days=4,
    decay_power=0.5,
    rarity_power=0,
    history_power=0.5,
    on_sale_days=28,
    rank=3,
    max_factors=1000,
    factors_a_pair=1000,
    max_spark_rank=1000,
    iterations=3,
    alpha=8,
    regularisation=0.01,
    fold_in_regularisation=4,
    blocks=2,
    checkpoint_interval=5,
    seed=1,
)
HISTORY = ("product_variants", "bought_together", "section_bestsellers")
GROUPS = {
    "als": {"already_bought": True},
    **{name: {"decay_power": 1} for name in HISTORY},
    "own_purchases": {"decay_power": 1, "popularity_power": 0, "weight": 2},
    "attribute_profile": {"decay_power": 1, "attributes": ["section"], "articles": 10},
    "bestsellers": {},
    "age_bestsellers": {"smoothing": 8},
    "trending": {"weight": 0.125},
    "newcomers": {"smoothing": 3},
}
RETRIEVAL = RetrievalParameters(
    history_days=100, budget=100, **{name: {"top": 20, "weight": 1} | group for name, group in GROUPS.items()}
)


def line(first_day: date) -> dict[str, Any]:
    eve = CUTOFF - timedelta(days=1)
    days = {"cutoff": CUTOFF, "first_day": first_day, "last_day": eve, "log_end": eve}
    return Timeline(raw_dir="raw", asked_cutoff=None, **days).model_dump(mode="json")


def ago(days: int, week: date = CUTOFF) -> date:
    return week - timedelta(days=days)


# Cutoff the day after the only day of the log: no week before it has a history. Or two weeks before it.
ONE_DAY, TWO_WEEKS = line(ago(1)), line(ago(100))


def make_histories(session, served):
    """Make `histories` of lines of (article, age in days, pieces), of unknown price and channel."""
    whole = [(*of, [(*bought, None, None) for bought in lines]) for *of, lines in served]
    return session.createDataFrame(whole, HISTORIES)


def make_log(session, lines):
    """Make `transactions` of (day, customer, article, pieces), of unknown price and channel."""
    return session.createDataFrame([(*bought, None, None) for bought in lines], PURCHASES)


@pytest.fixture(scope="module")
def interactions(session):
    """Two customers and two articles in the one week, one of each in the other."""
    pairs = [
        (CUTOFF, 1, 5, 1.0, 1.0, 1),
        (CUTOFF, 2, 6, 1.0, 0.5, 29),
        (CUTOFF, 1, 6, 0.5, 0.5, 28),
        (JUDGED, 1, 5, 1.0, 0.25, 40),
    ]
    return session.createDataFrame(pairs, INTERACTIONS)


@pytest.fixture(scope="module")
def fitted(interactions):
    """The factors, rarity and whether it is on sale of each week's articles."""
    return {row[:2]: row[2:] for row in rows(fit_factors(interactions, ALS))}


def test_every_week_has_factors_of_its_own_articles(fitted):
    assert sorted(fitted) == [(JUDGED, 5), (CUTOFF, 5), (CUTOFF, 6)]


def test_factors_are_as_many_as_the_rank(fitted):
    assert {len(factors) for factors, _, _ in fitted.values()} == {ALS.rank}
    assert all(math.isfinite(factor) for factors, _, _ in fitted.values() for factor in factors)


def with_rank(rank: int, **bounds) -> AlsParameters:
    return ALS.model_copy(update={"rank": rank, **bounds})


@pytest.mark.parametrize(
    ("customers", "rank"),
    [(0, 100), (10, 100), (11, 50), (20, 50), (21, 25), (40, 25), (41, 12), (333, 3), (334, 1), (9000, 1)],
)
def test_the_rank_is_halved_until_the_factors_of_all_customers_can_be_afforded(customers, rank):
    assert affordable_rank(10_000, customers, 5, with_rank(100)) == rank


@pytest.mark.parametrize(("pairs", "rank"), [(200, 100), (199, 50), (100, 50), (99, 25), (1, 1), (0, 1)])
def test_the_rank_is_halved_until_there_are_pairs_enough_for_the_factors_of_customers_and_articles(pairs, rank):
    assert affordable_rank(pairs, 6, 4, with_rank(100, factors_a_pair=5)) == rank


@pytest.mark.parametrize(("bounds", "judged"), [({"max_factors": 4}, 4), ({"factors_a_pair": 3}, 1)])
def test_each_week_has_a_rank_of_its_own(interactions, bounds, judged):
    """The cutoff's week has two customers and two articles in three pairs, the other one of each in one pair."""
    items = fit_factors(interactions, with_rank(4, **bounds))
    found = sorted((week, len(factors)) for week, factors in rows(items, "week", "factors"))
    assert found == [(JUDGED, judged), (CUTOFF, 2), (CUTOFF, 2)]


def test_an_article_is_on_sale_if_anyone_bought_it_lately(fitted):
    assert {key: on_sale for key, (_, _, on_sale) in fitted.items()} == {
        (JUDGED, 5): False,
        (CUTOFF, 5): True,
        (CUTOFF, 6): True,
    }


def test_an_article_has_the_rarity_of_its_week(fitted):
    assert {key: rarity for key, (_, rarity, _) in fitted.items()} == {
        (JUDGED, 5): 0.25,
        (CUTOFF, 5): 1.0,
        (CUTOFF, 6): 0.5,
    }


def test_the_factors_of_a_week_do_not_depend_on_the_other_weeks(interactions, fitted):
    alone = fit_factors(interactions.where(F.col("week") == F.lit(CUTOFF)), ALS)
    assert {row[:2]: row[2:] for row in rows(alone)} == {key: fitted[key] for key in fitted if key[0] == CUTOFF}


def test_no_interactions_give_a_table_without_rows(table):
    items = fit_factors(table(INTERACTIONS, []), ALS)
    assert rows(items) == []
    assert items.dtypes == [
        ("week", "date"),
        ("article", "int"),
        ("factors", "array<float>"),
        ("rarity", "float"),
        ("on_sale", "boolean"),
    ]


def test_articles_of_a_week_are_read_in_their_order_from_any_number_of_pieces():
    kinds = {"article": pa.int32(), "factors": pa.list_(pa.float32()), "rarity": pa.float32()}
    pieces = [
        {"article": [7, 2], "factors": [[7, 70], [2, 20]], "rarity": [0.5, 1]},
        {"article": [5], "factors": [[5, 50]], "rarity": [0.25]},
    ]
    found = read_items(pa.concat_tables(pa.table(piece, schema=pa.schema(list(kinds.items()))) for piece in pieces))
    assert [values.tolist() for values in found] == [[2, 5, 7], [[2, 20], [5, 50], [7, 70]], [1, 0.25, 0.5]]
    assert [values.dtype for values in found] == [np.int32, np.float32, np.float32]


# One factor each; of those with none, nothing can be learned, but they are articles that a customer has.
ITEMS_OF_ONE = Items(np.int32([0, 3, 5, 6]), np.float32([[2], [0], [0], [0]]), np.float32([0.5, 1, 1, 1]))
# By the formula x = s · y / (y² + s · y² + λ) = 2 · 2 / (4 + 8 + 4), where the strength s is 2.
SOLVED = 0.25


def solve(*lines):
    """Solve for the only factor of a customer who bought (article, age in days, pieces)."""
    articles, age_days, quantities = (np.int32(column) for column in zip(*lines, strict=True))
    zeros = np.zeros(len(lines), np.int32)
    prices = np.full(len(lines), np.nan, np.float32)
    block = Block(0, np.int32([1]), np.float32([np.nan]), None, zeros, articles, age_days, quantities, prices, zeros)
    return solve_block(block, ITEMS_OF_ONE, ALS).tolist()


def test_a_strength_is_alpha_times_the_pieces_faded_times_the_rarity():
    # 8 · 2 pieces · 2^(-4 / 4) / 4^0.5 · 0.5
    assert solve((0, 4, 2)) == [[SOLVED]]


def test_lines_of_an_article_add_up():
    # Of 4 days, 1 · 1/4, and of 16, 16 · 1/64.
    assert solve((0, 4, 1), (0, 16, 16)) == [[SOLVED]]


def test_a_strength_is_divided_by_a_power_of_the_number_of_known_articles():
    # Four articles: half as strong; article 4 and 99 have no factors and do not count.
    assert solve((0, 4, 4), (3, 4, 1), (5, 4, 1), (6, 4, 1)) == [[SOLVED]]
    assert solve((0, 4, 2), (4, 4, 1), (99, 4, 1)) == [[SOLVED]]


def test_a_customer_of_unknown_articles_has_no_factors():
    (factors,) = solve((4, 4, 2), (99, 1, 1))
    assert np.isnan(factors).all()


@pytest.fixture(scope="module")
def histories(session):
    """Customers 1 to 4 and 9 of the cutoff's week, 1 of the judged one, 1 of one without factors."""
    served = [
        (CUTOFF, 1, 30, [(0, 4, 2)]),
        (CUTOFF, 2, 30, [(0, 16, 32)]),
        (CUTOFF, 3, None, [(9, 4, 1), (4, 1, 1)]),
        (CUTOFF, 4, None, []),
        (CUTOFF, 9, 30, [(0, 2, 1), (3, 5, 2), (9, 3, 1)]),
        (JUDGED, 1, 30, [(3, 4, 1)]),
        (LEARNED, 1, 30, [(0, 4, 2)]),
    ]
    return make_histories(session, served)


@pytest.fixture(scope="module")
def item_factors(session):
    items = [
        (CUTOFF, 3, [0.0], 1.0, True),
        (CUTOFF, 0, [2.0], 0.5, True),
        (CUTOFF, 5, [0.0], 1.0, False),
        (JUDGED, 3, [1.0], 0.5, True),
        (JUDGED, 0, [50.0], 1.0, True),
    ]
    return session.createDataFrame(items, ITEMS)


@pytest.fixture(scope="module")
def user_factors(histories, item_factors):
    return fold_in_customers(histories, item_factors, ALS)


@pytest.fixture(scope="module")
def folded(user_factors):
    found = rows(user_factors)
    assert len(found) == 4
    return {(week, customer): factors for week, customer, factors in found}


def test_a_customers_factors_are_solved_for_from_the_history(folded):
    assert folded[CUTOFF, 1] == [SOLVED]


def test_every_week_solves_with_its_own_articles(folded):
    # 8 · 1/4 · 0.5 = 1, hence 1 · 1 / (1 + 2500 + 1 + 4).
    assert folded[JUDGED, 1] == [pytest.approx(1 / 2506)]


def test_customers_who_bought_nothing_in_the_window_of_als_have_factors_of_what_was_before(folded):
    assert ALS.window_days < 16
    assert folded[CUTOFF, 2] == [SOLVED]


def test_customers_without_a_known_article_have_no_factors(folded):
    assert not {(CUTOFF, 3), (CUTOFF, 4)} & set(folded)


def test_customers_of_a_week_without_factors_have_none(folded):
    assert (LEARNED, 1) not in folded


def test_factors_are_never_nan(folded):
    assert all(math.isfinite(factor) for factors in folded.values() for factor in factors)


def test_the_columns_of_factors_have_their_types(user_factors):
    assert user_factors.dtypes == [("week", "date"), ("customer", "int"), ("factors", "array<float>")]


@pytest.mark.parametrize("partitions", [1, 5])
def test_factors_do_not_depend_on_how_customers_are_parted(histories, item_factors, folded, partitions):
    found = rows(fold_in_customers(histories.repartition(partitions), item_factors, ALS))
    assert {(week, customer): factors for week, customer, factors in found} == folded


def test_without_factors_of_articles_no_customer_has_any(histories, table):
    assert rows(fold_in_customers(histories, table(ITEMS, []), ALS)) == []


def article(number: int, product: int | None, section: int | None) -> tuple[int | None, ...]:
    return (number, product, *[section if name == "section" else None for name in ATTRIBUTES])


# Products of two articles each; the first section has articles 0 to 2.
SHOP = [article(number, number // 2, number // 3) for number in range(6)]


@pytest.fixture(scope="module")
def served(session):
    """Customer 1 bought two articles; 2 and 3 nothing, 3 of unknown age; 1 of the judged week one."""
    lines = [
        (CUTOFF, 1, 30, [(0, 4, 2), (2, 1, 1)]),
        (CUTOFF, 2, 30, []),
        (CUTOFF, 3, None, []),
        (JUDGED, 1, 30, [(5, 2, 1)]),
    ]
    return make_histories(session, lines)


@pytest.fixture(scope="module")
def known(session):
    """The tables that are known of the articles, in the order of the node."""
    tables = [
        (USERS, [(CUTOFF, 1, [1.0, 0.0])]),
        (
            ITEMS,
            [
                (CUTOFF, 0, [0.5, 1.0], 1.0, True),
                (CUTOFF, 4, [0.25, 1.0], 1.0, True),
                (CUTOFF, 5, [9.0, 9.0], 1.0, False),
                (JUDGED, 3, [9.0, 9.0], 1.0, True),
            ],
        ),
        (RELATED, [(CUTOFF, 0, 4, 0.5, 2, 1), (CUTOFF, 2, 1, 0.25, 2, 1), (JUDGED, 5, 0, 1.0, 2, 1)]),
        (
            SOLD,
            [
                (CUTOFF, 0, 1, 6, 0, 0),
                (CUTOFF, 1, 1, 2, 16, 1),
                (CUTOFF, 3, 0, 8, 0, 3),
                (JUDGED, 4, 0, 4, 0, 0),
            ],
        ),
        (ARTICLES, SHOP),
    ]
    return [session.createDataFrame(rows, schema) for schema, rows in tables]


def retrieve(histories, known, timeline=TWO_WEEKS, params=RETRIEVAL):
    return retrieve_candidates(histories, *known, timeline, params, SALES, ONE_WEEK, TRAINING)


@pytest.fixture(scope="module")
def candidates(served, known):
    return retrieve(served, known)


@pytest.fixture(scope="module")
def collected(candidates):
    """What was proposed by week, customer and article: each (score, rank) that is there, and the blend's."""
    found: dict[tuple[date, int], dict[int, dict[str, tuple[float, int]]]] = {}
    for row in (row.asDict() for row in candidates.collect()):
        proposed = {
            name: (row[f"{name}_score"], row[f"{name}_rank"])
            for name in ("blend", *RETRIEVERS)
            if row[f"{name}_rank"] is not None
        }
        assert all((row[f"{name}_score"] is None) == (row[f"{name}_rank"] is None) for name in RETRIEVERS)
        of_customer = found.setdefault((row["week"], row["customer"]), {})
        assert row["article"] not in of_customer, "a candidate has two rows"
        of_customer[row["article"]] = proposed
    return found


def by_retriever(collected, week, customer, name):
    """What a retriever proposed to a customer by rank: article and score."""
    proposed = [(*of[name][::-1], number) for number, of in collected[week, customer].items() if name in of]
    ranks = [rank for rank, _, _ in sorted(proposed)]
    assert ranks == list(range(1, len(ranks) + 1))
    return [(number, score) for _, score, number in sorted(proposed)]


@pytest.mark.parametrize(
    ("name", "proposed"),
    [
        # Dot products of factors; article 5 is not on sale.
        ("als", [(0, 0.5), (4, 0.25)]),
        # Two pieces four days ago, one yesterday.
        ("own_purchases", [(2, 1), (0, 0.5)]),
        # Article 3 has all sales of its product, article 1 half: 2 + 16 / 4 against 6.
        ("product_variants", [(3, 1), (1, 0.25)]),
        # Pieces do not count here.
        ("bought_together", [(1, 0.25), (4, 0.125)]),
        # Halves of the sales of the section, of which all that was bought is.
        ("attribute_profile", [(0, 0.5), (1, 0.5)]),
        # Of 16 pieces sold lately.
        ("bestsellers", [(3, 0.5), (0, 0.375), (1, 0.125)]),
        # Of 8 pieces in the age group and everybody's shares of 8 more.
        ("age_bestsellers", [(0, 0.5625), (3, 0.25), (1, 0.1875)]),
        # Of 8 pieces in the section.
        ("section_bestsellers", [(0, 0.75), (1, 0.25)]),
        # Article 1 sold 4 a week before.
        ("trending", [(3, 8), (0, 6)]),
        ("newcomers", []),
    ],
)
def test_a_candidate_has_scores_and_ranks_of_the_retrievers_that_propose_it(collected, name, proposed):
    assert by_retriever(collected, CUTOFF, 1, name) == proposed


def test_candidates_are_ranked_by_the_sum_of_weighted_scores(collected):
    # Own purchases count twice, trends an eighth.
    expected = [
        (0, 0.5 + 2 * 0.5 + 0.5 + 0.375 + 0.5625 + 0.75 + 6 / 8),
        (3, 1 + 0.5 + 0.25 + 8 / 8),
        (2, 2 * 1),
        (1, 0.25 + 0.25 + 0.5 + 0.125 + 0.1875 + 0.25),
        (4, 0.25 + 0.125),
    ]
    assert by_retriever(collected, CUTOFF, 1, "blend") == expected


def test_customers_without_history_get_what_others_began_with(collected):
    # One first purchase in the age group, of article 1; of everybody's four 1 was of article 1 and 3 of article 3.
    assert by_retriever(collected, CUTOFF, 2, "newcomers") == [(3, 9 / 16), (1, 7 / 16)]


def test_newcomers_of_unknown_age_get_what_everybody_began_with(collected):
    assert by_retriever(collected, CUTOFF, 3, "newcomers") == [(3, 0.75), (1, 0.25)]
    assert by_retriever(collected, CUTOFF, 3, "age_bestsellers") == [(3, 0.5), (0, 0.375), (1, 0.125)]


def test_customers_without_history_and_factors_get_popular_articles_alone(collected):
    names = {name for proposed in collected[CUTOFF, 2].values() for name in proposed}
    assert names == {"blend", "bestsellers", "age_bestsellers", "trending", "newcomers"}


def test_every_week_is_proposed_what_was_known_before_it(collected):
    assert by_retriever(collected, JUDGED, 1, "bestsellers") == [(4, 1)]
    assert by_retriever(collected, JUDGED, 1, "own_purchases") == [(5, 0.5)]
    assert by_retriever(collected, JUDGED, 1, "bought_together") == [(0, 0.5)]
    assert by_retriever(collected, JUDGED, 1, "als") == []


def test_every_target_customer_has_candidates_and_nobody_else(collected, served):
    assert sorted(collected) == sorted(rows(served, "week", "customer"))


def test_the_columns_of_candidates_are_in_order_and_have_their_types(candidates):
    assert candidates.dtypes == [
        ("week", "date"),
        ("customer", "int"),
        ("article", "int"),
        ("blend_score", "float"),
        ("blend_rank", "int"),
        *[
            (f"{name}_{value}", kind)
            for name in RETRIEVERS
            for value, kind in {"score": "float", "rank": "int"}.items()
        ],
    ]
    assert candidates.columns == list(union.COLUMNS)


def test_a_customer_gets_as_many_candidates_as_the_budget_says_als_first_twelve_among_them(served, known):
    few = RETRIEVAL.model_copy(update={"budget": 3})
    found = rows(retrieve(served, known, params=few).where(F.col("week") == F.lit(CUTOFF)), "customer", "article")
    assert [number for customer, number in found if customer == 1] == [0, 3, 4]
    assert [number for customer, number in found if customer != 1] == [0, 1, 3] * 2


def test_a_retriever_that_is_off_proposes_nothing(served, known):
    off = {name: RETRIEVAL.of(name).model_copy(update={"top": 0}) for name in RETRIEVERS if name != "own_purchases"}
    found = retrieve(served, known, params=RETRIEVAL.model_copy(update=off))
    assert sorted(rows(found, "week", "customer", "article", "als_rank")) == [
        (JUDGED, 1, 5, None),
        (CUTOFF, 1, 0, None),
        (CUTOFF, 1, 2, None),
    ]


def test_candidates_do_not_depend_on_how_customers_are_parted(served, known, candidates):
    assert rows(retrieve(served.repartition(4), known)) == rows(candidates)


def messages(caplog) -> list[str]:
    return [record.message for record in caplog.records if record.levelname == "WARNING" and "hm_kedro" in record.name]


def test_nothing_is_said_of_a_log_with_all_that_retrievers_need(caplog, served, known):
    retrieve(served, known)
    assert messages(caplog) == []


def test_retrievers_whose_columns_are_missing_are_named_and_propose_nothing(caplog, session, served, known):
    users, _, _, _, _ = known
    bare = [
        users,
        session.createDataFrame([(JUDGED, 3, [9.0, 9.0], 1.0, True)], ITEMS),
        session.createDataFrame([], RELATED),
        session.createDataFrame([(CUTOFF, 0, -1, 6, 0, 0)], SOLD),
        session.createDataFrame([article(number, None, None) for number in range(6)], ARTICLES),
    ]
    idle = ["als", "product_variants", "bought_together", "attribute_profile", "age_bestsellers", "section_bestsellers"]
    found = retrieve(served, bare).where(F.col("week") == F.lit(CUTOFF))
    assert messages(caplog) == [
        f"The retriever {name} proposes nothing: this log has no {lacks}"
        for name, lacks in zip(
            idle,
            ["factors", "product", "related", "section", "ages", "section"],
            strict=True,
        )
    ]
    counts = found.agg(*[F.count(f"{name}_rank").alias(name) for name in RETRIEVERS]).first().asDict()
    assert [name for name, count in counts.items() if not count] == [*idle, "newcomers"]


def keep(frame):
    """Keep a table as the catalog does, so that it is not made anew by all that reads it."""
    return engine.from_arrow(frame.toArrow())


def prepare(session, log, targets):
    """Everything that candidates are made of, of a log; the factors of articles are given."""
    transactions = make_log(session, log)
    customers = session.createDataFrame([(1, 24), (2, 50), (3, None)], "customer int, age int")
    related = RelatedParameters(
        window_days=30,
        max_purchases=1000,
        half_life_days=10,
        history_power=0.5,
        popularity_power=0.25,
        min_customers=1,
        neighbours=5,
    )
    items = [(week, number, [1.0, number / 4], 0.5, True) for week in (CUTOFF, JUDGED) for number in range(4)]
    item_factors = session.createDataFrame(items, ITEMS)
    served = session.createDataFrame(targets, "week date, customer int")
    weeks = (TWO_WEEKS, ONE_WEEK, TRAINING)
    histories = keep(gather_histories(served, transactions, customers, weeks[0], RETRIEVAL, *weeks[1:]))
    return histories, [
        fold_in_customers(histories, item_factors, ALS),
        item_factors,
        keep(relate_articles(transactions, weeks[0], related, *weeks[1:])),
        keep(count_sales(transactions, customers, weeks[0], SALES, *weeks[1:])),
        session.createDataFrame(SHOP, ARTICLES),
    ]


def test_purchases_on_or_after_a_week_change_nothing_that_is_proposed_for_it(session):
    log = [
        (ago(3, JUDGED), 1, 0, 2),
        (ago(2, JUDGED), 2, 0, 1),
        (ago(2, JUDGED), 2, 1, 1),
        (ago(1, JUDGED), 1, 3, 1),
    ]
    later = [
        (on, customer, number, 3)
        for on in (JUDGED, ago(1), CUTOFF)
        for customer in (1, 2, 3)
        for number in (0, 1, 2, 4, 5)
    ]
    targets = [(JUDGED, customer) for customer in (1, 2, 3)]
    found = []
    for purchases in (log, log + later):
        histories, known = prepare(session, purchases, targets)
        found.append(rows(retrieve(histories, known)))
    assert found[0] == found[1]
    # Every customer has candidates, and every retriever has something to say.
    columns = list(zip(*found[0], strict=True))
    assert set(columns[1]) == {1, 2, 3}
    assert all(any(value is not None for value in column) for column in columns)


def test_a_log_of_one_day_has_candidates(session):
    log = make_log(session, [(ago(1), 1, 0, 1), (ago(1), 1, 1, 1), (ago(1), 2, 1, 1)])
    customers = session.createDataFrame([(1, 30), (2, 30), (3, None)], "customer int, age int")
    served = session.createDataFrame([(CUTOFF, customer) for customer in (1, 2, 3)], "week date, customer int")
    weeks = (ONE_WEEK, TRAINING)
    histories = keep(gather_histories(served, log, customers, ONE_DAY, RETRIEVAL, *weeks))
    items = keep(fit_factors(keep(weigh_interactions(log, ONE_DAY, ALS, *weeks)), ALS))
    known = [
        fold_in_customers(histories, items, ALS),
        items,
        session.createDataFrame([], RELATED),
        count_sales(log, customers, ONE_DAY, SALES, *weeks),
        session.createDataFrame(SHOP[:2], ARTICLES),
    ]
    found = retrieve(histories, known, ONE_DAY)
    names = [f"{name}_rank" for name in ("bestsellers", "own_purchases", "newcomers", "als")]
    ranked = rows(found, "customer", "article", *names)
    assert [row[:5] for row in ranked] == [
        (1, 0, 2, 1, None),
        (1, 1, 1, 2, None),
        (2, 0, 2, None, None),
        (2, 1, 1, 1, None),
        (3, 0, 2, None, 2),
        (3, 1, 1, None, 1),
    ]
    # Customers 1 and 2 have factors, by which ALS ranks both articles; customer 3 none.
    assert [sorted(row[5] for row in ranked if row[0] == customer) for customer in (1, 2)] == [[1, 2], [1, 2]]
    assert [row[5] for row in ranked if row[0] == 3] == [None, None]
