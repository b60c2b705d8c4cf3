"""What a ranker is left without, how it is judged then, and what is said of it."""

import json
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.conftest import day, rows
from tests.rankers import RANKER

from hm_kedro import engine
from hm_kedro.errors import HmKedroError
from hm_kedro.parameters import (
    AblationParameters,
    EvaluationParameters,
    FeatureParameters,
    TrainingParameters,
)
from hm_kedro.pipelines.ablation import nodes
from hm_kedro.pipelines.ablation.nodes import (
    CHART,
    Variant,
    describe_judged_candidates,
    draw_ablation,
    draw_again,
    judge,
    leave_out,
    list_variants,
    measure_ablations,
)
from hm_kedro.pipelines.lgbm_ranking.features import FAMILIES, list_features
from hm_kedro.timeline import Timeline

CUTOFF, JUDGED, LEARNED = day("2020-09-16"), day("2020-09-09"), day("2020-09-02")
ONE_WEEK = EvaluationParameters(weeks=1)
TRAINING = TrainingParameters(
    weeks=1, most_weeks=1, enough_purchases=0, negatives=2, misses=0, max_rows=100_000, seed=1
)
FEATURES = FeatureParameters(window_days=28, sales_days=(1, 7), affinities=0, min_lift=1, without=())
ABLATION = AblationParameters(resamples=100, seed=1)
PURCHASES = "t_dat date, customer int, article int"
ALS = Variant("als", "retriever", ("als_score", "als_rank"))


def line(log_end: str = "2020-09-15") -> dict[str, Any]:
    return Timeline(
        raw_dir="data/shop",
        asked_cutoff=None,
        cutoff=CUTOFF,
        first_day=day("2020-01-01"),
        last_day=CUTOFF - timedelta(days=1),
        log_end=day(log_end),
    ).model_dump(mode="json")


def arrow(lines: list[dict[str, Any]], features: FeatureParameters = FEATURES) -> pa.Table:
    """Examples; features that a line does not name are missing."""
    keys = [(key, pa.int32()) for key in ("customer", "article", "bought")]
    names = [(name, pa.float32()) for name in list_features(features, ())]
    return pa.Table.from_pylist(lines, schema=pa.schema([("week", pa.date32()), *keys, *names]))


def lessons(week: date) -> list[dict[str, Any]]:
    """Ten customers with three candidates; bought is the one that they bought twice before.

    That is article 2 of the customers 0, 3, 6 and 9, article 1 of 1, 4 and 7, article 0 of 2, 5 and 8. ALS alone
    proposes article 2, the bestsellers alone the others.
    """
    return [
        {
            "week": week,
            "customer": customer,
            "article": article,
            "bought": int((customer + article) % 3 == 2),
            "article_times_bought": (customer + article) % 3,
            "retrievers": 1,
            ("als_rank" if article == 2 else "bestsellers_rank"): 1,
        }
        for customer in range(10)
        for article in range(3)
    ]


@pytest.fixture
def measured(table):
    """Measure on one week, in which customers 0 and 50 bought an article that nobody proposed."""

    def measure(**changed: Any) -> dict[str, Any]:
        bought = [(JUDGED, row["customer"], row["article"]) for row in lessons(JUDGED) if row["bought"]]
        lines = [*bought, bought[0], (JUDGED, 0, 99), (JUDGED, 50, 99)]
        given = {
            "training_examples": engine.from_arrow(arrow(lessons(LEARNED))),
            "judged_examples": engine.from_arrow(arrow(lessons(JUDGED))),
            "transactions": table(PURCHASES, lines),
            "later_transactions": table(PURCHASES, []),
            "timeline": line(),
            "features": FEATURES,
            "training": TRAINING,
            "ranker_params": RANKER,
            "evaluation": ONE_WEEK,
            "ablation": ABLATION,
        }
        return measure_ablations(**given | changed)

    return measure


def test_each_part_is_worth_what_map_loses_without_it(measured):
    """Eleven buyers. With all, nine have their one article first, customer 0 one of two, customer 50 nothing.

    Without their own history, article 2, which four of ten bought, comes first, then 0, then 1: 1/2 + 3 buyers of 2,
    3 / 2, 3 / 3. Without ALS six buyers are left, without the bestsellers four, one of them with one of two.
    """
    found = measured()["ablation"]
    reached = {"all": 9.5, "own_history": 6, "als": 6, "bestsellers": 3.5}
    assert found["name"] == ["all", *FAMILIES, "als", "bestsellers"]
    assert found["kind"] == ["all", *["family"] * len(FAMILIES), *["retriever"] * 2]
    assert found["map12"] == pytest.approx([reached.get(name, 9.5) / 11 for name in found["name"]])
    assert found["difference"] == pytest.approx([(reached.get(name, 9.5) - 9.5) / 11 for name in found["name"]])
    assert found["weeks"] == [1] * len(found["name"])
    assert json.loads(json.dumps(found)) == found


def test_intervals_lie_about_the_difference_and_are_empty_where_nothing_differs(measured):
    found = measured()["ablation"]
    for difference, low, high in zip(found["difference"], found["low"], found["high"], strict=True):
        assert low == high == 0 if difference == 0 else low < difference < high <= 0


def test_weeks_count_alike_whoever_bought_in_them(measured, table):
    """Nobody of the cutoff's week has a candidate: its MAP@12 is 0, half of the mean, though it has one buyer."""
    one = measured()["ablation"]
    both = measured(timeline=line("2020-09-22"), later_transactions=table(PURCHASES, [(CUTOFF, 7, 1)]))["ablation"]
    assert both["map12"] == pytest.approx([value / 2 for value in one["map12"]])
    assert set(both["weeks"]) == {2}


def test_a_ranker_does_not_learn_from_the_week_that_it_is_judged_on(measured):
    """Where only that week has examples there is nothing to learn, and candidates stay in their order."""
    examples = engine.from_arrow(arrow(lessons(JUDGED)))
    found = measured(training_examples=examples)["ablation"]
    assert found["map12"][0] == pytest.approx((1 / 6 + 3 / 3 + 3 / 2 + 3) / 11)


def test_of_few_examples_rankers_are_trained_beside_each_other_to_the_same_end(measured, monkeypatch):
    threads, train = [], nodes.ranker.train

    def watched(examples, params, **given):
        threads.append(params.num_threads)
        return train(examples, params, **given)

    monkeypatch.setattr(nodes.ranker, "train", watched)
    many = RANKER.model_copy(update={"num_threads": 4, "boosters_rows": 1000})
    beside = measured(ranker_params=many)
    in_turn = measured(ranker_params=many.model_copy(update={"boosters_rows": 1}))
    assert beside == in_turn == measured()
    rankers = len(beside["ablation"]["name"])
    assert threads == [1] * rankers + [4] * rankers + [1] * rankers


def test_without_buyers_there_is_no_report(measured, table):
    report = measured(transactions=table(PURCHASES, []))
    assert report == {}
    assert not draw_ablation(report).data


def test_the_seed_alone_says_who_is_drawn(measured):
    one, again = measured(), measured()
    assert one == again


def variants(without: tuple[str, ...] = (), rows: list[dict[str, Any]] | None = None) -> list[tuple[str, str]]:
    features = FEATURES.model_copy(update={"without": without})
    of = [{**row, "customer": 1, "article": 1, "bought": 1, "week": JUDGED} for row in rows or [{}]]
    named = [{name: value for name, value in row.items() if name in arrow([], features).column_names} for row in of]
    frame = engine.from_arrow(arrow(named, features))
    return [variant[:2] for variant in list_variants(frame, frame, features)]


def test_families_that_are_off_and_retrievers_that_propose_nothing_are_not_left_out(session):
    found = variants(("article", "match"), [{"als_rank": 3}, {"trending_rank": 1}])
    assert [name for name, _ in found] == ["all", "retrieval", "own_history", "customer", "als", "trending"]


def test_where_nobody_says_who_proposes_no_retriever_is_left_out(session):
    assert {kind for _, kind in variants(("retrieval",), [{"als_rank": 3}])} == {"all", "family"}


def test_the_only_family_is_not_left_out(session):
    assert variants(("article", "match", "customer", "own_history")) == [("all", "all")]


def test_judged_candidates_of_other_features_are_refused_by_name(session):
    examples = arrow(lessons(JUDGED))
    whole, less = (engine.from_arrow(of) for of in (examples, examples.drop_columns(["customer_age"])))
    with pytest.raises(HmKedroError, match="they differ in customer_age: run `--pipeline lgbm_ranking`, then"):
        list_variants(whole, less, FEATURES)


def proposed(customer: int, article: int, bought: int, **ranks: float) -> dict[str, Any]:
    return {
        "week": JUDGED,
        "customer": customer,
        "article": article,
        "bought": bought,
        "blend_score": 0.5,
        "retrievers": len(ranks),
        **{f"{name}_rank": rank for name, rank in ranks.items()},
    }


def test_without_a_retriever_what_it_alone_proposed_is_gone_and_the_rest_counts_one_fewer():
    examples = arrow([proposed(1, 1, 1, als=1, trending=2), proposed(1, 2, 0, als=2), proposed(1, 3, 0, trending=1)])
    left = leave_out(examples, ALS)
    assert left.select(["article", "retrievers", "blend_score"]).to_pylist() == [
        {"article": 1, "retrievers": 1, "blend_score": 0.5},
        {"article": 3, "retrievers": 1, "blend_score": 0.5},
    ]
    assert set(examples.column_names) - set(left.column_names) == {"als_score", "als_rank"}


def test_without_a_retriever_those_are_gone_of_whom_no_candidate_left_was_bought():
    """Customer 1 has one left that was bought in another week only."""
    lines = [proposed(1, 1, 1, als=1), proposed(1, 2, 0, trending=1), proposed(2, 2, 1, trending=1)]
    earlier = [{**proposed(1, 2, 1, trending=1), "week": LEARNED}]
    left = leave_out(arrow([*lines, *earlier]), ALS)
    assert left.select(["week", "customer"]).to_pylist() == [
        {"week": JUDGED, "customer": 2},
        {"week": LEARNED, "customer": 1},
    ]


def test_without_a_family_every_candidate_stays():
    examples = arrow([proposed(1, 1, 1, als=1), proposed(1, 2, 0, trending=1)])
    left = leave_out(examples, Variant("retrieval", "family", ("als_rank", "trending_rank")))
    assert left.equals(examples.drop_columns(["als_rank", "trending_rank"]))


def test_with_all_nothing_is_left_out():
    examples = arrow([proposed(1, 1, 1, als=1)])
    assert leave_out(examples, Variant("all", "all")).equals(examples)


def booster(scores: list[float], trees: int = 1) -> Any:
    """A ranker that gives these scores."""
    return SimpleNamespace(
        num_trees=lambda: trees,
        feature_name=lambda: ["article_times_bought"],
        predict=lambda matrix, **_: np.array(scores[: len(matrix)]),
    )


def buyers(**bought: int) -> pa.Table:
    return pa.table({"customer": pa.array([int(of[1:]) for of in bought], pa.int32()), "bought": list(bought.values())})


def test_a_buyers_precision_is_over_what_they_bought_up_to_twelve():
    """Hits at 1 and 3 of three bought; at 2 of twenty bought; customer 5 has no candidates."""
    lines = [proposed(3, article, bought) for article, bought in enumerate([1, 0, 1])]
    lines += [proposed(8, article, bought) for article, bought in enumerate([0, 1])]
    found = judge(booster([3, 2, 1, 3, 2]), arrow(lines), buyers(c3=3, c5=1, c8=20), 1)
    assert found.tolist() == pytest.approx([(1 + 2 / 3) / 3, 0, 1 / 2 / 12])


def test_what_comes_past_the_twelfth_place_does_not_count_and_equal_scores_go_by_article():
    lines = [proposed(1, article, int(article == 12)) for article in range(13)]
    assert judge(booster([0] * 13), arrow(lines), buyers(c1=1), 1).tolist() == [0]
    assert judge(booster([0] * 12 + [1]), arrow(lines), buyers(c1=1), 1).tolist() == [1]


def test_a_ranker_without_trees_leaves_the_order_to_the_retrievers():
    lines = [proposed(1, 1, 0), proposed(1, 2, 1) | {"blend_score": 0.9}]
    assert judge(booster([0, 0], trees=0), arrow(lines), buyers(c1=1), 1).tolist() == [1]


def test_without_candidates_every_buyer_reaches_nothing():
    assert judge(booster([]), arrow([]), buyers(c1=1, c2=2), 1).tolist() == [0, 0]


def test_the_same_buyers_are_drawn_for_every_variant():
    differences = np.random.default_rng(0).random((20, 1))
    drawn = draw_again(
        np.hstack([differences, 2 * differences, np.ones_like(differences)]), 50, np.random.default_rng(1)
    )
    assert drawn[:, 1] == pytest.approx(2 * drawn[:, 0])
    assert drawn[:, 2] == pytest.approx(1)
    assert len(np.unique(drawn[:, 0])) > 1


def test_means_spread_as_those_of_buyers_drawn_with_replacement():
    """Of a hundred buyers half have 1: the mean has a standard deviation of sqrt(1/4 / 100)."""
    drawn = draw_again(np.repeat([[0.0], [1.0]], 50, axis=0), 2_000, np.random.default_rng(1))
    assert drawn.mean() == pytest.approx(0.5, abs=0.005)
    assert drawn.std() == pytest.approx(0.05, rel=0.1)


@pytest.fixture
def picked(table, monkeypatch):
    """Pick what would be described of (week, customer, article) proposed and bought."""
    monkeypatch.setattr(nodes, "describe_picked", lambda _weeks, picked, *_: picked)

    def pick(candidates, bought, later, log_end="2020-09-22"):
        found = describe_judged_candidates(
            table("week date, customer int, article int", candidates),
            table(PURCHASES, bought),
            table(PURCHASES, later),
            *[None] * 9,
            line(log_end),
            None,
            None,
            ONE_WEEK,
            TRAINING,
        )
        return rows(found, "week", "customer", "article", "bought")

    return pick


def test_all_candidates_are_described_of_the_judged_weeks_buyers_who_bought_one(picked):
    """The cutoff's own week is judged, too, where the log reaches to its end."""
    weeks = (LEARNED, JUDGED, CUTOFF)
    candidates = [(week, customer, article) for week in weeks for customer in (1, 2) for article in range(9)]
    found = picked(candidates, [(LEARNED, 1, 8), (JUDGED, 1, 8), (JUDGED, 2, 99)], [(CUTOFF, 2, 7)])
    of_judged = [(JUDGED, 1, article, int(article == 8)) for article in range(9)]
    assert sorted(found) == of_judged + [(CUTOFF, 2, article, int(article == 7)) for article in range(9)]


REPORT = {
    "ablation": {
        "name": ["all", "own_history", "customer", "als"],
        "kind": ["all", "family", "family", "retriever"],
        "map12": [0.03, 0.02, 0.0301, 0.029],
        "difference": [0, -0.01, 0.0001, -0.001],
        "low": [0, -0.012, -0.0002, -0.0012],
        "high": [0, -0.008, 0.0004, -0.0008],
        "weeks": [2, 2, 2, 2],
    }
}


def test_differences_are_drawn_by_kind_with_their_intervals_the_worst_first():
    figure = draw_ablation(REPORT)
    families, retrievers = figure.data
    assert (families.x, families.y) == ((-0.01, 0.0001), ("own history", "customer"))
    assert (retrievers.x, retrievers.y) == ((-0.001,), ("als",))
    assert families.error_x.array == pytest.approx([0.002, 0.0003])
    assert families.error_x.arrayminus == pytest.approx([0.002, 0.0003])
    assert figure.layout.yaxis.categoryarray == ("own history", "als", "customer")


def test_a_sentence_says_how_many_parts_cost_what_and_which_most():
    assert CHART.read(REPORT["ablation"]) == (
        "With all it has the ranker reaches MAP@12 0.0300; of 3 parts left out one at a time 2 cost it more than "
        "chance explains, and it does worst without the family own history: -0.0100 (-0.0120 to -0.0080)."
    )


def test_the_sentence_of_a_ranker_of_one_part_names_none():
    alone = {name: values[:1] for name, values in REPORT["ablation"].items()}
    assert CHART.read(alone) == "With all it has the ranker reaches MAP@12 0.0300; there is nothing to leave out."
