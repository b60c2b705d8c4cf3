"""The figures of what scaling buys: what they show, and what they say of it."""

import pytest
from tests.pipelines.scaling_study.made import measured, repeat, run
from tests.pipelines.scaling_study.study import report

from hm_kedro.pipelines.scaling_study.charts import CHARTS, draw_scaling, scaling_numbers
from hm_kedro.pipelines.scaling_study.report import fit_scaling
from hm_kedro.pipelines.scaling_study.work_charts import STAGES

NAMES = [
    "scaling_cost",
    "scaling_time",
    "scaling_cores",
    "scaling_stages",
    "scaling_memory",
    "scaling_settings",
    "scaling_quality",
]


@pytest.fixture(scope="module")
def numbers():
    return scaling_numbers(report())


@pytest.fixture(scope="module")
def figures():
    return dict(zip((chart.name for chart in CHARTS), draw_scaling(report()), strict=True))


def traces(figure, name):
    return [trace for trace in figure.data if trace.name == name]


def pictures(figure):
    return [annotation.text for annotation in figure.layout.annotations]


def test_there_is_a_figure_for_every_chart(figures, numbers):
    assert list(figures) == list(numbers) == NAMES
    assert all(figure.data for figure in figures.values())


def test_a_single_run_is_drawn_without_a_fit_and_without_intervals():
    one = fit_scaling(measured([run()], [run(cores=1)], [run(contestant="lightgbm", cores=1)]), {})
    assert list(scaling_numbers(one)) == [
        "scaling_cost",
        "scaling_time",
        "scaling_cores",
        "scaling_stages",
        "scaling_memory",
    ]
    assert all(figure.data for figure in draw_scaling(one)[:5])


def test_without_a_report_there_are_no_figures():
    assert scaling_numbers({}) == {}
    assert not any(figure.data for figure in draw_scaling({}))


def test_time_is_drawn_as_repeats_and_a_fitted_line_with_its_band(figures):
    time = figures["scaling_time"]
    assert pictures(time) == ["read", "train", "whole"]
    line, runs = (next(trace for trace in traces(time, "Sail") if trace.mode == mode) for mode in ("lines", "markers"))
    assert len(runs.x) == 15
    assert line.y[-1] == pytest.approx(20, rel=1e-3)
    assert any(trace.fill == "toself" for trace in time.data)


def test_failures_are_crosses_at_what_was_reached(figures):
    crosses = [trace for trace in traces(figures["scaling_time"], "did not come to an end") if trace.x[0]]
    assert {text for trace in crosses for text in trace.hovertext} == {"pandas: out of memory", "LightGBM: out of time"}
    assert [max(trace.y) for trace in crosses] == [10.0, 3600.0]
    assert all(trace.marker.symbol == "x" for trace in crosses)


def test_contestants_stand_in_the_legend_once(figures):
    for name in NAMES:
        shown = [trace.name for trace in figures[name].data if trace.showlegend]
        assert len(shown) == len(set(shown)), name


def test_cores_are_drawn_beside_the_ideal_and_beyond_what_was_measured(figures):
    cores = figures["scaling_cores"]
    assert pictures(cores) == ["train", "whole"]
    points, law = (
        next(trace for trace in traces(cores, "Spark") if trace.mode == mode) for mode in ("markers", "lines")
    )
    assert list(points.y) == pytest.approx([1, 1.6])
    assert law.x[-1] == 16
    assert list(cores.layout.xaxis.ticktext) == [str(tick) for tick in cores.layout.xaxis.tickvals]
    assert law.y[-1] == pytest.approx(1 / (0.25 + 0.75 / 16), rel=1e-4)
    assert len(traces(cores, "as fast as there are cores")) == 2


def test_a_stage_that_more_cores_make_slower_is_seen():
    slower = fit_scaling(measured([run(cores=1, seconds=5.0)], [run(cores=2, seconds=10.0)]), {})
    cores = dict(zip((chart.name for chart in CHARTS), draw_scaling(slower), strict=True))["scaling_cores"]
    (points,) = (trace for trace in traces(cores, "Spark") if trace.mode == "markers")
    assert list(points.y) == pytest.approx([1, 0.5])
    assert 10 ** cores.layout.yaxis.range[0] < 0.5


def test_the_cost_is_drawn_at_the_largest_size_at_which_both_ended(figures):
    (spark,) = traces(figures["scaling_cost"], "Spark on 2 cores")
    assert list(spark.y) == ["read, 32 million: Spark", "train, 9.5 million: Spark"]
    assert list(spark.x) == pytest.approx([5.5, 35 / 36], rel=1e-4)
    words = next(trace for trace in figures["scaling_cost"].data if trace.mode == "text")
    assert words.text[0] == "  55 s, DuckDB 10 s: never faster up to 2 cores"


def test_shares_of_stages_add_up_to_one(figures):
    stages = figures["scaling_stages"]
    bars = [dict(zip(trace.y, trace.x, strict=True)) for trace in stages.data if trace.type == "bar"]
    assert [trace.name for trace in stages.data if trace.type == "bar"] == ["read", "train"]
    for work in bars[0]:
        assert sum(bar[work] for bar in bars) == pytest.approx(1)
    assert stages.data[-1].text[4] == "  160 s"


def test_a_size_of_which_a_stage_was_not_measured_says_so():
    read, train = (
        [repeat(10 * size, stage=stage, contestant="sail", size=size) for size in sizes]
        for stage, sizes in (("read", (0.1, 1.0)), ("train", (0.1,)))
    )
    numbers = scaling_numbers(fit_scaling(measured(*read, *train), {}))["scaling_stages"]
    assert list(STAGES.draw(numbers).data[-1].text) == ["  2.0 s", "  10 s without train"]
    assert "at 3.2 million transactions to" in STAGES.read(numbers)


def test_all_weeks_of_history_are_drawn_last(figures):
    settings = figures["scaling_settings"]
    assert pictures(settings) == ["candidates: train", "history weeks: read"]
    assert list(settings.layout.xaxis2.ticktext) == ["8", "all"]


def test_a_setting_with_which_nothing_ends_is_a_cross_on_top(figures):
    (cross,) = [trace for trace in traces(figures["scaling_settings"], "did not come to an end") if trace.x[0]]
    assert (cross.x[0], cross.hovertext[0]) == (800, "Spark: out of memory after 10 s")


def test_quality_is_drawn_by_method_with_a_band(figures):
    quality = figures["scaling_quality"]
    assert pictures(quality) == ["demo: share of the customers"]
    assert [trace.name for trace in quality.data if trace.showlegend] == ["ALS", "ranker"]
    assert list(traces(quality, "ranker")[0].y) == [0.02, 0.03]
    assert sum(trace.fill == "toself" for trace in quality.data) == 2


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "scaling_cost",
            (
                "Spark loses 1 of 2 stages to a single thread, however many cores it was given (read to DuckDB); Sail "
                "loses 1 of 2 stages to a single thread, however many cores it was given (read to DuckDB)."
            ),
        ),
        ("scaling_time", "6 of 120 runs did not come to an end. Bands are 95 % intervals of the law."),
        (
            "scaling_cores",
            (
                "On 2 cores the speedup is with Spark 1.60 times (train), with Sail 1.33 (whole) to "
                "2.00 times (train); lines are Amdahl's law with its 95 % interval, beyond 2 cores a prediction."
            ),
        ),
        (
            "scaling_stages",
            (
                "Most of the time of the stages that came to an end goes with Spark at 32 million transactions to "
                "train (66%), with Sail at 32 million transactions to train (80%)."
            ),
        ),
        ("scaling_memory", "Spark 1.0 GiB (read, 0.32 million transactions)"),
        (
            "scaling_settings",
            "Dearest: with candidates from 50 to 200 train takes Spark 3.0 times as long.",
        ),
        (
            "scaling_quality",
            "MAP@12: ranker on demo from 0.0200 to 0.0300 (share of the customers: 0.5 to 1).",
        ),
    ],
)
def test_the_reading_of_a_figure_says_its_numbers(numbers, name, said):
    chart = next(chart for chart in CHARTS if chart.name == name)
    assert said in chart.read(numbers[name])
