"""What the retrievers find of what is bought: every number by hand, on the engine under test."""

from datetime import date, timedelta
from typing import Any

import pytest
from pyspark.sql import functions as F
from tests.conftest import day, rows

from hm_kedro import engine
from hm_kedro.parameters import EvaluationParameters, RetrievalParameters, SalesParameters
from hm_kedro.pipelines.als_candidates import union
from hm_kedro.pipelines.als_candidates.charts import draw_retrieval
from hm_kedro.pipelines.als_candidates.report import find_hits, report_retrieval
from hm_kedro.pipelines.als_candidates.retrievers import RETRIEVERS
from hm_kedro.schemas import ATTRIBUTES
from hm_kedro.timeline import Timeline

HISTORIES = (
    "week date, customer int, age int, "
    "lines array<struct<article:int,age_days:int,quantity:int,price:float,sales_channel_id:tinyint>>"
)
PURCHASES = "t_dat date, customer int, article int, quantity int"
ARTICLES = ", ".join(["article int", "product int", *[f"{name} smallint" for name in ATTRIBUTES]])
# Of the articles nothing is known but that they are there, and what two of them sold.
KNOWN = [
    ("week date, customer int, factors array<float>", []),
    ("week date, article int, factors array<float>, rarity float, on_sale boolean", []),
    ("week date, article int, related int, similarity float, customers int, rank int", []),
    ("week date, article int, age_group int, lately int, before int, first int", [(day("2020-09-09"), 10, 0, 4, 4, 1)]),
    (ARTICLES, [(number, number, *[None] * len(ATTRIBUTES)) for number in range(10, 15)]),
]
KEYS, RANKS = ("week", "customer", "article"), ("union_rank", *[f"{name}_rank" for name in RETRIEVERS])
CUTOFF, JUDGED, EARLIER = day("2020-09-16"), day("2020-09-09"), day("2020-09-02")
TWO_WEEKS = EvaluationParameters(weeks=2)
SALES = SalesParameters(window_days=7, trend_days=35, age_edges=(25, 40))
HISTORY = ("product_variants", "bought_together", "section_bestsellers")
GROUPS = {
    "als": {"already_bought": True},
    **{name: {"decay_power": 1} for name in HISTORY},
    "own_purchases": {"decay_power": 1, "popularity_power": 0},
    "attribute_profile": {"decay_power": 1, "attributes": ["section"], "articles": 10},
    "bestsellers": {},
    "age_bestsellers": {"smoothing": 1, "top": 0},
    "trending": {},
    "newcomers": {"smoothing": 1},
}
RETRIEVAL = RetrievalParameters(
    history_days=400, budget=200, **{name: {"top": 120, "weight": 1} | group for name, group in GROUPS.items()}
)


def line(first_day: date = JUDGED - timedelta(days=100)) -> dict[str, Any]:
    eve = CUTOFF - timedelta(days=1)
    days = {"cutoff": CUTOFF, "first_day": first_day, "last_day": eve, "log_end": eve}
    return Timeline(raw_dir="raw", asked_cutoff=None, **days).model_dump(mode="json")


def candidate(week: date, customer: int, article: int, rank: int, **ranks: int) -> tuple[Any, ...]:
    """A candidate of a rank in the blend, and in the lists of some retrievers."""
    proposed = [value for name in RETRIEVERS for value in ((1.0, ranks[name]) if name in ranks else (None, None))]
    return (week, customer, article, 1.0, rank, *proposed)


# Shares of what each buyer bought: halves, halves, all, quarters; in the earlier week all.
LOG = [
    (ago, customer, article, 1)
    for ago, customer, articles in [
        (EARLIER, 1, [14]),
        (JUDGED, 1, [10, 11]),
        (JUDGED, 2, [10, 12]),
        (JUDGED, 3, [13]),
        (CUTOFF - timedelta(days=1), 4, [10, 11, 12, 13]),
        # No purchases of a judged week.
        (EARLIER - timedelta(days=1), 2, [10]),
        (CUTOFF, 1, [14]),
    ]
    for article in articles
]
SERVED = [
    (EARLIER, 1, None, [(10, 91, 1, 0.5, 1), (11, 300, 2, None, 2)]),
    (JUDGED, 1, 30, [(11, 300, 2, None, 2), (14, 7, 1, 0.5, 2)]),
    (JUDGED, 2, 30, [(10, 28, 1, 0.5, None)]),
    (JUDGED, 3, 30, []),
    (JUDGED, 4, 30, [(10, 92, 1, 0.5, 1)]),
    (CUTOFF, 1, 30, [(10, 1, 1, 0.5, 1)]),
]
CANDIDATES = [
    candidate(JUDGED, 1, 10, 1, als=1, own_purchases=60),
    candidate(JUDGED, 1, 99, 2, als=2),
    candidate(JUDGED, 2, 10, 13, bestsellers=5),
    candidate(JUDGED, 2, 12, 101, als=120, bestsellers=51),
    candidate(JUDGED, 3, 13, 3, newcomers=12),
    candidate(JUDGED, 4, 10, 12, trending=100),
    candidate(JUDGED, 4, 11, 50, trending=101, bestsellers=50),
    candidate(EARLIER, 1, 14, 100, own_purchases=1),
    candidate(CUTOFF, 1, 14, 1, als=1, trending=1),
]


@pytest.fixture(scope="module")
def tables(session):
    """The candidates, the histories and what is known of the articles."""
    return [
        session.createDataFrame(CANDIDATES, union.SCHEMA),
        session.createDataFrame(SERVED, HISTORIES),
        *[session.createDataFrame(rows, schema) for schema, rows in KNOWN],
    ]


@pytest.fixture(scope="module")
def hits(session, tables):
    found = find_hits(*tables[:2], session.createDataFrame(LOG, PURCHASES), line(), TWO_WEEKS)
    return engine.from_arrow(found.toArrow())  # kept, as the catalog does


@pytest.fixture(scope="module")
def found(hits):
    """By week, customer and article: segment, share and rank of the union."""
    collected = rows(hits, "week", "customer", "article", "segment", "share", "union_rank")
    assert len(collected) == len({row[:3] for row in collected})
    return {row[:3]: row[3:] for row in collected}


def test_every_purchase_of_a_judged_week_has_its_share_and_the_unions_rank(found):
    assert {key: values[1:] for key, values in found.items()} == {
        (EARLIER, 1, 14): (1.0, 100),
        (JUDGED, 1, 10): (0.5, 1),
        (JUDGED, 1, 11): (0.5, None),
        (JUDGED, 2, 10): (0.5, 13),
        (JUDGED, 2, 12): (0.5, 101),
        (JUDGED, 3, 13): (1.0, 3),
        (JUDGED, 4, 10): (0.25, 12),
        (JUDGED, 4, 11): (0.25, 50),
        (JUDGED, 4, 12): (0.25, None),
        (JUDGED, 4, 13): (0.25, None),
    }


def test_customers_are_of_a_segment_by_the_days_since_their_last_purchase(found):
    assert {key[:2]: segment for key, (segment, _, _) in found.items()} == {
        (EARLIER, 1): "last quarter",
        (JUDGED, 1): "last week",
        (JUDGED, 2): "last month",
        (JUDGED, 3): "new",
        (JUDGED, 4): "older",
    }


def test_a_hit_has_the_rank_of_every_retriever_that_proposed_it(hits):
    ranked = {row[:3]: dict(zip(RETRIEVERS, row[3:], strict=True)) for row in rows(hits, *KEYS, *RANKS[1:])}
    proposed = {key: {name: rank for name, rank in ranks.items() if rank} for key, ranks in ranked.items()}
    assert proposed[JUDGED, 1, 10] == {"als": 1, "own_purchases": 60}
    assert proposed[JUDGED, 2, 12] == {"als": 120, "bestsellers": 51}
    assert proposed[JUDGED, 4, 13] == {}


def test_the_columns_of_hits_have_their_types(hits):
    kinds = {"week": "date", "segment": "string", "share": "double"}
    names = [*KEYS, "share", "segment", *RANKS]
    assert dict(hits.dtypes) == {name: kinds.get(name, "int") for name in names}


@pytest.fixture(scope="module")
def report(hits, tables):
    return report_retrieval(hits, *tables, line(), RETRIEVAL, SALES, TWO_WEEKS)


def by_name(numbers: dict[str, list[Any]], *keys: str) -> dict[Any, tuple[Any, ...]]:
    """The rows of a table of the report by one or two of its columns."""
    lines = [dict(zip(numbers, values, strict=True)) for values in zip(*numbers.values(), strict=True)]
    named = {tuple(row.pop(key) for key in keys): tuple(row.values()) for row in lines}
    assert len(named) == len(lines)
    return {key if len(key) > 1 else key[0]: values for key, values in named.items()}


def near(*values: float | None):
    return tuple(None if value is None else pytest.approx(value, abs=1e-6) for value in values)


NOTHING = (0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("retriever", "recalls"),
    [
        # Of five buyers: within 12, 50, 100, anywhere; what nobody else finds.
        ("union", (1.75 / 5, 2.5 / 5, 3.5 / 5, 4 / 5, None)),
        ("als", (0.5 / 5, 0.5 / 5, 0.5 / 5, 1 / 5, 0)),
        ("own_purchases", (1 / 5, 1 / 5, 1.5 / 5, 1.5 / 5, 1 / 5)),
        ("bestsellers", (0.5 / 5, 0.75 / 5, 1.25 / 5, 1.25 / 5, 0.5 / 5)),
        ("trending", (0, 0, 0.25 / 5, 0.5 / 5, 0.25 / 5)),
        ("newcomers", (1 / 5, 1 / 5, 1 / 5, 1 / 5, 1 / 5)),
        ("bought_together", NOTHING),
        ("age_bestsellers", NOTHING),
    ],
)
def test_recall_is_the_mean_over_buyers_of_the_share_that_was_proposed(report, retriever, recalls):
    assert by_name(report["retrieval_recall"], "segment", "retriever")["all", retriever] == (5, *near(*recalls))


@pytest.mark.parametrize(
    ("segment", "retriever", "recalls"),
    [
        ("last week", "union", (0.5, 0.5, 0.5, 0.5, None)),
        ("last week", "own_purchases", (0, 0, 0.5, 0.5, 0)),
        ("last month", "union", (0, 0.5, 0.5, 1, None)),
        ("last month", "bestsellers", (0.5, 0.5, 1, 1, 0.5)),
        ("last quarter", "union", (0, 0, 1, 1, None)),
        ("last quarter", "own_purchases", (1, 1, 1, 1, 1)),
        ("older", "union", (0.25, 0.5, 0.5, 0.5, None)),
        ("older", "trending", (0, 0, 0.25, 0.5, 0.25)),
        ("new", "union", (1, 1, 1, 1, None)),
        ("new", "als", NOTHING),
    ],
)
def test_every_segment_has_recalls_of_its_own_buyers(report, segment, retriever, recalls):
    assert by_name(report["retrieval_recall"], "segment", "retriever")[segment, retriever] == (1, *near(*recalls))


def test_recalls_are_of_the_union_and_every_retriever_in_every_segment(report):
    found = list(by_name(report["retrieval_recall"], "segment", "retriever"))
    segments = ["all", "last week", "last month", "last quarter", "older", "new"]
    assert found == [(segment, name) for segment in segments for name in ("union", *RETRIEVERS)]
    assert list(report["retrieval_recall"]) == [
        "segment",
        "retriever",
        "buyers",
        "recall_12",
        "recall_50",
        "recall_100",
        "recall_all",
        "lost_without",
    ]


def test_recall_grows_with_the_budget_at_the_unions_ranks(report):
    numbers = report["retrieval_budget"]
    assert numbers["budget"] == list(range(1, 102))
    grown = {1: 0.5, 3: 1.5, 12: 1.75, 13: 2.25, 50: 2.5, 100: 3.5, 101: 4.0}
    expected = [max(total for at, total in grown.items() if at <= budget) / 5 for budget in numbers["budget"]]
    assert numbers["recall"] == pytest.approx(expected)


def test_overlap_is_the_share_of_the_ones_candidates_that_the_other_proposes(report):
    shares = {key: share for key, (share,) in by_name(report["retrieval_overlap"], "retriever", "other").items()}
    # Candidates in the judged weeks: ALS 3, own purchases 2, bestsellers 3, trending 2, newcomers 1.
    proposing = ["als", "own_purchases", "bestsellers", "trending", "newcomers"]
    assert set(shares) == {(one, other) for one in proposing for other in RETRIEVERS if one != other}
    assert {pair: share for pair, share in shares.items() if share} == pytest.approx(
        {
            ("als", "own_purchases"): 1 / 3,
            ("als", "bestsellers"): 1 / 3,
            ("own_purchases", "als"): 1 / 2,
            ("bestsellers", "als"): 1 / 3,
            ("bestsellers", "trending"): 1 / 3,
            ("trending", "bestsellers"): 1 / 2,
        }
    )


def test_the_candidates_of_a_retriever_are_counted_per_customer_of_the_judged_weeks(report):
    counts = {name: count for name, (count, _) in by_name(report["retrieval_cost"], "retriever").items()}
    assert counts == pytest.approx(
        dict.fromkeys(RETRIEVERS, 0)
        | {"als": 3 / 5, "own_purchases": 2 / 5, "bestsellers": 3 / 5, "trending": 2 / 5, "newcomers": 1 / 5}
    )


def test_retrievers_that_are_off_or_can_propose_nothing_take_no_time(report):
    seconds = {name: spent for name, (_, spent) in by_name(report["retrieval_cost"], "retriever").items()}
    # Age bestsellers are off; for the others the log lacks what they need.
    idle = {"als", "bought_together", "age_bestsellers", "section_bestsellers"}
    assert {name: seconds[name] for name in idle} == dict.fromkeys(idle, 0)
    assert min(seconds.values()) == 0


def test_without_a_judged_week_there_is_no_report(session, tables):
    short = line(CUTOFF - timedelta(days=1))
    log = session.createDataFrame([(CUTOFF - timedelta(days=1), 1, 10, 1)], PURCHASES)
    assert (
        report_retrieval(find_hits(*tables[:2], log, short, TWO_WEEKS), *tables, short, RETRIEVAL, SALES, TWO_WEEKS)
        == {}
    )


def test_where_nothing_was_found_recalls_are_zero_and_there_is_no_curve(hits, tables):
    # Only article 99 of the candidates is left, which nobody bought.
    candidates, *others = tables
    missed = hits.select(*KEYS, "share", "segment", *[F.lit(None).cast("int").alias(name) for name in RANKS])
    report = report_retrieval(
        missed, candidates.where(F.col("article") == 99), *others, line(), RETRIEVAL, SALES, TWO_WEEKS
    )
    assert set(report["retrieval_recall"]["recall_all"]) == {0}
    assert set(report["retrieval_recall"]["buyers"]) == {5, 1}
    assert "retrieval_budget" not in report
    assert set(report["retrieval_overlap"]["share"]) == {0}


def test_judged_weeks_without_buyers_have_no_report_and_figures_without_traces(session, tables):
    log = session.createDataFrame([(EARLIER - timedelta(days=1), 2, 10, 1)], PURCHASES)
    hits = find_hits(*tables[:2], log, line(), TWO_WEEKS)
    report = report_retrieval(hits, *tables, line(), RETRIEVAL, SALES, TWO_WEEKS)
    assert report == {}
    assert not any(figure.data for figure in draw_retrieval(report))


def test_time_is_taken_on_the_newest_week_that_has_buyers(session, tables):
    log = session.createDataFrame([(EARLIER, 1, 14, 1)], PURCHASES)
    hits = find_hits(*tables[:2], log, line(), TWO_WEEKS)
    seconds = report_retrieval(hits, *tables, line(), RETRIEVAL, SALES, TWO_WEEKS)["retrieval_cost"]["seconds"]
    assert seconds[list(RETRIEVERS).index("own_purchases")] > 0
