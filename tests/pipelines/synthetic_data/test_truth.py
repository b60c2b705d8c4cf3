"""The true probabilities are those by which customers choose."""

from copy import copy
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_kedro.pipelines.synthetic_data.calendar import DAYS, LAST_WEEK
from hm_kedro.pipelines.synthetic_data.choices import Minds, Round, choose
from hm_kedro.pipelines.synthetic_data.customers import Customers, draw_customers
from hm_kedro.pipelines.synthetic_data.purchases import walk
from hm_kedro.pipelines.synthetic_data.truth import know_week, likeliest, map12
from hm_kedro.pipelines.synthetic_data.visits import draw_visits

DRAWS, BASKET = 30_000, 4


@pytest.fixture(scope="module")
def minds(shop, params):
    """Customers after two years of shopping, with new interests looked around for."""
    customers = draw_customers(params.seed, 0, 300, 290)
    visits = draw_visits(params.seed, 0, customers, 9_000, params.visits)
    minds = Minds(np.random.default_rng(1), shop, customers, params.choices)
    walk(minds, visits, 0)
    everyone = np.arange(300)
    minds.look_around(everyone, np.full(300, LAST_WEEK))
    return minds


def copies(minds: Minds, customer: int, count: int) -> Minds:
    """As many customers, all of the same mind."""
    who = np.full(count, customer)
    twins = copy(minds)
    twins.customers = Customers(
        **{field.name: getattr(minds.customers, field.name)[who] for field in fields(Customers)}
    )
    for name in ("strength", "interest", "looked", "article", "day", "bought"):
        setattr(twins, name, getattr(minds, name)[who])
    return twins


def shoppers(minds: Minds) -> list[int]:
    """Customers who bought lately, long ago, and a lot."""
    latest = np.where(minds.article >= 0, minds.day, -1).max(axis=1)
    order = np.argsort(latest)
    return [int(order[-1]), int(order[-40]), int(order[60]), int(np.argmax(minds.bought))]


@pytest.mark.parametrize("place", ["first", "later"])
@pytest.mark.parametrize("nth", range(4))
def test_choices_follow_the_true_probabilities(shop, params, minds, nth, place):
    compare(shop, params, minds, shoppers(minds)[nth], place)


@pytest.mark.parametrize("place", ["first", "later"])
def test_choices_follow_the_true_probabilities_where_all_that_is_remembered_is_sold_out(shop, params, minds, place):
    gone = np.flatnonzero(shop.alive[LAST_WEEK - 40] & ~shop.alive[LAST_WEEK])
    forgetful = copy(minds)
    forgetful.article, forgetful.day = minds.article.copy(), minds.day.copy()
    forgetful.article[7, :8], forgetful.day[7] = gone[:8], DAYS - 5
    chance, _ = forgetful.returns(np.array([7]), np.array([DAYS - 3]))
    assert chance > 0.4
    compare(shop, params, forgetful, 7, place)


def compare(shop, params, minds: Minds, customer: int, place: str) -> None:
    """Hold the frequencies of many draws against the probabilities."""
    truth = know_week(shop, LAST_WEEK, params.choices.same, params.choices.other_colour)
    day = np.array([DAYS - 3])
    articles, chances = likeliest(truth, minds, np.array([customer]), day, later_share=float(place == "later"))

    twins = copies(minds, customer, DRAWS)
    everyone = np.arange(DRAWS)
    visits = Round(everyone, np.full(DRAWS, DAYS - 3), np.full(DRAWS, LAST_WEEK), np.full(DRAWS, BASKET))
    chosen = choose(twins, visits).reshape(DRAWS, BASKET)
    drawn = chosen[:, :1] if place == "first" else chosen[:, 1:]
    seen = np.array([(drawn == article).mean() for article in articles[0]])
    # A basket's later choices hang together, so their number counts as that of the baskets.
    error = np.sqrt(chances[0] * (1 - chances[0]) / DRAWS)
    assert (np.abs(seen - chances[0]) < 5 * error + 1e-4).all(), (seen, chances[0])
    # Nothing that is chosen often is missing from the list.
    others = np.bincount(drawn.ravel(), minlength=len(shop.places)) / drawn.size
    others[articles[0]] = 0
    assert others.max() < chances[0, -1] + 5 * error[-1] + 1e-4


def test_lists_hold_twelve_articles_on_sale_by_falling_probability(shop, params, minds):
    truth = know_week(shop, LAST_WEEK, params.choices.same, params.choices.other_colour)
    who = np.arange(280)
    articles, chances = likeliest(truth, minds, who, np.full(280, DAYS - 1), 0.5)
    assert all(len(set(row)) == 12 for row in articles.tolist())
    assert (np.diff(chances, axis=1) <= 0).all()
    assert shop.alive[LAST_WEEK, articles].all()
    assert ((chances > 0) & (chances < 1)).all()


def test_lists_depend_on_what_is_known_before_the_visit_alone(shop, params, minds):
    truth = know_week(shop, LAST_WEEK, params.choices.same, params.choices.other_colour)
    who, day = np.arange(20), np.full(20, DAYS - 2)
    before = likeliest(truth, minds, who, day, 0.5)
    again = likeliest(truth, copies_of_all(minds), who, day, 0.5)
    assert np.array_equal(before[0], again[0])


def copies_of_all(minds: Minds) -> Minds:
    twins = copy(minds)
    twins.rng = np.random.default_rng(99)
    twins.customers = replace(minds.customers)
    return twins


def ap12(row: list[int], bought: set[int]) -> float:
    """AP@12 by its words: the mean over min(bought, 12) of the precision at each hit."""
    hits, total = 0, 0.0
    for rank, article in enumerate(row, start=1):
        if article in bought:
            hits += 1
            total += hits / rank
    return total / min(len(bought), 12)


@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(0, 40), min_size=12, max_size=12, unique=True),
            st.lists(st.integers(0, 40), min_size=1, max_size=30),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_map12_is_the_mean_of_its_literal_definition(cases):
    lists = np.array([row for row, _ in cases])
    bought = [np.array(own) for _, own in cases]
    expected = np.mean([ap12(row, set(own)) for row, own in cases])
    assert map12(lists, bought) == pytest.approx(expected)
