"""When customers shop, and how many articles they look for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hm_kedro.pipelines.synthetic_data.articles import Floats, Ints
from hm_kedro.pipelines.synthetic_data.calendar import DAYS, WEEKS, day_number, demand
from hm_kedro.pipelines.synthetic_data.customers import VISITS, Customers

if TYPE_CHECKING:
    from hm_kedro.parameters import VisitParameters


SOON = 7  # days


@dataclass(frozen=True)
class Visits:
    """One entry per (customer, day) that a purchase is made on, ordered so."""

    customer: Ints  # within the block
    day: Ints  # from FIRST_DAY
    online: Ints  # 1 online, 0 in a store
    choices: Ints  # how many times an article is chosen
    quantity: Ints  # (choices in sum,) how many of each are bought


def draw_visits(seed: int, block: int, customers: Customers, lines: int, params: VisitParameters) -> Visits:
    """Draw the visits of a block: exactly `lines` articles are bought in sum, and every buyer buys.

    Customers have rates of their own, join, leave, and fall asleep and awake over months; some visits are
    followed by another within days.
    """
    rng = np.random.default_rng([seed, VISITS, block])
    buyers = np.flatnonzero(customers.buys)
    size = len(buyers)
    busy = demand(params).reshape(WEEKS, 7)
    joins = np.where(rng.random(size) < params.there_at_first, 0, (WEEKS * rng.beta(1, 1.3, size)).astype(np.int64))
    leaves = joins + rng.exponential(params.stay_weeks, size)
    rate = np.exp(rng.normal(0, params.rate_spread, size) + 0.2 * customers.news[buyers])[:, None] * busy.mean(axis=1)
    week = np.arange(WEEKS)
    rate *= (week >= joins[:, None]) & (week <= leaves[:, None])
    rate *= np.exp(params.wake * awake(rng, size, params.wake_memory))
    rate *= lines / params.lines_a_visit / (1 + params.follow_up) / rate.sum()
    counts = rng.poisson(rate)
    never = np.flatnonzero(counts.sum(axis=1) == 0)
    # Who joined and never came comes once, some weeks after joining.
    counts[never, np.clip(joins[never] + rng.integers(0, 8, len(never)), 1, WEEKS - 2)] = 1

    who, its_week = np.divmod(np.repeat(np.arange(size * WEEKS), counts.ravel()), WEEKS)
    days = np.cumsum(busy, axis=1) / busy.sum(axis=1, keepdims=True)
    day = 7 * its_week - 1 + (rng.random((len(who), 1)) >= days[its_week]).sum(axis=1)
    again = np.flatnonzero(rng.random(len(who)) < params.follow_up)
    later = day[again] + rng.geometric(params.follow_up_soon, len(again))
    who, day = np.append(who, who[again]), np.append(day, later)
    inside = (day >= 0) & (day < DAYS)
    keys = np.unique(who[inside] * DAYS + day[inside])
    customer, day = buyers[keys // DAYS], keys % DAYS

    shut = (day >= day_number(params.shut_from)) & (day <= day_number(params.shut_until))
    likes = customers.online[customer]
    online = (rng.random(len(day)) < np.where(shut, 0.8 + 0.2 * likes, likes)).astype(np.int64)
    mean = np.where(online == 1, params.basket_online, params.basket_store) + customers.zeal[customer]
    soon = np.append(False, (np.diff(customer) == 0) & (np.diff(day) <= SOON))
    mean += params.basket_soon * soon
    choices = np.clip(np.exp(rng.normal(mean, params.basket_spread)), 1, 40).astype(np.int64)
    quantity = np.minimum(rng.geometric(params.single, int(choices.sum())), 6)
    choices, quantity = balance(rng, choices, quantity, lines)
    return Visits(customer, day, online, choices, quantity)


def awake(rng: np.random.Generator, size: int, memory: float) -> Floats:
    """Draw how awake each customer is in each week, standard normal and remembered: (size, WEEKS)."""
    wake = np.empty((size, WEEKS))
    wake[:, 0] = rng.normal(size=size)
    for week in range(1, WEEKS):
        wake[:, week] = memory * wake[:, week - 1] + np.sqrt(1 - memory**2) * rng.normal(size=size)
    return wake


def balance(rng: np.random.Generator, choices: Ints, quantity: Ints, lines: int) -> tuple[Ints, Ints]:
    """Add or drop single choices here and there until `lines` are bought; a visit keeps its first choice."""
    visit = np.repeat(np.arange(len(choices)), choices)
    while (missing := lines - int(quantity.sum())) != 0:
        if missing > 0:
            more = rng.permutation(len(choices))[:missing]
            visit, quantity = np.append(visit, more), np.append(quantity, np.ones(len(more), dtype=np.int64))
        else:
            first = np.append(True, visit[1:] != visit[:-1])
            spare = np.flatnonzero(~first & (quantity == 1))
            if not len(spare):  # more buyers than lines: a shop that small has none to spare
                break
            gone = rng.permutation(spare)[:-missing]
            visit, quantity = np.delete(visit, gone), np.delete(quantity, gone)
        order = np.argsort(visit, kind="stable")
        visit, quantity = visit[order], quantity[order]
    return np.bincount(visit, minlength=len(choices)), quantity
