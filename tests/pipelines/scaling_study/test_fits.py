"""Laws of growth: what was planted is found again, and of too little nothing is said."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from hm_kedro.pipelines.scaling_study.fits import fit_laws, fit_overhead, fit_power

SIZES = [1e5, 3e5, 1e6, 3e6, 1e7, 3e7]


@settings(deadline=None)
@given(st.floats(-1, 3), st.floats(1e-6, 1e3), st.integers(3, 6))
def test_an_exact_power_is_found_again(exponent, factor, count):
    law = fit_power(SIZES[:count], [factor * (size / 1e6) ** exponent for size in SIZES[:count]])
    assert law.exponent == pytest.approx(exponent, abs=1e-9)
    low, high = law.interval()
    assert high - low < 1e-6
    assert law.at(1e8)[0] == pytest.approx(factor * 100**exponent, rel=1e-6)


@settings(deadline=None)
@given(st.lists(st.floats(0.1, 100), min_size=4, max_size=4), st.floats(0.01, 100))
def test_units_change_neither_the_exponent_nor_its_interval(values, unit):
    one, other = fit_power(SIZES[:4], values), fit_power(SIZES[:4], [value * unit for value in values])
    assert other.exponent == pytest.approx(one.exponent, abs=1e-9)
    assert other.interval() == pytest.approx(one.interval(), abs=1e-6)


def test_intervals_hold_what_was_planted_as_often_as_they_say():
    random = np.random.default_rng(7)
    truth, size = 0.9, 3e8
    held, predicted = 0, 0
    for _ in range(1000):
        values = [(at / 1e6) ** truth * np.exp(random.normal(0, 0.1)) for at in SIZES]
        law = fit_power(SIZES, values)
        held += law.interval()[0] <= truth <= law.interval()[1]
        _, low, high = law.at(size, another_run=True)
        predicted += low <= 300**truth * np.exp(random.normal(0, 0.1)) <= high
    assert held / 1000 == pytest.approx(0.95, abs=0.02)
    assert predicted / 1000 == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_nothing_is_fitted_to_fewer_than_three_sizes(count):
    laws = fit_laws(SIZES[:count], [1.0, 2.0][:count])
    assert (laws.power, laws.overhead, laws.better) == (None, None, None)
    assert laws.why.endswith(": no exponent is fitted to fewer than 3")
    assert laws.why.startswith(f"{count} size")


def test_one_size_measured_twice_is_one_size():
    assert fit_power([1e5, 1e5, 1e6], [1.0, 1.0, 2.0]) is None


def test_no_overhead_is_told_by_four_sizes():
    laws = fit_laws(SIZES[:4], [5.0, 5.5, 8.0, 20.0])
    assert laws.better is laws.power
    assert laws.why == "4 sizes: fewer than 5 do not tell a fixed overhead from a smaller exponent"


@settings(max_examples=25, deadline=None)
@given(st.floats(0.7, 1.3), st.floats(2, 30))
def test_a_planted_overhead_is_found_again_and_preferred(exponent, overhead):
    values = [overhead + 10 * (size / 1e6) ** exponent for size in SIZES]
    law = fit_overhead(SIZES, values)
    assert law.overhead == pytest.approx(overhead, rel=1e-3)
    assert law.exponent == pytest.approx(exponent, abs=1e-3)
    laws = fit_laws(SIZES, values)
    assert laws.better is laws.overhead
    assert laws.why.startswith("a fixed overhead tells more (AICc ")


def test_of_five_sizes_an_f_test_tells_for_which_aicc_is_not_defined():
    values = [(5 + 10 * size / 1e6) * factor for size, factor in zip(SIZES, (1, 1.01, 0.99, 1.01, 1), strict=False)]
    laws = fit_laws(SIZES[:5], values)
    assert laws.overhead.aicc is None
    assert laws.better is laws.overhead
    assert laws.why.startswith("a fixed overhead tells more (F test, p 0.0")


@pytest.mark.parametrize("count", [5, 6])
def test_an_overhead_that_is_not_there_is_not_preferred(count):
    factors = (1.05, 0.97, 1.02, 0.96, 1.03, 0.99)
    values = [10 * size / 1e6 * factor for size, factor in zip(SIZES, factors, strict=True)][:count]
    laws = fit_laws(SIZES[:count], values)
    assert laws.better is laws.power
    assert laws.overhead.overhead < 1
