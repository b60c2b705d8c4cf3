"""Training by several workers: what they share, when they stop, and that they learn what one process learns."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from pyspark.sql import functions as F

from hm_kedro import engine
from hm_kedro.errors import HmKedroError
from hm_kedro.parameters import EvaluationParameters, RankerParameters, TrainingParameters
from hm_kedro.pipelines.lgbm_ranking import distributed, ranker
from hm_kedro.pipelines.lgbm_ranking.nodes import train_rankers
from hm_kedro.timeline import Timeline

RANKER = RankerParameters(
    objective="binary",
    boosters=1,
    boosters_rows=1_000_000,
    trees=10,
    patience=0,
    num_leaves=7,
    learning_rate=0.2,
    min_data_in_leaf=20,
    feature_fraction=1.0,
    bagging_fraction=1.0,
    lambda_l2=0,
    max_bin=63,
    truncation=15,
    num_threads=1,
    seed=1,
    training="distributed",
    workers=2,
)
OLDER, NEWEST, CUTOFF = date(2020, 9, 2), date(2020, 9, 9), date(2020, 9, 16)
CANDIDATES = 16
NAMES = ["blend_score", "times_bought", "article_sales"]


def examples(week: date, customers: int = 250, swayed: npt.NDArray[np.float64] | float = 1.0) -> pa.Table:
    """Sixteen candidates of each customer, of which the better are bought more often.

    Args:
        swayed: how far each candidate's purchase goes by its features; negative: against them.
    """
    rows = customers * CANDIDATES
    draw = np.random.default_rng(week.toordinal())
    features = draw.normal(size=(len(NAMES), rows)).astype(np.float32)
    liking = 1.5 * features[0] - features[1] ** 2 + features[0] * features[2]
    bought = draw.random(rows) < 1 / (1 + np.exp(2 - swayed * liking))
    numbers = {
        "customer": np.repeat(np.arange(customers), CANDIDATES),
        "article": np.tile(np.arange(CANDIDATES), customers),
        "bought": bought,
    }
    columns = {name: pa.array(values.astype(np.int32)) for name, values in numbers.items()}
    weeks = pa.array([week] * rows, pa.date32())
    return pa.table({"week": weeks, **columns, **dict(zip(NAMES, features, strict=True))})


def together(*weeks: pa.Table, **changed) -> lgb.Booster:
    return distributed.train(engine.from_arrow(pa.concat_tables(weeks)), RANKER.model_copy(update=changed))


def alone(*weeks: pa.Table, **changed) -> lgb.Booster:
    return ranker.train(pa.concat_tables(weeks), RANKER.model_copy(update=changed))


def examples_seen(model: lgb.Booster) -> int:
    return model.dump_model()["tree_info"][0]["tree_structure"]["internal_count"]


@pytest.fixture
def workers(session):
    """Skip where no tasks of the engine wait for each other."""
    if not engine.has_barrier_stages():
        pytest.skip("the engine has no barrier stages")


def ndcg(model: lgb.Booster, week: pa.Table) -> float:
    """Mean NDCG@12 over the customers who bought."""
    scores, bought = (
        np.asarray(values).reshape(-1, CANDIDATES)
        for values in (model.predict(ranker.feature_matrix(week.combine_chunks(), NAMES)), week["bought"].to_numpy())
    )
    gains = (1 / np.log2(np.arange(CANDIDATES) + 2)) * (np.arange(CANDIDATES) < 12)
    found = np.take_along_axis(bought, np.argsort(-scores, axis=1, kind="stable"), axis=1) @ gains
    best = -np.sort(-bought, axis=1) @ gains
    return float((found[best > 0] / best[best > 0]).mean())


@pytest.mark.usefixtures("workers")
@pytest.mark.parametrize("objective", ["binary", "lambdarank"])
def test_two_workers_rank_a_week_they_never_saw_as_well_as_one_process(objective):
    learned = examples(OLDER, 2000), examples(NEWEST, 2000)
    how = {"objective": objective, "trees": 40, "patience": 5}
    one, two = (ndcg(train(*learned, **how), examples(CUTOFF, 4000)) for train in (alone, together))
    assert two == pytest.approx(one, rel=0.005)
    assert one > 0.6  # by chance: some 0.45


@pytest.mark.usefixtures("workers")
def test_workers_count_the_examples_of_all():
    assert examples_seen(together(examples(OLDER), examples(NEWEST))) == 2 * 250 * CANDIDATES


@pytest.mark.usefixtures("workers")
def test_workers_train_the_same_bytes_again():
    once, again = (together(examples(OLDER), examples(NEWEST), patience=2).model_to_string() for _ in range(2))
    assert once == again


@pytest.mark.usefixtures("workers")
def test_workers_who_disagree_on_the_newest_week_stop_at_the_same_tree():
    """Of even customers every tree makes the order better, of odd ones worse, and there are more of what is worse."""
    swayed = np.tile(np.repeat([1.0, -1.0], CANDIDATES), 125)
    model = together(examples(OLDER), examples(NEWEST, swayed=swayed), patience=2, trees=50, objective="lambdarank")
    assert model.num_trees() < 10


@pytest.mark.usefixtures("workers")
def test_without_an_older_week_there_are_as_many_trees_as_asked_for():
    assert together(examples(NEWEST), patience=2).num_trees() == 10


@pytest.mark.usefixtures("workers")
def test_all_examples_of_a_customer_are_one_worker_s():
    table = engine.from_arrow(pa.concat_tables([examples(OLDER), examples(NEWEST)]))
    placed = distributed.share(table, 3).select("customer", F.spark_partition_id().alias("worker")).distinct()
    assert {(row["customer"], row["worker"]) for row in placed.collect()} == {(row, row % 3) for row in range(250)}


@pytest.mark.parametrize(
    ("older", "newest", "enough"),
    [(250, 250, True), (250, 2, True), (0, 250, True), (0, 100, False), (250, 1, False), (100, 250, False)],
)
def test_workers_need_examples_each(session, older, newest, enough):
    table = engine.from_arrow(pa.concat_tables([examples(OLDER, older), examples(NEWEST, newest)]))
    assert distributed.is_enough(table, 2) is enough


def test_no_examples_are_not_enough(session):
    assert not distributed.is_enough(engine.from_arrow(examples(NEWEST)).where("customer < 0"), 2)


def pooled(objective: str, *told: tuple[float, int]) -> float:
    """What the first of some workers goes by, of which each has a measure over so many examples, four a customer."""
    task = SimpleNamespace(allGather=lambda said: [said, *map(json.dumps, told[1:])])
    value, weight = told[0]
    judged = SimpleNamespace(num_data=lambda: weight, get_group=lambda: np.full(weight, 4))
    reached = [lgb.EvalResult("valid_0", "measure", value, True)]
    env = SimpleNamespace(evaluation_result_list=reached, model=SimpleNamespace(valid_sets=[judged]))
    distributed._pool(task, RANKER.model_copy(update={"objective": objective}))(env)
    assert (reached[0].dataset_name, reached[0].metric_name, reached[0].maximize) == ("valid_0", "measure", True)
    return reached[0].metric_value


@pytest.mark.parametrize("objective", ["binary", "lambdarank"])
def test_workers_go_by_the_mean_of_their_measures_weighed_by_what_they_judge(objective):
    assert pooled(objective, (0.2, 1), (0.6, 3)) == pytest.approx(0.5)


@pytest.fixture
def rankers(session) -> Callable[..., dict[str, lgb.Booster]]:
    """Rankers of the cutoff and of the week before it."""

    def train(table: pa.Table, max_rows: int = 1_000_000, **changed) -> dict[str, lgb.Booster]:
        last_day = CUTOFF - timedelta(days=1)
        line = Timeline(
            raw_dir="raw",
            asked_cutoff=None,
            cutoff=CUTOFF,
            first_day=date(2020, 1, 1),
            last_day=last_day,
            log_end=last_day,
        )
        return train_rankers(
            engine.from_arrow(table),
            line.model_dump(mode="json"),
            TrainingParameters(
                weeks=2, most_weeks=2, enough_purchases=0, negatives=3, misses=0, max_rows=max_rows, seed=1
            ),
            RANKER.model_copy(update=changed),
            EvaluationParameters(weeks=1),
        )

    return train


@pytest.mark.usefixtures("workers")
def test_every_predicted_week_has_a_ranker_of_all_weeks_before_it(rankers):
    made = rankers(pa.concat_tables([examples(OLDER), examples(NEWEST)]), max_rows=1)
    assert {week: examples_seen(model) for week, model in made.items()} == {
        str(CUTOFF): 2 * 250 * CANDIDATES,
        str(NEWEST): 250 * CANDIDATES,
    }
    assert all("[tree_learner: data]" in model.model_to_string() for model in made.values())


@pytest.mark.usefixtures("workers")
def test_few_examples_are_trained_on_as_if_alone(rankers):
    few = pa.concat_tables([examples(OLDER, 100), examples(NEWEST, 100)])
    models = (rankers(few, training=training) for training in ("distributed", "single"))
    one, other = ({week: model.model_to_string() for week, model in made.items()} for made in models)
    assert one == other


@pytest.mark.usefixtures("workers")
def test_more_workers_than_run_at_once_are_refused(rankers):
    with pytest.raises(HmKedroError) as caught:
        rankers(examples(NEWEST), workers=3)
    assert str(caught.value) == "ranker.workers 3 is more than the 2 tasks that the engine runs at once: choose fewer"


def test_an_engine_whose_tasks_don_t_wait_for_each_other_is_refused(rankers, monkeypatch):
    monkeypatch.setattr(engine, "has_barrier_stages", lambda: False)
    with pytest.raises(HmKedroError, match=r"^ranker\.training=distributed needs tasks that wait for each other"):
        rankers(examples(NEWEST))


def test_workers_of_one_machine_speak_by_loopback():
    infos = [SimpleNamespace(address="name-of-this-machine:4711")] * 2
    task = SimpleNamespace(getTaskInfos=lambda: infos, partitionId=lambda: 1)
    assert distributed._own_address(task) == "127.0.0.1"


def test_workers_of_several_machines_speak_by_the_address_that_the_others_reach():
    infos = [SimpleNamespace(address="127.0.0.2:4711"), SimpleNamespace(address="127.0.0.3:4711")]
    task = SimpleNamespace(getTaskInfos=lambda: infos, partitionId=lambda: 0)
    assert distributed._own_address(task) == "127.0.0.1"
