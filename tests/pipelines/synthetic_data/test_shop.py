"""What is on sale, and how it is drawn from."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hm_kedro.pipelines.synthetic_data.articles import draw_assortment, draw_variants, price_ladder
from hm_kedro.pipelines.synthetic_data.assortment import read_colours, read_graphics, read_ranges
from hm_kedro.pipelines.synthetic_data.calendar import DAYS, WEEKS, demand, iso_dates
from hm_kedro.pipelines.synthetic_data.purchases import Size
from hm_kedro.pipelines.synthetic_data.shop import edges, fall_into, niche_pull, persona_shares, weekly_weights


def test_full_size_is_that_of_h_and_m():
    assert Size.of(1.0, 0.5) == Size(1_371_980, 1_362_281, 31_788_324, 105_542)


def test_articles_grow_with_the_root_of_the_scale_up_to_full_size():
    assert Size.of(0.25, 0.5).articles == 105_542 // 2
    assert Size.of(10, 0.5) == Size(13_719_800, 13_622_810, 317_883_240, 105_542)


def test_the_log_has_h_and_ms_days_and_whole_weeks_to_its_end():
    assert iso_dates()[0] == "2018-09-20"
    assert iso_dates()[-1] == "2020-09-22"
    assert (DAYS + 1) // 7 == WEEKS


def test_demand_is_even_on_the_mean_and_falls_in_the_spring_of_2020(params):
    busy = demand(params.visits)[1:]
    assert busy.mean() == pytest.approx(1)
    day = {text: n for n, text in enumerate(iso_dates())}
    assert busy[day["2020-03-18"] : day["2020-03-25"]].mean() < 0.8 * busy[day["2020-02-18"] : day["2020-02-25"]].mean()
    assert busy[day["2019-11-29"]] > 1.5 * busy[day["2019-11-15"]]


@given(st.integers(1, 300), st.integers(0, 2_000), st.integers(0, 99))
@settings(max_examples=40)
def test_variants_are_as_many_as_asked_for_and_every_product_has_one(products, more, seed):
    variants = draw_variants(np.random.default_rng(seed), products, products + more)
    assert variants.sum() == products + more
    assert variants.min() >= 1


def test_articles_are_ordered_by_id_and_share_their_products_code(shop):
    assortment = shop.assortment
    assert (np.diff(assortment.ids) > 0).all()
    assert (assortment.ids < 10**10).all()
    code = assortment.ids // 1_000
    assert (np.diff(code[assortment.first]) > 0).all()
    assert np.array_equal(code, code[assortment.first][assortment.product])
    assert np.array_equal(assortment.variants, np.bincount(assortment.product))


def test_half_the_products_have_one_colour_and_there_are_as_many_as_h_and_m_has(params):
    assortment = draw_assortment(3, 20_000, params.articles)
    assert len(assortment.first) == round(20_000 * 47_224 / 105_542)
    assert (assortment.variants == 1).mean() == pytest.approx(0.51, abs=0.03)
    assert assortment.variants.max() > 20


def test_a_product_comes_in_different_colours(shop):
    pairs = np.column_stack([shop.assortment.product, shop.assortment.colour])
    some = shop.assortment.variants[shop.assortment.product] <= len(read_colours().labels)
    assert len(np.unique(pairs[some], axis=0)) == some.sum()


def test_articles_follow_the_shares_of_the_ranges(params):
    assortment = draw_assortment(3, 50_000, params.articles)
    ranges = read_ranges()
    drawn = np.bincount(assortment.niches.range[assortment.niche], minlength=len(ranges.articles)) / 50_000
    assert np.corrcoef(drawn, ranges.articles)[0, 1] > 0.97


def test_prices_are_cut_late_and_end_in_99_or_49(shop):
    assortment = shop.assortment
    assert (assortment.late_cents <= assortment.cents).all()
    assert 0.4 < (assortment.late_cents < assortment.cents).mean() < 0.8
    assert set((assortment.cents % 100).tolist()) == {99}
    assert set((assortment.late_cents % 50).tolist()) == {49}


@pytest.mark.parametrize(("wish", "price"), [(0, 199), (640, 599), (1_010, 999), (1_490, 1_499), (90_000, 34_899)])
def test_prices_are_those_that_shops_like(wish, price):
    assert price_ladder(np.array([float(wish)])) == price


def test_partners_are_other_products_of_another_type_in_the_same_index(shop):
    assortment, ranges = shop.assortment, read_ranges()
    of = assortment.niches.range[assortment.niche[assortment.first]]
    for partner in assortment.partners.T:
        found = partner != np.arange(len(partner))
        assert found.mean() > 0.95
        assert (ranges.index[of[partner]] == ranges.index[of]).all()
        assert (ranges.kind[of[partner[found]]] != ranges.kind[of[found]]).all()


def test_nothing_is_sold_before_its_launch_or_after_its_life(shop):
    assortment = shop.assortment
    week, article = np.nonzero(shop.alive)
    middle = 7 * week + 2.5
    assert (middle >= assortment.launch[article]).all()
    assert (middle < (assortment.launch + assortment.life)[article]).all()


def test_swimwear_is_looked_for_in_june_and_coats_in_october(shop, params):
    niches, ranges = shop.niches, read_ranges()
    weights = weekly_weights(shop.assortment, 0.3, np.arange(WEEKS), params.articles)
    pull = niche_pull(shop.assortment, weights, np.arange(WEEKS))
    june, october = pull[36:41].mean(axis=0), pull[54:58].mean(axis=0)  # 2019
    swing, peak = ranges.swing[niches.range], ranges.peak[niches.range]
    assert june[(swing > 1) & (peak == 165)].sum() > 3 * october[(swing > 1) & (peak == 165)].sum()
    assert october[peak == 295].sum() > 1.5 * june[peak == 295].sum()


@given(
    arrays(np.float64, (3, 7), elements=st.floats(0, 1e6).filter(lambda x: x == 0 or x > 1e-3)),
    st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=20),
)
def test_edges_draw_each_entry_of_a_segment_by_its_share_and_none_without_weight(weights, chances):
    group = np.array([0, 0, 0, 1, 2, 2, 2])
    rising = edges(weights.copy(), group, 3)
    assert (np.diff(rising) >= 0).all()
    for row in range(3):
        for segment in range(3):
            own = np.where(group == segment, weights[row], 0)
            if own.sum() == 0:
                continue
            entry = fall_into(rising, np.full(len(chances), 3 * row + segment), np.array(chances)) - 7 * row
            assert (own[entry] > 0).all()
            cumulated = np.cumsum(own) / own.sum()
            assert (cumulated[entry] >= np.array(chances) - 1e-9).all()
            assert (cumulated[entry] - own[entry] / own.sum() <= np.array(chances) + 1e-9).all()


def test_articles_and_niches_are_drawn_by_their_shares(shop, rng):
    week, niche = 90, int(np.argmax(shop.pull[90] * (persona_shares() @ shop.personas)))
    drawn = shop.draw_article(np.full(20_000, week), np.full(20_000, niche), rng.random(20_000))
    assert (shop.assortment.niche[drawn] == niche).all()
    assert shop.alive[week, drawn].all()
    persona = 3
    niches = shop.draw_niche(np.full(50_000, week), np.full(50_000, persona), rng.random(50_000))
    share = shop.personas[persona] * shop.pull[week]
    seen = np.bincount(niches, minlength=len(share)) / 50_000
    assert np.abs(seen - share / share.sum()).max() < 0.01


def test_variants_are_drawn_within_the_product_among_those_on_sale(shop, rng):
    week = 70
    article = np.flatnonzero(shop.alive[week])
    other = shop.draw_variant(np.full(len(article), week), article, rng.random(len(article)))
    assert np.array_equal(shop.assortment.product[other], shop.assortment.product[article])
    assert shop.alive[week, other].all()
    assert (other != article).mean() > 0.2


def test_all_kinds_of_customers_together_look_for_what_h_and_ms_buy(shop):
    bought = persona_shares() @ shop.personas
    assert persona_shares().sum() == pytest.approx(1)
    assert np.allclose(bought, shop.niches.sales / shop.niches.sales.sum(), rtol=0.05, atol=1e-5)


def test_the_tables_of_the_hierarchy_name_each_value_by_one_number():
    for rows in (read_ranges().labels, read_colours().labels, read_graphics().labels):
        for number, name in (
            ("section_no", "section_name"),
            ("department_no", "department_name"),
            ("garment_group_no", "garment_group_name"),
            ("product_type_no", "product_type_name"),
            ("colour_group_code", "colour_group_name"),
            ("graphical_appearance_no", "graphical_appearance_name"),
        ):
            if number in rows[0]:
                names = {(row[number], row[name]) for row in rows}
                assert len(names) == len({number for number, _ in names})
