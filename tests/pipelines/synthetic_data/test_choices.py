"""What visits take home."""

import numpy as np
import pytest

from hm_kedro.pipelines.synthetic_data.choices import Minds, Round, choose, go_along, pick
from hm_kedro.pipelines.synthetic_data.customers import draw_customers
from hm_kedro.pipelines.synthetic_data.purchases import LINES, TRUTH, buy, by_week
from hm_kedro.pipelines.synthetic_data.texts import prices

WEEK = 80


@pytest.fixture
def minds(shop, params):
    customers = draw_customers(params.seed, 0, 2_000, 2_000)
    fresh = Minds(np.random.default_rng(3), shop, customers, params.choices)
    fresh.look_around(np.arange(2_000), np.full(2_000, WEEK))
    return fresh


def visit(who, day, choices: int) -> Round:
    count = len(who)
    return Round(np.array(who), np.full(count, day), np.full(count, (day + 1) // 7), np.full(count, choices))


def test_a_column_is_picked_by_its_weight_and_never_one_without():
    weights = np.array([[0.0, 1.0, 0.0, 3.0, 0.0]])
    picked = pick(weights, np.zeros(1_000, dtype=int), np.linspace(0, 1, 1_000, endpoint=False))
    assert set(picked.tolist()) == {1, 3}
    assert (picked == 3).mean() == pytest.approx(0.75, abs=0.01)


def test_what_is_chosen_is_on_sale(shop, minds):
    article = choose(minds, visit(range(2_000), 7 * WEEK, 4))
    assert shop.alive[WEEK, article].all()


def test_customers_of_an_interest_buy_within_it(shop, minds, params):
    article = choose(minds, visit(range(2_000), 7 * WEEK, 1))
    own = (shop.assortment.niche[article][:, None] == minds.interest).any(axis=1)
    assert own.mean() > 1 - params.choices.explore - 0.02


def test_a_purchase_of_yesterday_is_returned_to_more_than_one_of_a_month_ago(minds):
    choose(minds, visit(range(2_000), 7 * WEEK, 3))
    soon, _ = minds.returns(np.arange(2_000), np.full(2_000, 7 * WEEK + 1))
    later, _ = minds.returns(np.arange(2_000), np.full(2_000, 7 * WEEK + 30))
    assert soon.mean() > 4 * later.mean()


def test_the_latest_choices_are_remembered_and_older_ones_forgotten(minds, params):
    for day in range(7 * WEEK, 7 * WEEK + 4):
        last = choose(minds, visit([5], day, params.choices.recent // 2))
    assert set(last.tolist()) <= set(minds.article[5].tolist())
    assert minds.day[5].min() == 7 * WEEK + 2
    assert (minds.article[4] == -1).all()


def test_interests_last_and_pass(minds, params):
    lasting = params.choices.lasting_interests
    before = minds.interest.copy()
    minds.look_around(np.arange(2_000), np.full(2_000, WEEK + 4))
    same = minds.interest == before
    assert same[:, :lasting].mean() > 0.9
    assert same[:, lasting:].mean() < 0.5


def test_what_goes_along_is_itself_a_variant_or_a_partner_and_on_sale(shop, rng):
    source = np.repeat(np.flatnonzero(shop.alive[WEEK])[::7], 20)
    week = np.full(len(source), WEEK)
    taken = go_along(rng, shop, week, source, np.full(len(source), -1), 0.5, 0.4)
    assert shop.alive[WEEK, taken].all()
    assortment = shop.assortment
    product, its = assortment.product[taken], assortment.product[source]
    assert ((product == its) | (assortment.partners[its] == product[:, None]).any(axis=1)).all()
    assert 0.5 < (taken == source).mean() < 0.9


def test_what_is_not_on_sale_any_more_is_replaced(shop, rng):
    gone = np.flatnonzero(~shop.alive[WEEK] & shop.alive[WEEK - 10])
    other = np.full(len(gone), -7)
    taken = go_along(rng, shop, np.full(len(gone), WEEK), gone, other, 1.0, 0.4)
    assert (taken == -7).all()


@pytest.fixture(scope="module")
def bought(params):
    from tests.pipelines.synthetic_data.conftest import SCALE

    return buy(SCALE, params, 0)


def test_a_block_buys_its_lines_and_the_same_ones_every_time(bought, params, size):
    from tests.pipelines.synthetic_data.conftest import SCALE

    lines, truth = bought
    assert lines.schema == LINES
    assert truth.schema == TRUTH
    assert lines.num_rows == size.transactions
    again = buy(SCALE, params, 0)
    assert lines.equals(again[0])
    assert truth.equals(again[1])


def test_lines_are_ordered_by_day_customer_and_article(bought):
    frame = bought[0].to_pandas()
    keys = frame[["day", "customer", "article"]]
    assert keys.equals(keys.sort_values(["day", "customer", "article"], kind="stable").reset_index(drop=True))
    assert [batch.column("week")[0].as_py() for batch in by_week(bought[0])] == sorted(frame["week"].unique())


def test_a_customers_lines_of_an_article_and_day_cost_the_same(bought):
    frame = bought[0].to_pandas()
    assert (frame.groupby(["day", "customer", "article"])["cents"].nunique() == 1).all()
    assert (frame.groupby(["day", "customer"])["channel"].nunique() == 1).all()
    assert frame["cents"].between(1, len(prices()) - 1).all()
    assert set(frame["channel"]) == {1, 2}


def test_what_was_bought_lately_is_bought_again_about_as_often_as_at_h_and_m(bought):
    """4.6 % of the distinct lines of hm_behaviour repeat an earlier one, half of those within eight days."""
    frame = bought[0].to_pandas().drop_duplicates(["customer", "day", "article"]).sort_values("day")
    gap = frame.groupby(["customer", "article"])["day"].diff().dropna()
    assert len(gap) / len(frame) == pytest.approx(0.046, rel=0.5)
    assert gap.median() < 21


def test_another_seed_makes_another_log(bought, params):
    from tests.pipelines.synthetic_data.conftest import SCALE

    other = buy(SCALE, params.model_copy(update={"seed": 1}), 0)
    assert not bought[0].equals(other[0])
