"""Predictions: where there is a fit, beyond what was measured."""

import pytest
from tests.pipelines.scaling_study.made import fail, repeat, tried

from hm_kedro.pipelines.scaling_study.fits import fit_laws
from hm_kedro.pipelines.scaling_study.predictions import H_AND_M, predict_cores, predict_sizes
from hm_kedro.pipelines.scaling_study.speedup import core_laws
from hm_kedro.pipelines.scaling_study.trials import vary_data


def predicted(*configurations):
    sizes = vary_data(tried(*configurations))
    laws = {
        line: fit_laws(*zip(*((one.transactions, one.seconds) for one in found if one.seconds), strict=True))
        for line, found in sizes.items()
    }
    return predict_sizes({"seconds": laws}, sizes)


def test_more_data_than_were_measured_are_predicted_with_what_is_assumed():
    rows = predicted(
        *(repeat(100 * size * by, size=size) for size, by in ((0.01, 1.01), (0.1, 0.98), (1.0, 1.01))),
    )
    assert [row["times"] for row in rows] == [10, 100]
    assert rows[0]["transactions"] == 10 * H_AND_M
    assert rows[0]["value"] == pytest.approx(1000, rel=0.05)
    assert rows[0]["low"] < rows[0]["value"] < rows[0]["high"]
    assert rows[0]["assumes"] == (
        "that the exponent 1.00 of 3 sizes holds 10 times beyond the largest, on a machine with memory enough"
    )


def test_the_size_of_a_failure_is_not_taken_for_measured():
    sizes = [repeat(1000 * size, size=size) for size in (0.01, 0.03, 0.1)]
    rows = predicted(*sizes, fail("out of memory", size=1.0))
    assert [row["times"] for row in rows] == [1, 10, 100]


def test_both_laws_predict_where_both_are_fitted():
    rows = predicted(*(repeat(5 + 100 * size, size=size) for size in (0.01, 0.03, 0.1, 0.3, 1.0)))
    assert [(row["law"], row["better"], row["times"]) for row in rows] == [
        ("power", False, 10),
        ("power", False, 100),
        ("overhead", True, 10),
        ("overhead", True, 100),
    ]
    assert rows[2]["value"] == pytest.approx(1005, rel=1e-3)


def test_nothing_is_predicted_without_a_fit():
    assert predicted(repeat(1.0, size=0.01), repeat(10.0, size=0.1)) == []
    trials = tried(repeat(1.0))
    assert predict_cores(trials, core_laws(trials)) == []


def test_more_cores_than_were_measured_are_predicted():
    trials = tried(repeat(100.0, (1, 1, 1), cores=1), repeat(62.5, (1, 1, 1)))
    rows = predict_cores(trials, core_laws(trials))
    assert [(row["law"], row["cores"]) for row in rows] == [("Amdahl", 16), ("Amdahl", 64), ("Amdahl", 256)]
    assert rows[0]["speedup"] == pytest.approx(1 / (0.25 + 0.75 / 16))
    assert rows[0]["seconds"] == pytest.approx(100 * (0.25 + 0.75 / 16))
    assert "found on up to 2 cores" in rows[0]["assumes"]
