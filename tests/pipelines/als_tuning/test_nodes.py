"""On whom settings of ALS are tried, what each is found to reach, and what is best for what."""

import itertools
import json
import random
from datetime import date, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.conftest import day, rows

from hm_kedro.datasets import TrialLog
from hm_kedro.parameters import AlsParameters, AlsTuningParameters, EvaluationParameters, RetrievalParameters
from hm_kedro.pipelines.als_candidates.block import read_blocks
from hm_kedro.pipelines.als_candidates.proposals import Proposals, rank
from hm_kedro.pipelines.als_tuning import nodes
from hm_kedro.pipelines.als_tuning.nodes import draw_trials, measure, sample_buyers, score_proposals, try_settings
from hm_kedro.pipelines.evaluation.catalogue import Catalogue
from hm_kedro.pipelines.evaluation.metrics import score_lists
from hm_kedro.search import list_settings
from hm_kedro.timeline import Timeline, week_days

LOG = "t_dat date, customer int, article int"
PRIMARY = f"{LOG}, price float, sales_channel_id tinyint"
CUTOFF, JUDGED, TUNED, EARLIER = day("2020-09-16"), day("2020-09-09"), day("2020-09-02"), day("2020-08-26")
ONE_WEEK = EvaluationParameters(weeks=1)
TUNING = AlsTuningParameters(weeks=1, buyers=1_000, trials=100, grid={}, seed=1)
GRID = {"alpha": [10, 20, 40], "rank": [4, 8], "half_life_days": [20, 30]}
RETRIEVAL = RetrievalParameters.model_construct(history_days=100)
ALS = AlsParameters(
    window_days=100,
    max_purchases=100_000,
    half_life_days=20,
    decay_power=0,
    rarity_power=0,
    history_power=0,
    on_sale_days=28,
    rank=4,
    max_factors=1_000_000,
    factors_a_pair=1_000,
    max_spark_rank=1_000,
    iterations=3,
    alpha=10,
    regularisation=0.01,
    fold_in_regularisation=0.5,
    blocks=1,
    checkpoint_interval=5,
    seed=1,
)


def line(log_end: str = "2020-09-15", cutoff: date = CUTOFF) -> dict[str, Any]:
    return Timeline(
        raw_dir="data/shop",
        asked_cutoff=None,
        cutoff=cutoff,
        first_day=day("2020-01-01"),
        last_day=cutoff - timedelta(days=1),
        log_end=day(log_end),
    ).model_dump(mode="json")


def tuning(**changed) -> AlsTuningParameters:
    return AlsTuningParameters.model_validate({**TUNING.model_dump(), **changed})


def sampled(table, log, customers=range(12), **changed):
    """The histories and the purchases of a sample, as rows."""
    histories, purchases = sample_buyers(
        table(PRIMARY, [(*line, None, None) for line in log]),
        table("customer int, age int", [(customer, 20 + customer) for customer in customers]),
        line(),
        RETRIEVAL,
        tuning(**changed),
        ONE_WEEK,
    )
    lines = {
        (week, customer): (age, sorted(tuple(bought)[:3] for bought in lines))
        for week, customer, age, lines in rows(histories, "week", "customer", "age", "lines")
    }
    return lines, sorted(rows(purchases, "week", "customer", "article"))


def test_all_buyers_are_looked_at_where_they_are_few(table):
    log = [(TUNED, customer, 1) for customer in range(4)]
    lines, purchases = sampled(table, log, buyers=4)
    assert sorted(lines) == [(TUNED, customer) for customer in range(4)]
    assert purchases == [(TUNED, customer, 1) for customer in range(4)]


@pytest.mark.parametrize(("buyers", "kept"), [(11, [0, 2, 4, 6, 8, 10]), (5, [0, 3, 6, 9]), (1, [0])])
def test_every_nth_buyer_is_looked_at_where_they_are_many(table, buyers, kept):
    """Every second of 12 for up to 11, every third for up to 5, every twelfth for one."""
    lines, purchases = sampled(table, [(TUNED, customer, 1) for customer in range(12)], buyers=buyers)
    assert sorted(lines) == [(TUNED, customer) for customer in kept]
    assert [customer for _, customer, _ in purchases] == kept


def test_buyers_of_all_tuning_weeks_count_together(table):
    log = [(week, customer, 1) for week in (EARLIER, TUNED) for customer in range(4)]
    _, purchases = sampled(table, log, weeks=2, buyers=4)
    assert purchases == [(week, customer, 1) for week in (EARLIER, TUNED) for customer in (0, 2)]


def test_a_buyer_has_the_purchases_of_the_week_each_once(table):
    log = [(TUNED, 1, 5), (TUNED + timedelta(days=6), 1, 5), (TUNED + timedelta(days=6), 1, 6), (JUDGED, 1, 7)]
    assert sampled(table, log)[1] == [(TUNED, 1, 5), (TUNED, 1, 6)]


def test_a_buyer_has_what_was_bought_before_the_week_and_no_more(table):
    log = [
        (TUNED - timedelta(days=101), 1, 4),
        (TUNED - timedelta(days=100), 1, 5),
        (TUNED - timedelta(days=1), 1, 6),
        (TUNED, 1, 7),
        (JUDGED, 1, 8),
        (TUNED - timedelta(days=1), 2, 9),
    ]
    lines, _ = sampled(table, log)
    assert lines == {(TUNED, 1): (21, [(5, 100, 1), (6, 1, 1)])}


def test_a_buyer_who_had_bought_nothing_is_looked_at_too(table):
    lines, _ = sampled(table, [(TUNED, 1, 7)])
    assert lines == {(TUNED, 1): (21, [])}


def average_precision(bought: set[int], predicted: list[int]) -> float:
    """Kaggle's definition, letter by letter."""
    hits = [k for k in range(1, min(len(predicted), 12) + 1) if predicted[k - 1] in bought]
    return sum(len(bought & set(predicted[:k])) / k for k in hits) / min(len(bought), 12)


def proposed(lists: list[list[int]]):
    """Rank articles for customers, each list best first."""
    triples = [(row, article, -place) for row, of_row in enumerate(lists) for place, article in enumerate(of_row)]
    columns = np.array(triples, np.int32).reshape(-1, 3).T
    return rank(Proposals(columns[0], columns[1], columns[2].astype(np.float32)), 100)


def scored(customers: list[int], lists: list[list[int]], bought: list[tuple[int, int]]) -> list[list[float]]:
    pairs = np.array(bought, np.int32).reshape(-1, 2)
    return score_proposals(np.int32(customers), proposed(lists), pairs[:, 0], pairs[:, 1]).tolist()


CASES = st.lists(
    st.tuples(st.lists(st.integers(0, 40), unique=True, max_size=30), st.sets(st.integers(0, 45), max_size=20)),
    min_size=1,
    max_size=12,
)


@given(cases=CASES, random=st.randoms(use_true_random=False))
def test_scores_are_those_of_the_literal_definition(cases, random):
    customers = random.sample(range(100), len(cases))
    bought = [(customer, article) for customer, (_, of) in zip(customers, cases, strict=True) for article in of]
    bought += [(100, article) for article in range(3)]  # of someone else
    random.shuffle(bought)
    expected = [[average_precision(of, predicted), len(of & set(predicted)) / len(of)] for predicted, of in cases if of]
    found = scored(customers, [predicted for predicted, _ in cases], bought)
    assert found == [pytest.approx(values, abs=1e-12) for values in expected]


def test_scores_are_those_by_which_models_are_judged(table):
    dice = random.Random(3)
    customers = dice.sample(range(100), 30)
    lists = [dice.sample(range(40), dice.randrange(30)) for _ in customers]
    bought = sorted({(customer, dice.randrange(40)) for customer in customers[:-3] for _ in range(dice.randrange(20))})
    ranked = [
        ("als", TUNED, customer, article, place)
        for customer, articles in zip(customers, lists, strict=True)
        for place, article in enumerate(articles, 1)
    ]
    week = week_days(TUNED)
    judged = score_lists(
        table("week date, customer int, article int, spent double", [(TUNED, *pair, None) for pair in bought]),
        table("contestant string, week date, customer int, article int, rank int", ranked),
        table("week date, customer int, lines array<struct<article int>>", []),
        {week: ["als"]},
        {week: partial(Catalogue, *[np.zeros(100)] * 3, *[np.zeros(100, bool)] * 2, np.zeros((100, 0), np.int32))},
    )
    of_customer = dict(rows(judged, "customer", "ap12"))
    buyers = [customer for customer in customers if customer in of_customer]
    found = [ap12 for ap12, _ in scored(customers, lists, bought)]
    assert found == pytest.approx([of_customer[customer] for customer in buyers], abs=1e-12)
    assert 20 < len(buyers) < 30


def test_a_buyer_to_whom_nothing_was_proposed_scores_nothing():
    assert scored([5, 3], [[], [8]], [(3, 8), (5, 8)]) == [[0.0, 0.0], [1.0, 1.0]]


def test_a_customer_who_bought_nothing_has_no_score():
    assert scored([5, 3], [[8], [8]], [(3, 8)]) == [[1.0, 1.0]]


def test_what_stands_past_the_twelfth_place_counts_for_the_retriever_alone():
    assert scored([5], [list(range(20))], [(5, 12), (5, 19), (5, 30), (5, 31)]) == [[0.0, 0.5]]


def blocks(*buyers: tuple[date, int, list[int]]):
    """Blocks of (week, customer, articles bought the day before it)."""
    numbers = dict.fromkeys(("article", "age_days", "quantity", "sales_channel_id"), pa.int32())
    line_of = pa.struct(list((numbers | {"price": pa.float32()}).items()))
    lines = [[{"article": article, "age_days": 1, "quantity": 1} for article in articles] for _, _, articles in buyers]
    batch = pa.RecordBatch.from_pydict(
        {
            "week": pa.array([week for week, _, _ in buyers], pa.date32()),
            "customer": pa.array([customer for _, customer, _ in buyers], pa.int32()),
            "age": pa.array([None] * len(buyers), pa.int32()),
            "lines": pa.array(lines, pa.list_(line_of)),
        }
    )
    return list(read_blocks(batch))


def items(factors: dict[int, list[float]], week: date = TUNED, off_sale: tuple[int, ...] = ()) -> pa.Table:
    return pa.table(
        {
            "week": pa.array([week] * len(factors), pa.date32()),
            "article": pa.array(list(factors), pa.int32()),
            "factors": pa.array(list(factors.values()), pa.list_(pa.float32())),
            "rarity": pa.array([1.0] * len(factors), pa.float32()),
            "on_sale": [article not in off_sale for article in factors],
        }
    )


def bought(*lines: tuple[date, int, int]) -> pa.Table:
    weeks, customers, articles = zip(*lines, strict=True)
    return pa.table(
        {
            "week": pa.array(weeks, pa.date32()),
            "customer": pa.array(customers, pa.int32()),
            "article": pa.array(articles, pa.int32()),
        }
    )


# Whoever bought 0 is proposed 0, 1, 2 and 3 in this order; whoever bought 2: 2, then 0, 1 and 3 with a score of 0.
FACTORS = {0: [1.0, 0.0], 1: [0.5, 0.0], 2: [0.0, 1.0], 3: [-1.0, 0.0]}


def test_a_setting_is_measured_by_what_is_proposed_to_the_buyers():
    truth = bought((TUNED, 7, 1), (TUNED, 7, 9), (TUNED, 8, 0))
    found = measure(blocks((TUNED, 7, [0]), (TUNED, 8, [2])), items(FACTORS), truth, ALS)
    # Customer 7: one of two, at rank 2; customer 8: the one, at rank 2.
    assert found == {"map12": pytest.approx((1 / 2 / 2 + 1 / 2) / 2), "recall100": pytest.approx((1 / 2 + 1) / 2)}


def test_what_is_not_on_sale_is_not_proposed_but_known_of_its_buyers():
    found = measure(blocks((TUNED, 7, [0])), items(FACTORS, off_sale=(0,)), bought((TUNED, 7, 0), (TUNED, 7, 1)), ALS)
    assert found == {"map12": pytest.approx(1 / 2), "recall100": pytest.approx(1 / 2)}


def test_a_buyer_of_whom_nothing_is_known_gets_nothing_from_elsewhere_and_counts():
    truth = bought((TUNED, 7, 0), (TUNED, 8, 0), (TUNED, 9, 0))
    found = measure(blocks((TUNED, 7, [0]), (TUNED, 8, []), (TUNED, 9, [44])), items(FACTORS), truth, ALS)
    assert found == {"map12": pytest.approx(1 / 3), "recall100": pytest.approx(1 / 3)}


def test_weeks_count_alike_however_many_buy_in_them():
    known = pa.concat_tables([items(FACTORS), items(FACTORS, EARLIER)])
    who = blocks((TUNED, 7, [0]), (TUNED, 8, [0]), (TUNED, 9, [0]), (EARLIER, 7, [0]))
    truth = bought((TUNED, 7, 99), (TUNED, 8, 99), (TUNED, 9, 0), (EARLIER, 7, 0))
    assert measure(who, known, truth, ALS) == {
        "map12": pytest.approx((1 / 3 + 1) / 2),
        "recall100": pytest.approx((1 / 3 + 1) / 2),
    }


def test_each_week_has_its_own_articles_and_its_own_truth():
    known = pa.concat_tables([items({0: [1.0], 1: [0.5]}), items({0: [1.0], 5: [0.5]}, EARLIER)])
    who = blocks((TUNED, 7, [0]), (EARLIER, 7, [0]))
    right = measure(who, known, bought((TUNED, 7, 1), (EARLIER, 7, 5)), ALS)
    wrong = measure(who, known, bought((TUNED, 7, 5), (EARLIER, 7, 1)), ALS)
    assert right == {"map12": 0.5, "recall100": 1.0}
    assert wrong == {"map12": 0.0, "recall100": 0.0}


def test_buyers_of_many_blocks_count_as_those_of_one():
    who = [(TUNED, customer, [customer % 3]) for customer in range(9)]
    truth = bought(*[(TUNED, customer, customer % 4) for customer in range(9)])
    together = measure(blocks(*who), items(FACTORS), truth, ALS)
    one_by_one = [block for buyer in who for block in blocks(buyer)]
    assert measure(one_by_one, items(FACTORS), truth, ALS) == pytest.approx(together)


@pytest.fixture
def fitted(monkeypatch):
    """Note the settings that are fitted, and let what each reaches be told by its alpha: no engine is asked."""
    tried: list[AlsParameters] = []

    def fit(interactions: object, als: AlsParameters) -> SimpleNamespace:
        tried.append(als)
        return SimpleNamespace(toArrow=lambda: None)

    def reach(*of: Any) -> dict[str, float]:
        return {"map12": of[-1].alpha / 1_000, "recall100": 0.5}

    monkeypatch.setattr(nodes, "weigh_weeks", lambda *_: None)
    monkeypatch.setattr(nodes, "fit_factors", fit)
    monkeypatch.setattr(nodes, "measure", reach)
    return tried


def search(earlier=(), als=ALS, timeline=None, **changed):
    """Start a search of the grid on tables that nobody looks at."""
    empty = pa.schema([("week", pa.date32()), ("customer", pa.int32())]).empty_table()
    nothing = SimpleNamespace(toArrow=lambda: empty)
    parameters = tuning(**{"grid": GRID, **changed})
    return try_settings(nothing, nothing, None, timeline or line(), list(earlier), als, parameters, ONE_WEEK)


def test_a_trial_says_what_was_tried_where_and_what_it_reached(fitted):
    assert list(search(trials=1, weeks=2, buyers=500)) == [
        {
            "log": "data/shop",
            "weeks": ["2020-09-02", "2020-08-26"],
            "buyers": 500,
            "settings": ALS.model_dump(),
            "map12": 0.01,
            "recall100": 0.5,
        }
    ]


def test_every_setting_is_tried_once_in_the_order_of_the_list(fitted):
    trials = list(search())
    assert fitted == list_settings(ALS, tuning(grid=GRID))
    assert [trial["settings"] for trial in trials] == [als.model_dump() for als in fitted]


def test_a_setting_is_fitted_when_its_trial_is_asked_for(fitted):
    trials = search()
    assert fitted == []
    next(trials)
    next(trials)
    assert len(fitted) == 2


def test_a_bad_value_of_the_grid_is_refused_before_anything_is_fitted(fitted):
    with pytest.raises(ValidationError):
        next(search(grid={"rank": [8, 0]}))
    assert fitted == []


@pytest.mark.parametrize("stop", [1, 5, 11, 12])
def test_a_search_that_stopped_goes_on_where_it_was(fitted, tmp_path, stop):
    whole = list(search())
    fitted.clear()
    log = TrialLog(filepath=str(tmp_path / "trials.jsonl"))
    first = search(log.load())
    for trial in itertools.islice(first, stop):
        log.save(trial)
    first.close()
    for trial in search(log.load()):
        log.save(trial)
    assert log.load() == whole
    assert len(fitted) == len(set(fitted)) == 12


def test_a_search_of_more_trials_adds_to_one_of_fewer(fitted):
    few = list(search(trials=4))
    more = list(search(few, trials=7))
    assert few + more == list(search(trials=7))
    assert len(more) == 3


def test_nothing_is_tried_where_all_was(fitted):
    assert list(search(list(search()))) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"timeline": line() | {"raw_dir": "data/other"}},
        {"timeline": line(cutoff=JUDGED, log_end="2020-09-08")},
        {"weeks": 2},
        {"buyers": 999},
    ],
)
def test_what_was_tried_on_another_log_other_weeks_or_other_buyers_is_tried_again(fitted, changed):
    assert len(list(search(list(search()), **changed))) == 12


def test_a_setting_that_is_set_anew_is_tried_first(fitted):
    earlier = list(search())
    [trial] = search(earlier, als=ALS.model_copy(update={"alpha": 7.0}), trials=1)
    assert trial["settings"]["alpha"] == 7.0


def shop(seed: int = 5) -> list[tuple[date, int, int]]:
    """Purchases of 40 customers until the day before the cutoff, each with a taste of their own."""
    dice = random.Random(seed)
    days = [CUTOFF - timedelta(days=age) for age in range(1, 61)]
    return [
        (dice.choice(days), customer, (customer * 5 + dice.randrange(6) ** 2) % 25)
        for customer in range(40)
        for _ in range(dice.randint(4, 12))
    ]


def trials_of(table, log, **changed):
    parameters = tuning(**changed)
    customers = table("customer int, age int", [(customer, 30) for customer in range(40)])
    transactions = table(PRIMARY, [(*purchase, None, None) for purchase in log])
    sample = sample_buyers(transactions, customers, line(), RETRIEVAL, parameters, ONE_WEEK)
    return list(try_settings(*sample, transactions, line(), [], ALS, parameters, ONE_WEEK))


def test_purchases_from_the_judged_weeks_on_change_no_trial(table):
    log = shop()
    before = [purchase for purchase in log if purchase[0] < JUDGED]
    other = [(on, customer, (article + 1) % 25) for on, customer, article in log if on >= JUDGED]
    later = [(CUTOFF + timedelta(days=number), number, 3) for number in range(9)]
    changed = {"grid": {"alpha": [40]}}
    found = trials_of(table, log, **changed)
    assert [trial["settings"]["alpha"] for trial in found] == [10, 40]
    assert all(0 < trial["map12"] < trial["recall100"] <= 1 for trial in found)
    assert trials_of(table, before + other + later, **changed) == found
    assert len(before) < len(log)


def test_purchases_of_the_week_itself_teach_nothing_of_it(table):
    """An article that nobody bought before the week is proposed to nobody, though all of its buyers have it."""
    before = [purchase for purchase in shop() if purchase[0] < TUNED]
    log = before + [(TUNED, customer, 30) for customer in range(40)]
    [trial] = trials_of(table, log)
    assert (trial["map12"], trial["recall100"]) == (0, 0)


def trial(map12: float, recall100: float, **settings) -> dict[str, Any]:
    return {
        "log": "data/shop",
        "weeks": ["2020-09-02"],
        "buyers": 500,
        "settings": {**ALS.model_dump(), **settings},
        "map12": map12,
        "recall100": recall100,
    }


def choose(trials: list[dict[str, Any]]) -> dict[str, Any]:
    return nodes.choose_settings(trials, line(), tuning(buyers=500), ONE_WEEK)


TRIALS = [trial(0.02, 0.3), trial(0.03, 0.1, alpha=40.0), trial(0.01, 0.2, alpha=40.0, rank=8)]


def test_settings_are_ordered_by_each_aim():
    assert choose(TRIALS) == {
        "map12": {
            "map12": [0.03, 0.02, 0.01],
            "recall100": [0.1, 0.3, 0.2],
            "rank": [4, 4, 8],
            "alpha": [40.0, 10.0, 40.0],
        },
        "recall100": {
            "map12": [0.02, 0.01, 0.03],
            "recall100": [0.3, 0.2, 0.1],
            "rank": [4, 8, 4],
            "alpha": [10.0, 40.0, 40.0],
        },
    }


def test_settings_that_all_trials_share_are_not_told():
    assert choose(TRIALS[:1]) == {aim: {"map12": [0.02], "recall100": [0.3]} for aim in nodes.AIMS}


@pytest.mark.parametrize("other", [{"log": "data/other"}, {"weeks": ["2020-09-09"]}, {"buyers": 501}])
def test_trials_of_earlier_searches_are_left_out(other):
    earlier = [of_it | other for of_it in (trial(0.9, 0.9, half_life_days=1.0), trial(0.8, 0.8, seed=2))]
    assert choose([*earlier, *TRIALS]) == choose(TRIALS)


def test_trials_from_before_a_setting_was_there_are_told_without_it():
    older = trial(0.04, 0.4)
    del older["settings"]["alpha"]
    report = choose([older, *TRIALS])["map12"]
    assert report["map12"] == [0.04, 0.03, 0.02, 0.01]
    assert "alpha" not in report


def test_trials_of_a_search_that_went_on_after_another_count_together():
    other = trial(0.9, 0.9) | {"log": "data/other"}
    assert choose([TRIALS[0], other, *TRIALS[1:]]) == choose(TRIALS)


def test_the_report_of_settings_is_kept_as_json():
    report = choose(TRIALS)
    assert json.loads(json.dumps(report)) == report


def test_every_trial_is_drawn_and_the_best_of_each_aim_is_marked():
    figure = draw_trials(choose(TRIALS))
    every, recommender, retriever = figure.data
    assert (every.x, every.y) == ((0.1, 0.3, 0.2), (0.03, 0.02, 0.01))
    assert every.text == ("rank 4<br>alpha 40.0", "rank 4<br>alpha 10.0", "rank 8<br>alpha 40.0")
    assert (recommender.name, recommender.x, recommender.y) == ("best MAP@12", (0.1,), (0.03,))
    assert (retriever.name, retriever.x, retriever.y) == ("best recall@100", (0.3,), (0.02,))


def test_a_sentence_says_what_the_best_settings_reach():
    assert nodes.CHART.read(choose(TRIALS)["map12"]) == (
        "Of 3 settings the best recommender reaches MAP@12 0.0300 with recall@100 10.0%, "
        "the best retriever 0.0200 with 30.0%."
    )


def test_one_trial_is_the_best_of_all():
    figure = draw_trials(choose(TRIALS[:1]))
    assert [(trace.x, trace.y) for trace in figure.data] == [((0.3,), (0.02,))] * 3
