"""On which weeks and whom settings of the ranker are tried, what each is found to reach, and which is best."""

import itertools
import json
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.conftest import day, rows
from tests.rankers import RANKER

from hm_kedro.datasets import TrialLog
from hm_kedro.errors import HmKedroError, one_line
from hm_kedro.parameters import (
    EvaluationParameters,
    RankerSettings,
    RankerTuningParameters,
    TrainingParameters,
)
from hm_kedro.pipelines.ranker_tuning import nodes
from hm_kedro.pipelines.ranker_tuning.nodes import (
    describe_tuning_examples,
    draw_trials,
    known_weeks,
    measure,
    sample_negatives,
    try_settings,
)
from hm_kedro.search import list_settings, tuning_weeks
from hm_kedro.timeline import WEEK, Timeline

CUTOFF, JUDGED, TUNED = day("2020-09-16"), day("2020-09-09"), day("2020-09-02")
EARLIER, OLDEST = day("2020-08-26"), day("2020-08-19")
ONE_WEEK, TWO_WEEKS = EvaluationParameters(weeks=1), EvaluationParameters(weeks=2)
TRAINING = TrainingParameters(
    weeks=3, most_weeks=3, enough_purchases=0, negatives=2, misses=0, max_rows=100_000, seed=1
)
TUNING = RankerTuningParameters(weeks=1, buyers=1_000, trials=100, grid={}, seed=1)
SETTINGS = RankerSettings(**RANKER.model_dump(exclude={"training", "workers"}), weeks=3, negatives=2, misses=0)
GRID = {"objective": ["binary", "lambdarank"], "num_leaves": [3, 7, 15], "weeks": [1, 3]}
SCHEMA = pa.schema(
    [
        ("week", pa.date32()),
        *((key, pa.int32()) for key in ("customer", "article", "bought")),
        ("times_bought", pa.float32()),
    ]
)


def line(log_end: str = "2020-09-15", first_day: str = "2020-01-01", raw_dir: str = "data/shop") -> dict[str, Any]:
    return Timeline(
        raw_dir=raw_dir,
        asked_cutoff=None,
        cutoff=CUTOFF,
        first_day=day(first_day),
        last_day=CUTOFF - timedelta(days=1),
        log_end=day(log_end),
    ).model_dump(mode="json")


def tuning(**changed: Any) -> RankerTuningParameters:
    return RankerTuningParameters.model_validate({**TUNING.model_dump(), **changed})


def training(weeks: int) -> TrainingParameters:
    return TRAINING.model_copy(update={"weeks": weeks})


@pytest.mark.parametrize("log_end", ["2020-09-15", "2020-09-22"])
def test_known_weeks_are_the_target_weeks_before_the_judged_ones(log_end):
    """The cutoff's own week is judged from a log's end of 2020-09-22 on."""
    assert known_weeks(line(log_end), ONE_WEEK, TRAINING, TUNING) == [TUNED, EARLIER, OLDEST]


def test_more_judged_weeks_move_the_known_ones_back():
    assert known_weeks(line(), TWO_WEEKS, training(2), TUNING) == [EARLIER, OLDEST]


def test_a_short_log_has_fewer_known_weeks():
    assert known_weeks(line(first_day="2020-08-20"), ONE_WEEK, TRAINING, TUNING) == [TUNED, EARLIER]


@pytest.mark.parametrize(
    ("first_day", "weeks", "said"),
    [
        ("2020-01-01", 3, "3 weeks from 2020-08-19 on and has candidates from 2020-08-19 on"),
        ("2020-01-01", 4, "4 weeks from 2020-08-12 on and has candidates from 2020-08-19 on"),
        ("2020-09-01", 1, "1 week from 2020-09-02 on and has candidates from 2020-09-02 on"),
    ],
)
def test_where_no_week_is_left_to_learn_from_one_line_says_so(first_day, weeks, said):
    with pytest.raises(HmKedroError, match=r"ranker_tuning\.weeks, or run .* higher training\.weeks$") as caught:
        known_weeks(line(first_day=first_day), ONE_WEEK, TRAINING, tuning(weeks=weeks))
    assert said in one_line(caught.value)
    assert "\n" not in one_line(caught.value)


@given(
    days=st.integers(1, 120),
    ahead=st.integers(0, 20),
    judged=st.integers(1, 10),
    learned=st.integers(1, 10),
    weeks=st.integers(1, 10),
)
def test_no_judged_week_is_known_and_one_is_learned_from_before_any_is_tried(days, ahead, judged, learned, weeks):
    timeline = line(str(CUTOFF + timedelta(days=ahead - 1)), str(CUTOFF - timedelta(days=days)))
    evaluation, parameters = EvaluationParameters(weeks=judged), tuning(weeks=weeks)
    try:
        found = known_weeks(timeline, evaluation, training(learned), parameters)
    except HmKedroError:
        return
    log = Timeline.read(timeline)
    assert max(found) + WEEK <= min([CUTOFF, *log.judged_weeks(judged)])
    assert set(found) <= set(log.target_weeks(judged, training(learned)))
    tried = tuning_weeks(timeline, parameters, evaluation)
    assert found[: len(tried)] == tried
    assert len(found) > len(tried)


@pytest.fixture
def picked(table, monkeypatch):
    """Whom and what is described, of candidates and purchases of (week, customer, article): no feature is computed."""
    monkeypatch.setattr(nodes, "describe_picked", lambda _weeks, picked, *_: picked)

    def pick(candidates, bought, **changed):
        found = describe_tuning_examples(
            table("week date, customer int, article int", candidates),
            table("t_dat date, customer int, article int", bought),
            *[None] * 9,
            line(),
            None,
            None,
            ONE_WEEK,
            TRAINING,
            tuning(**changed),
        )
        return rows(found, "week", "customer", "article", "bought")

    return pick


def test_all_candidates_are_described_of_those_who_bought_one(picked):
    candidates = [(TUNED, customer, article) for customer in (1, 2, 3) for article in range(9)]
    bought = [(TUNED, 1, 8), (TUNED, 2, 99)]  # customer 2 bought what was not proposed, customer 3 nothing
    assert picked(candidates, bought) == [(TUNED, 1, article, int(article == 8)) for article in range(9)]


def test_all_known_weeks_are_described_and_no_judged_one(picked):
    weeks = (OLDEST - WEEK, OLDEST, EARLIER, TUNED, JUDGED, CUTOFF)
    lines = [(week, 1, 5) for week in weeks]
    assert picked(lines, lines) == [(week, 1, 5, 1) for week in (OLDEST, EARLIER, TUNED)]


@pytest.mark.parametrize(("buyers", "kept"), [(12, list(range(12))), (11, [0, 2, 4, 6, 8, 10]), (5, [0, 3, 6, 9])])
def test_every_nth_customer_is_described_where_buyers_are_many(picked, buyers, kept):
    """Twelve buyers: all of them, every second for up to 11, every third for up to 5."""
    lines = [(TUNED, customer, 5) for customer in range(12)]
    assert sorted(customer for _, customer, *_ in picked(lines, lines, buyers=buyers)) == kept


def test_buyers_of_all_known_weeks_count_together(picked):
    lines = [(week, customer, 5) for week in (OLDEST, TUNED) for customer in range(4)]
    assert picked(lines, lines, buyers=4) == [(week, customer, 5, 1) for week in (OLDEST, TUNED) for customer in (0, 2)]


def examples(lines: list[tuple]) -> pa.Table:
    """Examples of (week, customer, article, bought, times bought before)."""
    return pa.Table.from_pylist([dict(zip(SCHEMA.names, line, strict=True)) for line in lines], schema=SCHEMA)


def proposals(week: date, customer: int, positives: int, others: int) -> list[tuple]:
    """Candidates of a customer, those that were bought last."""
    return [(week, customer, article, int(article >= others), None) for article in range(others + positives)]


MANY = examples([row for customer in range(200) for row in proposals(TUNED, customer, 2, 18)])


def test_what_was_bought_is_kept_whatever_is_left_out():
    found = sample_negatives(MANY, 1, 0, seed=1)
    assert found.filter(found["bought"].cast(pa.bool_())).equals(MANY.filter(MANY["bought"].cast(pa.bool_())))


def test_about_as_many_others_as_asked_for_are_kept_for_each_bought():
    found = sample_negatives(MANY, 3, 0, seed=1)
    assert found.num_rows - 400 == pytest.approx(200 * 2 * 3, rel=0.05)
    assert set(found["customer"].to_pylist()) == set(range(200))


@pytest.mark.parametrize("negatives", [9, 10, 1_000])
def test_all_others_are_kept_where_they_are_no_more_than_asked_for(negatives):
    assert sample_negatives(MANY, negatives, 0, seed=1).equals(MANY)


def test_a_customer_counts_anew_in_each_week():
    """Nine bought of one week would ask for all that was not bought of the other, where nothing was."""
    both = examples(proposals(EARLIER, 1, 9, 0) + proposals(TUNED, 1, 0, 9))
    assert sample_negatives(both, 1, 0, seed=1).equals(both.slice(0, 9))


@pytest.mark.parametrize(("negatives", "misses", "of_who_bought"), [(3, 1, 0.5), (4, 0.5, 0.75)])
def test_with_misses_others_are_kept_of_everybody_too(negatives, misses, of_who_bought):
    """Half of the customers bought nothing; in all as many others are kept as were asked for."""
    lines = [row for customer in range(400) for row in proposals(TUNED, customer, 2 * (customer < 200), 18)]
    found = sample_negatives(examples(lines), negatives, misses, seed=1)
    others = found.filter(pc.equal(found["bought"], 0))
    assert others.num_rows == pytest.approx(200 * 2 * negatives, rel=0.1)
    assert np.mean(others["customer"].to_numpy() < 200) == pytest.approx(of_who_bought, abs=0.06)


def test_a_week_is_measured_by_who_bought_a_candidate():
    missed = [row for number in range(100, 130) for row in proposals(TUNED, number, 0, 3)]
    assert reached(lessons(EARLIER) + lessons(TUNED) + missed) == 1


def test_the_seed_says_which_are_kept():
    one, again, other = (sample_negatives(MANY, 3, 0, seed=seed) for seed in (1, 1, 2))
    assert one.equals(again)
    assert not one.equals(other)


def test_of_no_examples_none_are_kept():
    assert sample_negatives(MANY.slice(0, 0), 3, 0, seed=1).num_rows == 0


def lessons(week: date, liked: int = 2) -> list[tuple]:
    """Twenty customers with three candidates; bought is the one that they have bought `liked` times before."""
    return [
        (week, customer, article, int((customer + article) % 3 == liked), (customer + article) % 3)
        for customer in range(20)
        for article in range(3)
    ]


def reached(lines: list[tuple], week: date = TUNED, **changed: Any) -> float:
    return measure(examples(sorted(lines)), week, SETTINGS.model_copy(update=changed))["map12"]


def test_what_earlier_weeks_teach_is_measured_on_the_week():
    found = measure(examples(lessons(EARLIER) + lessons(TUNED)), TUNED, SETTINGS)
    assert (found["map12"], found["trees"]) == (1, 3)
    assert found["seconds"] > 0


def test_a_week_teaches_nothing_of_itself():
    """What was bought in it is what nobody bought before: of three candidates it is never the first."""
    assert reached(lessons(EARLIER) + lessons(TUNED, liked=0)) <= 1 / 2


def test_later_weeks_teach_nothing():
    assert reached(lessons(OLDEST) + lessons(EARLIER) + lessons(TUNED, liked=0), week=EARLIER) == 1


def test_no_more_weeks_are_learned_from_than_the_settings_say():
    lines = lessons(OLDEST - WEEK, liked=0) + lessons(OLDEST, liked=0) + lessons(EARLIER) + lessons(TUNED)
    assert reached(lines, weeks=1) == 1
    assert reached(lines, weeks=3) < 1


def test_all_candidates_of_the_week_are_ordered_however_few_are_learned_from():
    """Nobody ever bought what they know, so that all candidates are alike; the last of ten was bought."""
    lines = [row for week in (EARLIER, TUNED) for row in proposals(week, 1, 1, 9)]
    assert reached(lines, negatives=1) == pytest.approx(1 / 10)


def test_a_week_without_examples_reaches_nothing():
    assert reached(lessons(EARLIER)) == 0


def test_a_ranker_with_nothing_to_learn_from_leaves_the_candidates_as_they_are():
    found = measure(examples(proposals(TUNED, 1, 1, 9)), TUNED, SETTINGS)
    assert (found["map12"], found["trees"]) == (pytest.approx(1 / 10), 0)


def frame(lines: pa.Table) -> Any:
    """Examples as the catalog gives them, without an engine."""
    return SimpleNamespace(toArrow=lambda: lines, count=lambda: lines.num_rows, columns=lines.column_names)


EXAMPLES = frame(examples(lessons(EARLIER) + lessons(TUNED)))


@pytest.fixture
def tried(monkeypatch):
    """Note what is measured, and let what each setting reaches be told by its leaves and the week: no tree is grown."""
    noted: list[tuple[date, RankerSettings]] = []

    def reach(_: pa.Table, week: date, settings: RankerSettings) -> dict[str, float]:
        noted.append((week, settings))
        return {"map12": settings.num_leaves / 100 + (week == EARLIER) / 10, "trees": 5, "seconds": 2.0}

    monkeypatch.setattr(nodes, "measure", reach)
    return noted


def search(earlier=(), ranker=RANKER, timeline=None, of=EXAMPLES, **changed):
    """Start a search of the grid."""
    parameters = tuning(**{"grid": GRID, **changed})
    return try_settings(of, list(earlier), ranker, TRAINING, timeline or line(), parameters, ONE_WEEK)


def test_a_trial_says_what_was_tried_where_and_what_it_reached_on_average_over_weeks(tried):
    [trial] = search(trials=1, weeks=2, buyers=500)
    assert len(trial.pop("features")) == 8
    assert trial == {
        "log": "data/shop",
        "weeks": ["2020-09-02", "2020-08-26"],
        "buyers": 500,
        "candidates": 120,
        "settings": SETTINGS.model_dump(),
        "map12": pytest.approx(0.03 + 0.05),
        "trees": 5,
        "seconds": 2,
    }
    assert tried == [(TUNED, SETTINGS), (EARLIER, SETTINGS)]


def test_every_setting_is_tried_once_in_the_order_of_the_list(tried):
    trials = list(search())
    assert tried == [(TUNED, settings) for settings in list_settings(SETTINGS, tuning(grid=GRID))]
    assert [trial["settings"] for trial in trials] == [settings.model_dump() for _, settings in tried]


def test_a_setting_is_measured_when_its_trial_is_asked_for(tried):
    trials = search()
    assert tried == []
    next(trials)
    next(trials)
    assert len(tried) == 2


def test_a_bad_value_of_the_grid_is_refused_before_anything_is_measured(tried):
    with pytest.raises(ValidationError, match="objective"):
        next(search(grid={"objective": ["binary", "regression"]}))
    assert tried == []


@pytest.mark.parametrize("stop", [1, 5, 12])
def test_a_search_that_stopped_goes_on_where_it_was(tried, tmp_path, stop):
    whole = list(search())
    tried.clear()
    log = TrialLog(filepath=str(tmp_path / "trials.jsonl"))
    first = search(log.load())
    for trial in itertools.islice(first, stop):
        log.save(trial)
    first.close()
    for trial in search(log.load()):
        log.save(trial)
    assert log.load() == whole
    assert len(tried) == len(set(tried)) == 12


def test_nothing_is_tried_where_all_was(tried):
    assert list(search(list(search()))) == []


FEWER = frame(EXAMPLES.toArrow().slice(1))
RENAMED = frame(EXAMPLES.toArrow().rename_columns([*SCHEMA.names[:-1], "article_sales"]))


@pytest.mark.parametrize(
    "changed",
    [
        {"timeline": line(raw_dir="data/other")},
        {"weeks": 2},
        {"buyers": 999},
        {"of": FEWER},
        {"of": RENAMED},
    ],
)
def test_what_was_tried_on_another_log_other_weeks_candidates_or_features_is_tried_again(tried, changed):
    assert len(list(search(list(search()), **changed))) == 12


def test_a_setting_that_is_set_anew_is_tried_first(tried):
    earlier = list(search())
    [trial] = search(earlier, ranker=RANKER.model_copy(update={"num_leaves": 4}), trials=1)
    assert trial["settings"]["num_leaves"] == 4


def test_trials_do_not_depend_on_the_order_of_the_examples():
    lines = lessons(OLDEST) + lessons(EARLIER, liked=0) + lessons(TUNED)
    one, other = (
        [trial | {"seconds": 0} for trial in search(of=frame(examples(of)), grid={"weeks": [1]})]
        for of in (lines, lines[::-1])
    )
    assert one == other
    assert [trial["settings"]["weeks"] for trial in one] == [3, 1]


def trial(map12: float, **settings: Any) -> dict[str, Any]:
    on = nodes.identify_examples(EXAMPLES, line(), tuning(buyers=500), ONE_WEEK)
    return {**on, "settings": {**SETTINGS.model_dump(), **settings}, "map12": map12, "trees": 5.0, "seconds": 2.0}


def choose(trials: list[dict[str, Any]]) -> dict[str, Any]:
    return nodes.choose_settings(trials, EXAMPLES, line(), tuning(buyers=500), ONE_WEEK)


TRIALS = [
    trial(0.02),
    trial(0.03, objective="lambdarank", num_leaves=15),
    trial(0.01, num_leaves=15),
    trial(0.04, num_leaves=7),
]


def test_the_best_settings_come_first():
    assert choose(TRIALS) == {
        "ranker_trials": {
            "map12": [0.04, 0.03, 0.02, 0.01],
            "trees": [5.0] * 4,
            "seconds": [2.0] * 4,
            "objective": ["binary", "lambdarank", "binary", "binary"],
            "num_leaves": [7, 15, 3, 15],
        }
    }


@pytest.mark.parametrize(
    "other",
    [{"log": "data/other"}, {"weeks": ["2020-09-09"]}, {"buyers": 501}, {"candidates": 7}, {"features": "other"}],
)
def test_trials_of_other_searches_are_left_out(other):
    assert choose([trial(0.9, num_leaves=2) | other, *TRIALS]) == choose(TRIALS)


def test_the_report_of_settings_is_kept_as_json():
    report = choose(TRIALS)
    assert json.loads(json.dumps(report)) == report


def test_trials_are_drawn_over_the_values_of_each_setting_in_their_order_with_the_mean_of_each():
    objectives, mean_of_objectives, leaves, mean_of_leaves = draw_trials(choose(TRIALS)).data
    assert objectives.x == ("binary", "lambdarank", "binary", "binary")
    assert objectives.y == leaves.y == (0.04, 0.03, 0.02, 0.01)
    assert leaves.x == ("7", "15", "3", "15")
    assert mean_of_objectives.x == ("binary", "lambdarank")
    assert mean_of_objectives.y == pytest.approx((0.07 / 3, 0.03))
    assert mean_of_leaves.x == ("3", "7", "15")
    assert mean_of_leaves.y == pytest.approx((0.02, 0.04, 0.02))


def test_one_trial_is_drawn_over_its_trees():
    every, mean = draw_trials(choose(TRIALS[:1])).data
    assert (every.x, every.y) == (mean.x, mean.y) == (("5.0",), (0.02,))


def test_a_sentence_says_what_the_best_settings_reach():
    assert nodes.CHART.read(choose(TRIALS)["ranker_trials"]) == (
        "Of 4 settings MAP@12 among the candidates goes from 0.0100 to 0.0400, with objective binary, num_leaves 7."
    )


def test_the_sentence_of_one_trial_names_no_setting():
    assert nodes.CHART.read(choose(TRIALS[:1])["ranker_trials"]) == (
        "Of 1 setting MAP@12 among the candidates goes from 0.0200 to 0.0200."
    )
