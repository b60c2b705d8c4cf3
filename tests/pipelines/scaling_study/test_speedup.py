"""Laws of cores: what was planted is found again, and of two counts no more is said than they tell."""

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from tests.pipelines.scaling_study.made import fail, repeat, tried

from hm_kedro.pipelines.scaling_study.fits import fit_laws
from hm_kedro.pipelines.scaling_study.speedup import (
    core_laws,
    fit_amdahl,
    fit_universal,
    law_rows,
    scaled_speedup,
    serial_share,
    speedup,
    speedup_rows,
    weak_rows,
)
from hm_kedro.pipelines.scaling_study.trials import Line, vary_cores, vary_data


def line(law, counts, spread=(1.0, 1.0, 1.0)):
    """Make the line of cores of a law."""
    (varied,) = vary_cores(
        tried(*(repeat(100 / speedup(law, cores), spread, cores=cores) for cores in counts))
    ).values()
    return varied


@settings(deadline=None)
@given(st.floats(0, 1), st.integers(1, 4), st.integers(5, 64))
def test_the_serial_share_is_that_of_the_speedups(share, fewer, more):
    ratio = speedup([share], more) / speedup([share], fewer)
    assert serial_share(ratio, fewer, more) == pytest.approx(share, abs=1e-6)


@settings(deadline=None)
@given(st.floats(0, 0.98), st.sampled_from([(1, 2), (1, 2, 4), (2, 4, 8, 16), (1, 2, 4, 8, 16)]))
def test_a_planted_share_is_found_again(share, counts):
    law = fit_amdahl(line([share], counts))
    assert law.values[0] == pytest.approx(share, abs=1e-3)
    low, high = law.bounds[0]
    assert low - 1e-3 <= share <= high + 1e-3


def test_two_counts_determine_the_share_exactly_and_the_repeats_bound_it():
    (varied,) = vary_cores(tried(repeat(100.0, (0.99, 1, 1.01), cores=1), repeat(62.5, (1.01, 1, 0.99)))).values()
    law = fit_amdahl(varied)
    assert law.values[0] == pytest.approx(0.25)
    low, high = law.bounds[0]
    assert 0.1 < low < 0.25 < high < 0.4
    assert law.how == (
        "2 core counts: Amdahl's share is exactly determined, no interval from residuals; interval from the repeats' "
        "ratios"
    )
    assert fit_universal(varied) is None


def test_without_repeats_there_is_no_interval():
    law = fit_amdahl(line([0.25], (1, 2), (1.0,)))
    assert law.bounds == ()
    assert law.speedup(16) == (pytest.approx(1 / (0.25 + 0.75 / 16)), None, None)


def test_what_is_slower_on_more_cores_is_all_serial():
    (varied,) = vary_cores(tried(repeat(10.0, cores=1), repeat(12.0))).values()
    assert fit_amdahl(varied).values == (1.0,)


def test_one_count_of_cores_that_ended_tells_nothing():
    trials = tried(fail("out of memory", cores=1), repeat(10.0))
    assert core_laws(trials) == {}
    assert law_rows(trials, {}) == []
    assert speedup_rows(trials) == []


@settings(deadline=None)
@given(st.floats(0.0, 0.3), st.floats(0.001, 0.05))
def test_a_planted_universal_law_is_found_again_with_its_peak(contention, coherency):
    law = fit_universal(line([contention, coherency], (1, 2, 4, 8, 16)))
    assert law.values == pytest.approx((contention, coherency), abs=1e-3)
    assert law.peak == pytest.approx(((1 - contention) / coherency) ** 0.5, rel=0.1)


@pytest.mark.parametrize(("counts", "fitted"), [((1, 2, 4), False), ((1, 2, 4, 8), True)])
def test_the_universal_law_needs_a_count_more_than_it_has_parameters(counts, fitted):
    varied = line([0.1, 0.01], counts)
    assert (fit_universal(varied) is not None) == fitted
    trials = list(varied)
    (row,) = law_rows(trials, core_laws(trials))
    assert (row["contention"] is not None) == fitted
    assert ("the universal law is not fitted" in row["how"]) != fitted


def test_rows_of_speedup_say_efficiency_and_scaled_speedup():
    trials = line([0.25], (1, 2))
    single, double = speedup_rows(trials)
    assert (single["speedup"], single["low"], single["efficiency"]) == (1.0, None, 1.0)
    assert double["speedup"] == pytest.approx(1.6)
    assert double["efficiency"] == pytest.approx(0.8)
    (row,) = law_rows(trials, core_laws(trials))
    assert row["limit"] == pytest.approx(4.0)
    assert row["scaled"] == pytest.approx(scaled_speedup(0.25, 2)) == pytest.approx(1.75)


def weak(*sizes):
    """Give the weak scaling from size 0.1, of 10 s on one core, with some sizes' seconds on two."""
    trials = tried(repeat(10.0, cores=1), *(repeat(seconds, size=size) for size, seconds in sizes))
    known = {
        line: fit_laws([one.transactions for one in found], [one.seconds for one in found])
        for line, found in vary_data(trials).items()
    }
    assert set(known) == {Line("synthetic", "train", "spark")}
    return weak_rows(trials, known)


def test_weak_scaling_takes_a_size_that_was_measured():
    (row,) = weak((0.1, 6.0), (0.21, 12.5))
    assert (row["cores"], row["larger_seconds"], row["interpolated"]) == (2, 12.5, False)
    assert row["efficiency"] == pytest.approx(0.8)


def test_weak_scaling_else_interpolates_by_the_exponent_and_says_so():
    (row,) = weak((0.1, 6.0), (0.4, 24.0), (0.8, 48.0))
    assert row["larger_seconds"] == pytest.approx(12.0)
    assert row["interpolated"]


@pytest.mark.parametrize("sizes", [[(0.1, 6.0), (0.4, 24.0)], [(0.05, 3.0), (0.1, 6.0), (0.15, 9.0)]])
def test_weak_scaling_is_not_told_without_a_fit_or_beyond_what_was_measured(sizes):
    assert weak(*sizes) == []
