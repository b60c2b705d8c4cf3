"""What a study measures, and in which order."""

from typing import get_args

import pytest
from kedro.framework.project import configure_project
from pydantic import ValidationError

from hm_kedro.parameters import QualityParameters, StageName, StudyParameters
from hm_kedro.pipelines.scaling_study.plan import Data, list_data, list_tasks
from hm_kedro.pipelines.scaling_study.stages import STAGES
from hm_kedro.pipelines.scaling_study.worker import choose_nodes
from hm_kedro.pipelines.scaling_study.workshop import PREPARED, PREPARED_TABLES

YARDSTICKS = {"duckdb": ("read",), "pandas": ("read",), "lightgbm": ("train",)}


def study(**changes):
    values = {
        "shares": (),
        "scales": (0.1, 0.01),
        "vary_on": 0.01,
        "stages": ("read",),
        "engines": ("spark", "sail"),
        "yardsticks": (),
        "cores": (2,),
        "factors": (32,),
        "blocks": (2,),
        "candidates": (50,),
        "history_weeks": (None,),
        "repeats": 1,
        "most_seconds": 10,
        "most_gb": 1,
        "params": {},
        "quality": QualityParameters(shares=(1.0,), history_weeks=(), candidates=(), params={}),
        "seed": 1,
    }
    return StudyParameters(**(values | changes))


def told(tasks, *names):
    return [tuple(getattr(task, name) for name in names) for task in tasks]


def test_every_stage_may_be_named():
    assert set(get_args(StageName)) == set(STAGES)


def test_small_data_come_first():
    assert [data.name for data in list_data(study(shares=(1.0, 0.5)))] == [
        "sample 0.5",
        "sample 1",
        "synthetic 0.01",
        "synthetic 0.1",
    ]


def test_contestants_take_turns_within_a_configuration_and_repeats_are_outermost():
    tasks = list_tasks(study(scales=(0.01,), repeats=2), {}, 2)
    assert told(tasks, "repeat", "contestant") == [(1, "spark"), (1, "sail"), (2, "spark"), (2, "sail")]


def test_cores_vary_on_one_size_only():
    tasks = list_tasks(study(cores=(1, 2)), {}, 2)
    assert {(task.data.size, task.cores) for task in tasks} == {(0.01, 1), (0.01, 2), (0.1, 2)}


def test_more_cores_than_the_machine_has_are_not_measured():
    tasks = list_tasks(study(cores=(1, 2, 4, 64), engines=("sail",), scales=(0.01,)), {}, 3)
    assert told(tasks, "cores") == [(1,), (2,), (3,)]


def test_a_setting_varies_one_at_a_time_and_only_in_stages_whose_work_it_changes():
    changes = {"factors": (32, 64), "history_weeks": (None, 26), "engines": ("sail",), "scales": (0.01,)}
    tasks = list_tasks(study(stages=("als_fit", "train"), **changes), {}, 2)
    assert told(tasks, "stage", "factors", "history_weeks") == [
        ("als_fit", 32, None),
        ("als_fit", 64, None),
        ("als_fit", 32, 26),
        ("train", 32, None),
    ]


def test_blocks_are_varied_for_spark_alone():
    tasks = list_tasks(study(stages=("als_fit",), blocks=(2, 4), scales=(0.01,)), {}, 2)
    assert [task.contestant for task in tasks if task.blocks == 4] == ["spark"]


def test_the_cluster_is_measured_where_cores_vary():
    tasks = list_tasks(study(engines=("spark", "cluster")), {}, 2)
    assert {task.data.size for task in tasks if task.contestant == "cluster"} == {0.01}


def test_yardsticks_work_on_one_core_at_stages_that_they_know_and_duckdb_on_all_too():
    tasks = list_tasks(
        study(engines=(), yardsticks=tuple(YARDSTICKS), stages=("read", "train"), scales=(0.01,)), YARDSTICKS, 2
    )
    assert sorted(told(tasks, "stage", "contestant", "cores")) == [
        ("read", "duckdb", 1),
        ("read", "duckdb", 2),
        ("read", "pandas", 1),
        ("train", "lightgbm", 1),
    ]


def test_a_task_sets_its_parameters():
    chosen = study(stages=("als_top",), engines=("sail",), scales=(0.01,), candidates=(100,))
    [task] = list_tasks(chosen, {}, 2)
    assert task.data == Data("synthetic", 0.01)
    assert task.settings() == {
        "als.rank": 32,
        "als.blocks": 2,
        "retrieval.budget": 100,
        "retrieval.als.top": 100,
        "data_processing.history_weeks": None,
    }


def test_no_two_tasks_have_the_same_key():
    changes = {"cores": (1, 2), "factors": (32, 64), "repeats": 3, "yardsticks": tuple(YARDSTICKS)}
    tasks = list_tasks(study(stages=("read", "als_fit", "als_top", "train"), **changes), YARDSTICKS, 2)
    assert len({task.key for task in tasks}) == len(tasks)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vary_on": 0.5}, "vary_on 0.5 is neither one of its shares nor one of its scales"),
        ({"stages": ()}, "at least 1 item"),
        ({"stages": ("reed",)}, "'read'"),
        ({"engines": ("flink",)}, "'spark', 'sail' or 'cluster'"),
        ({"repeats": 0}, "greater than 0"),
        ({"scales": (0.01, 20)}, "less than or equal to 10"),
    ],
)
def test_a_study_that_can_not_be_is_refused(changes, words):
    with pytest.raises(ValidationError, match=words):
        study(**changes)


@pytest.mark.parametrize("name", [name for name, stage in STAGES.items() if not stage.from_raw])
def test_what_a_stage_reads_is_prepared(name):
    configure_project("hm_kedro")
    prepared = choose_nodes(PREPARED, (), PREPARED_TABLES)
    stage = choose_nodes(STAGES[name].pipelines, STAGES[name].nodes, STAGES[name].to_outputs)
    read = {table for table in stage.inputs() if not table.startswith("params:")}
    # A run that begins has made none.
    assert read - {"recommendations_made"} <= prepared.all_outputs()
