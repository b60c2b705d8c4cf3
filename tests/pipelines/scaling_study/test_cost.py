"""Engines against a single thread, against each other and against pandas."""

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from tests.pipelines.scaling_study.made import fail, repeat, run, tried

from hm_kedro.pipelines.scaling_study.cost import cost_rows, engine_rows, pandas_rows
from hm_kedro.pipelines.scaling_study.ratios import divide

SINGLE = {"contestant": "lightgbm", "cores": 1}


def costs(*configurations):
    return {row["contestant"]: row for row in cost_rows(tried(*configurations))}


@pytest.mark.parametrize(
    ("on_one", "on_two", "cost"), [(9.0, 5.0, 1), (15.0, 9.0, 2), (30.0, 20.0, None), (20.0, 10.0, None)]
)
def test_the_cost_is_the_least_number_of_cores_that_beats_a_single_thread(on_one, on_two, cost):
    found = costs(repeat(10.0, **SINGLE), repeat(on_one, cores=1), repeat(on_two))
    assert found["spark"]["cost"] == cost
    assert found["spark"]["most_cores"] == 2
    assert found["spark"]["ratio"] == pytest.approx(on_two / 10)


def test_the_fastest_single_thread_is_the_one_to_beat_not_an_engine_or_two_threads_of_it():
    found = costs(
        repeat(10.0, contestant="pandas", cores=1),
        repeat(5.0, contestant="duckdb", cores=1),
        repeat(2.0, contestant="duckdb", cores=2),
        repeat(1.0, contestant="sail", cores=1),
        repeat(7.0),
    )
    assert {(row["single"], row["single_seconds"]) for row in found.values()} == {("duckdb", 5.0)}
    assert (found["spark"]["cost"], found["sail"]["cost"]) == (None, 1)


def test_where_no_single_thread_ends_the_first_cores_that_do_win():
    found = costs(fail("out of memory", seconds=30.0, **SINGLE), repeat(100.0), fail("failed", contestant="sail"))
    assert found["spark"]["cost"] == 2
    assert found["spark"]["single"] == "LightGBM out of memory after 30 s"
    assert found["spark"]["ratio"] is None
    assert found["sail"]["cost"] is None
    assert found["sail"]["failure"] == "failed after 10 s"


def test_stages_without_a_single_thread_have_no_cost():
    assert costs(repeat(1.0)) == {}


@settings(deadline=None)
@given(st.lists(st.floats(0.9, 1.1), min_size=2, max_size=5), st.floats(0.1, 10))
def test_a_ratio_lies_within_its_interval_and_the_other_way_round_is_its_inverse(spread, times):
    one, other = tried(repeat(10.0, spread), repeat(10.0 * times, spread[::-1], contestant="sail"))
    there, back = divide(one, other), divide(other, one)
    assert there.low <= there.value <= there.high
    assert there.value * back.value == pytest.approx(1)
    assert there.low * back.high == pytest.approx(1)


def test_what_slows_both_of_a_pair_is_not_in_the_interval():
    one, other = tried(repeat(10.0, (0.5, 1, 2)), repeat(20.0, (0.5, 1, 2), contestant="sail"))
    assert divide(one, other)[:3] == pytest.approx((0.5, 0.5, 0.5))


def test_a_slow_round_does_not_count_for_the_one_alone_that_was_measured_in_it():
    slower = [run(repeat=number, seconds=seconds, **SINGLE) for number, seconds in enumerate((10.0, 15.0, 16.0), 1)]
    for engine, single in (tried([run(seconds=12.0)], slower), tried([run(repeat=3, seconds=12.0)], slower)):
        assert divide(engine, single).value == 12.0 / single.ended[engine.runs[0]["repeat"]]["seconds"]
    found = costs([run(seconds=12.0)], slower)["spark"]
    assert (found["single_seconds"], found["cost"], found["ratio"]) == (15.0, None, 1.2)


def test_what_did_not_come_to_an_end_does_not_win_by_the_round_that_it_shared():
    single = [run(seconds=10.0, repeat=1, **SINGLE)]
    found = costs(single, [run(seconds=5.0, repeat=1), run(status="out of memory", repeat=2)])["spark"]
    assert (found["cost"], found["ratio"], found["seconds"]) == (None, None, None)


def test_rounds_that_none_shared_are_compared_all_the_same():
    one, other = tried([run(seconds=12.0)], [run(repeat=2, seconds=10.0, contestant="sail")])
    assert divide(one, other) == (1.2, None, None, 0)


def test_a_single_pair_has_no_interval():
    one, other = tried([run()], [run(contestant="sail", seconds=5.0)])
    assert divide(one, other) == (2.0, None, None, 1)


def test_engines_are_compared_on_the_same_cores_and_failures_are_told():
    rows = engine_rows(
        tried(
            repeat(10.0),
            repeat(5.0, contestant="sail"),
            repeat(5.0, contestant="cluster", cores=4),
            repeat(50.0, size=1.0),
            fail("out of memory", contestant="sail", size=1.0),
        )
    )
    assert [(row["data"], row["other"], row["ratio"], row["failure"]) for row in rows] == [
        ("synthetic 0.1", "sail", 2.0, ""),
        ("synthetic 1", "sail", None, "Sail out of memory after 10 s"),
    ]


def test_duckdb_on_all_cores_is_what_engines_are_held_against_there():
    duckdb = {"contestant": "duckdb"}
    rows = engine_rows(
        tried(repeat(10.0), repeat(20.0, cores=1), repeat(2.0, **duckdb), repeat(4.0, cores=1, **duckdb))
    )
    assert [(row["contestant"], row["other"], row["cores"], row["ratio"]) for row in rows] == [
        ("spark", "duckdb", 2, 5.0)
    ]


def against_pandas(*seconds):
    """Give the row of Spark beside pandas at growing sizes; None for what failed."""
    configurations = []
    for size, pair in enumerate(seconds, start=1):
        for contestant, taken in zip(({}, {"contestant": "pandas", "cores": 1}), pair, strict=True):
            how = {"size": size / 10, "transactions": size, **contestant}
            configurations.append(fail("out of memory", seconds=3.0, **how) if taken is None else repeat(taken, **how))
    (row,) = pandas_rows(tried(*configurations))
    return row


def test_from_which_size_an_engine_is_faster_than_pandas_and_where_pandas_ends():
    row = against_pandas((10.0, 1.0), (12.0, 20.0), (15.0, 14.0), (20.0, 40.0), (50.0, None), (90.0, None))
    assert (row["faster_from"], row["slower_until"], row["largest"]) == (4, 3, 6)
    assert (row["ratio"], row["ratio_at"]) == (0.5, 4)
    assert (row["pandas_ends_at"], row["pandas_failure"]) == (5, "out of memory after 3 s")


def test_an_engine_that_is_never_faster_or_does_not_end():
    row = against_pandas((10.0, 1.0), (12.0, 2.0))
    assert (row["faster_from"], row["slower_until"], row["pandas_ends_at"]) == (None, 2, None)
    assert against_pandas((1.0, 2.0), (None, 4.0))["faster_from"] is None
    assert against_pandas((1.0, 2.0), (None, None))["faster_from"] == 1
