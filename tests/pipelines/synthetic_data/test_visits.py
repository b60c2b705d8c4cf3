"""Who the customers are and when they shop."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hm_kedro.pipelines.synthetic_data.calendar import DAYS, day_number
from hm_kedro.pipelines.synthetic_data.customers import block_bounds, customer_ids, draw_customers
from hm_kedro.pipelines.synthetic_data.purchases import shares_of_blocks
from hm_kedro.pipelines.synthetic_data.visits import balance, draw_visits


@pytest.fixture(scope="module")
def customers(params):
    return draw_customers(params.seed, 0, 20_000, 19_860)


@pytest.fixture(scope="module")
def visits(params, customers):
    return draw_visits(params.seed, 0, customers, 460_000, params.visits)


@given(st.integers(137, 14_000_000))
def test_blocks_cover_all_customers_and_their_shares_lose_nothing(customers):
    bounds = block_bounds(customers)
    assert bounds[0] == 0
    assert bounds[-1] == customers
    assert (np.diff(bounds) > 0).all()
    assert np.diff(bounds).max() <= 65_536
    for whole in (customers, round(0.99293 * customers), 23 * customers):
        shares = shares_of_blocks(bounds, customers, whole)
        assert shares.sum() == whole
    assert (shares_of_blocks(bounds, customers, round(0.99293 * customers)) <= np.diff(bounds)).all()


@pytest.mark.parametrize("customers", [137, 10_000, 1_371_980])
def test_ids_ascend_over_the_blocks_and_are_64_hex_digits(customers):
    bounds = block_bounds(customers)
    parts = [customer_ids(7, int(bounds[block]), int(bounds[block + 1]), customers) for block in (0, len(bounds) - 2)]
    ids = np.concatenate(parts) if len(bounds) > 2 else parts[0]
    assert ids.dtype == "S64"
    assert (np.char.str_len(ids[:100]) == 64).all()
    assert set(b"".join(ids[:100].tolist())) <= set(b"0123456789abcdef")
    assert (ids[:-1] < ids[1:]).all()
    assert ids[-1][:2] >= b"fe"


def test_ages_come_in_two_humps_and_some_are_unknown(customers):
    known = customers.age[customers.age_known]
    assert np.quantile(known, [0.1, 0.25, 0.5, 0.75, 0.9]).tolist() == pytest.approx([21, 24, 32, 49, 57], abs=2)
    assert (~customers.age_known).mean() == pytest.approx(0.012, abs=0.004)
    count = np.bincount(known, minlength=100)
    assert count[38:44].mean() < 0.9 * min(count[20:26].mean(), count[49:55].mean())
    assert customers.age.min() >= 16


def test_every_buyer_buys_and_nobody_else(customers, visits):
    assert np.array_equal(np.unique(visits.customer), np.flatnonzero(customers.buys))
    assert customers.buys.sum() == 19_860


def test_exactly_so_many_lines_are_bought(visits):
    assert visits.quantity.sum() == 460_000
    assert visits.choices.sum() == len(visits.quantity)
    assert visits.choices.min() >= 1


def test_visits_are_one_a_day_and_in_the_log(visits):
    keys = visits.customer * DAYS + visits.day
    assert (np.diff(keys) > 0).all()
    assert visits.day.min() >= 0
    assert visits.day.max() < DAYS


def test_activity_is_heavy_tailed(visits):
    lines = np.bincount(np.repeat(visits.customer, visits.choices), visits.quantity, 20_000)
    quantiles = np.quantile(lines[lines > 0], [0.1, 0.5, 0.9, 0.99])
    assert quantiles == pytest.approx([2, 9, 56, 185], rel=0.35)


def test_many_come_back_within_days_and_some_after_months(visits):
    gap = np.diff(visits.day)[np.diff(visits.customer) == 0]
    assert np.quantile(gap, [0.1, 0.25, 0.5, 0.75, 0.9]) == pytest.approx([2, 7, 22, 56, 118], rel=0.25, abs=1)


def test_customers_go_online_while_stores_are_shut(params, visits):
    shut = (visits.day >= day_number(params.visits.shut_from)) & (visits.day <= day_number(params.visits.shut_until))
    assert visits.online[shut].mean() > visits.online[~shut].mean() + 0.15
    assert set(visits.online.tolist()) == {0, 1}


@given(st.lists(st.integers(1, 5), min_size=1, max_size=30), st.integers(0, 60), st.integers(0, 99))
@settings(max_examples=60)
def test_balancing_reaches_the_lines_and_leaves_every_visit_a_choice(choices, more, seed):
    rng, counts = np.random.default_rng(seed), np.array(choices)
    quantity = np.ones(counts.sum(), dtype=np.int64)
    wanted = len(counts) + more
    balanced, quantities = balance(rng, counts, quantity, wanted)
    assert quantities.sum() == wanted
    assert balanced.sum() == len(quantities)
    assert balanced.min() >= 1
