"""What each retriever proposes, with scores by hand."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from hm_kedro.parameters import (
    AlsRetriever,
    AttributeProfileRetriever,
    GroupRetriever,
    HistoryRetriever,
    OwnPurchasesRetriever,
    RetrievalParameters,
    Retriever,
)
from hm_kedro.pipelines.als_candidates.block import Block
from hm_kedro.pipelines.als_candidates.knowledge import UNKNOWN_AGE, Knowledge, Sales
from hm_kedro.pipelines.als_candidates.retrievers import (
    RETRIEVERS,
    age_bestsellers,
    als,
    attribute_profile,
    bestsellers,
    bought_together,
    newcomers,
    own_purchases,
    product_variants,
    section_bestsellers,
    trending,
)
from hm_kedro.pipelines.als_candidates.union import propose, unable

WIDTH = 6
YOUNG, OLD = 0, 1
PLAIN = Retriever(top=10, weight=1)
# A purchase of the day before counts 1, of the day before that 1/2, of four days before 1/4.
HISTORY = HistoryRetriever(top=10, weight=1, decay_power=1)
OWN = OwnPurchasesRetriever(top=10, weight=1, decay_power=1, popularity_power=0.5)
GROUP = GroupRetriever(top=10, weight=1, smoothing=0)


def knowledge(codes=None, sales=(), items=None, related=None):
    """Make what is known of six articles.

    Args:
        sales: lines of article, age group, pieces sold lately, before, on first days.
        items: factors by article on sale.
        related: similarity by pair of articles.
    """
    columns = (np.array(column, np.int32) for column in (zip(*sales, strict=True) if sales else [()] * 5))
    items, related = items or {}, related or {}
    pairs = ([one for one, _ in related], [other for _, other in related])
    return Knowledge(
        WIDTH,
        {name: np.array(values, np.int32) for name, values in (codes or {}).items()},
        Sales(*columns),
        0.25,
        (30,),
        np.array(list(items), np.int32),
        np.array(list(items.values()) or np.empty((0, 0)), np.float32),
        csr_matrix((np.array(list(related.values()), np.float32), pairs), shape=(WIDTH, WIDTH)),
    )


def block(*lines, customers=1, ages=None, factors=None):
    """Make customers with lines of row, article, age in days and quantity."""
    rows, articles, age_days, quantities = (
        np.array(column, np.int32) for column in (zip(*lines, strict=True) if lines else [()] * 4)
    )
    return Block(
        18507,
        np.arange(100, 100 + customers, dtype=np.int32),
        np.array([np.nan] * customers if ages is None else ages, np.float32),
        None if factors is None else np.array(factors, np.float32),
        rows,
        articles,
        age_days,
        quantities,
        np.full(len(rows), np.nan, np.float32),
        np.full(len(rows), -1, np.int32),
    )


def scores(proposals):
    """Scores by row and article; every pair once."""
    pairs = list(zip(proposals.rows.tolist(), proposals.articles.tolist(), strict=True))
    assert len(set(pairs)) == len(pairs)
    return dict(zip(pairs, proposals.scores.tolist(), strict=True))


SETTINGS = {
    "als": {"already_bought": True},
    "own_purchases": {"decay_power": 1, "popularity_power": 1},
    "product_variants": {"decay_power": 1},
    "bought_together": {"decay_power": 1},
    "attribute_profile": {"decay_power": 1, "attributes": ["section", "product"], "articles": 10},
    "bestsellers": {},
    "age_bestsellers": {"smoothing": 1},
    "section_bestsellers": {"decay_power": 1},
    "trending": {},
    "newcomers": {"smoothing": 1},
}


def retrieval(top=10, **tops):
    """Make parameters with every retriever on, or as many articles of each as is said."""
    groups = {name: {"top": tops.get(name, top), "weight": 1, **group} for name, group in SETTINGS.items()}
    return RetrievalParameters(history_days=100, budget=50, **groups)


NOTHING = {"product": [-1] * WIDTH, "section": [-1] * WIDTH}


def test_every_retriever_has_parameters_of_its_name():
    assert list(RETRIEVERS) == list(retrieval().retrievers)


def test_retrievers_are_unable_whose_columns_are_missing():
    assert unable(knowledge(NOTHING), retrieval()) == {
        "als": ("factors",),
        "product_variants": ("product",),
        "bought_together": ("related",),
        "attribute_profile": ("section", "product"),
        "age_bestsellers": ("ages",),
        "section_bestsellers": ("section",),
    }


def test_one_of_its_own_attributes_is_enough_for_the_profile_and_no_other_is():
    assert "attribute_profile" not in unable(knowledge({"section": [0] * WIDTH}), retrieval())
    assert "attribute_profile" in unable(knowledge({"colour_group": [0] * WIDTH}), retrieval())


def test_retrievers_that_are_off_are_not_named_unable():
    assert unable(knowledge(NOTHING), retrieval(top=0, als=5, bestsellers=5)) == {"als": ("factors",)}


@pytest.mark.parametrize("codes", [{}, NOTHING])
@pytest.mark.parametrize("name", RETRIEVERS)
def test_a_retriever_yields_nothing_where_its_columns_are_missing(name, codes):
    customers = block((1, 2, 3, 1), customers=2, ages=[20, np.nan], factors=[[1, 2], [3, 4]])
    ranked = propose(customers, knowledge(codes), retrieval())
    # Own purchases need no more than the log of purchases.
    assert len(ranked[name].rows) == (1 if name == "own_purchases" else 0)


@pytest.mark.parametrize("name", RETRIEVERS)
def test_a_retriever_yields_nothing_for_customers_of_whom_nothing_is_known_in_a_shop_that_sells_nothing(name):
    codes = {"product": [0] * WIDTH, "section": [0] * WIDTH}
    known = knowledge(codes, [(0, YOUNG, 0, 0, 0)], {1: [1, 1]}, {(0, 1): 1})
    assert unable(known, retrieval()) == {}
    assert len(propose(block(factors=[[np.nan, np.nan]]), known, retrieval())[name].rows) == 0


def test_als_scores_articles_on_sale_by_the_dot_product():
    found = als.propose(
        block(customers=2, factors=[[1, 2], [-1, 0.5]]),
        knowledge(items={1: [1, 0], 4: [1, 1]}),
        AlsRetriever(top=10, weight=1, already_bought=True),
    )
    assert scores(found) == {(0, 1): 1, (0, 4): 3, (1, 1): -1, (1, 4): -0.5}


def test_als_proposes_the_best():
    known = knowledge(items={1: [1], 2: [3], 4: [2], 5: [3]})
    found = als.propose(block(factors=[[1]]), known, AlsRetriever(top=2, weight=1, already_bought=True))
    assert scores(found) == {(0, 2): 3, (0, 5): 3}


@pytest.mark.parametrize(
    ("already_bought", "articles"),
    [(True, {(0, 1), (0, 4), (1, 1), (1, 4)}), (False, {(0, 1), (1, 4)})],
)
def test_als_leaves_out_what_is_already_bought_where_asked(already_bought, articles):
    # Article 5 is not on sale, beyond the last that is; article 2 between them.
    customers = block((0, 4, 1, 1), (0, 5, 9, 1), (1, 1, 2, 1), (1, 2, 2, 1), customers=2, factors=[[1, 2], [2, 1]])
    params = AlsRetriever(top=10, weight=1, already_bought=already_bought)
    assert set(scores(als.propose(customers, knowledge(items={1: [1, 0], 4: [1, 1]}), params))) == articles


def test_als_has_nothing_for_customers_without_factors():
    params = AlsRetriever(top=10, weight=1, already_bought=True)
    known = knowledge(items={1: [1, 0]})
    assert scores(als.propose(block(customers=2, factors=[[np.nan, np.nan], [2, 0]]), known, params)) == {(1, 1): 2}
    assert scores(als.propose(block(), known, params)) == {}
    # Where none of a block has factors they have no width.
    assert scores(als.propose(block(factors=np.empty((1, 0))), known, params)) == {}


def test_own_purchases_are_scored_by_decayed_pieces():
    customers = block((0, 3, 1, 2), (0, 1, 2, 1), (0, 3, 4, 4), (2, 3, 4, 1), customers=3)
    assert scores(own_purchases.propose(customers, knowledge(), OWN)) == {(0, 3): 3, (0, 1): 0.5, (2, 3): 0.25}


def test_own_purchases_that_sell_well_come_before_others():
    # Pieces sold before count a quarter: 3 of article 1 to both groups, 8 of article 2, none of article 3.
    sales = [(1, YOUNG, 1, 4, 0), (1, OLD, 1, 0, 0), (2, OLD, 8, 0, 0)]
    customers = block((0, 1, 1, 1), (0, 2, 1, 1), (0, 3, 1, 1), (1, 1, 2, 1), customers=2)
    known = knowledge(sales=sales)
    assert scores(own_purchases.propose(customers, known, OWN)) == {(0, 1): 2, (0, 2): 3, (0, 3): 1, (1, 1): 1}
    alike = OWN.model_copy(update={"popularity_power": 0.0})
    assert scores(own_purchases.propose(customers, known, alike)) == {(0, 1): 1, (0, 2): 1, (0, 3): 1, (1, 1): 0.5}


PRODUCTS = {"product": [0, 0, 0, 0, 1, -1]}
# Pieces sold before count a quarter: 2, 2, 4 and 0 of the first product.
OF_PRODUCTS = [(0, YOUNG, 2, 0, 0), (1, YOUNG, 0, 4, 0), (1, OLD, 1, 0, 0), (2, OLD, 4, 0, 0), (4, OLD, 3, 0, 0)]


def test_variants_are_scored_by_decayed_purchases_of_the_product_times_their_share_of_its_sales():
    found = product_variants.propose(block((0, 0, 2, 3)), knowledge(PRODUCTS, OF_PRODUCTS), HISTORY)
    assert scores(found) == {(0, 1): 1.5 * 2 / 8, (0, 2): 1.5 * 4 / 8}


def test_purchases_of_several_variants_add_up_and_none_of_them_is_proposed():
    found = product_variants.propose(block((0, 0, 1, 1), (0, 1, 2, 1)), knowledge(PRODUCTS, OF_PRODUCTS), HISTORY)
    assert scores(found) == {(0, 2): 1.5 * 4 / 8}


def test_the_own_article_is_no_variant_whatever_others_bought():
    found = product_variants.propose(
        block((0, 2, 1, 1), (1, 0, 1, 1), customers=2), knowledge(PRODUCTS, OF_PRODUCTS), HISTORY
    )
    assert scores(found) == {(0, 0): 0.25, (0, 1): 0.25, (1, 1): 0.25, (1, 2): 0.5}


def test_articles_without_a_product_or_without_variants_have_none():
    found = product_variants.propose(block((0, 5, 1, 1), (0, 4, 1, 1)), knowledge(PRODUCTS, OF_PRODUCTS), HISTORY)
    assert scores(found) == {}


def test_articles_bought_together_add_up_their_similarity_by_age_not_by_pieces():
    related = {(3, 1): 0.5, (3, 2): 0.25, (1, 2): 0.5, (2, 5): 1}
    found = bought_together.propose(
        block((0, 3, 1, 5), (0, 1, 2, 1), (1, 1, 4, 1), customers=2), knowledge(related=related), HISTORY
    )
    assert scores(found) == {(0, 1): 0.5, (0, 2): 0.25 + 0.5 / 2, (1, 2): 0.5 / 4}


ATTRIBUTES = {"section": [0, 0, 1, 1, -1, 0], "department": [0, 1, 1, -1, 0, 1]}
# Sections sell 1 and 3, 2 and 2 pieces, departments 1 and 0, 3 and 2.
OF_ATTRIBUTES = [(0, YOUNG, 1, 0, 0), (1, OLD, 3, 0, 0), (2, OLD, 1, 4, 0), (3, YOUNG, 2, 0, 0)]


def profile(**changes):
    values = {"top": 10, "weight": 1, "decay_power": 1, "attributes": ["section", "department"], "articles": 10}
    return AttributeProfileRetriever(**values | changes)


def test_the_profile_scores_by_shares_of_attributes():
    # Half section 0, half section 1, all of what has a department department 1.
    found = attribute_profile.propose(
        block((0, 1, 1, 1), (0, 3, 2, 2)), knowledge(ATTRIBUTES, OF_ATTRIBUTES), profile()
    )
    assert scores(found) == pytest.approx(
        {(0, 0): 0.5 / 4, (0, 1): 0.5 * 3 / 4 + 3 / 5, (0, 2): 0.5 / 2 + 2 / 5, (0, 3): 0.5 / 2}
    )


def test_the_profile_takes_of_each_value_the_articles_that_sell_best():
    # Of section 0 article 1, of section 1 articles 2 and 3 are alike, of department 0 article 0, of 1 article 1.
    found = attribute_profile.propose(
        block((0, 1, 1, 1), (0, 3, 2, 2)), knowledge(ATTRIBUTES, OF_ATTRIBUTES), profile(articles=1)
    )
    assert scores(found) == pytest.approx({(0, 1): 0.5 * 3 / 4 + 3 / 5, (0, 2): 0.5 / 2})


def test_the_profile_goes_by_the_attributes_that_there_are():
    known = knowledge(ATTRIBUTES | {"product": [-1] * WIDTH}, OF_ATTRIBUTES)
    found = attribute_profile.propose(block((0, 2, 4, 1)), known, profile(attributes=["product", "section", "index"]))
    assert scores(found) == {(0, 2): 0.5, (0, 3): 0.5}
    assert scores(attribute_profile.propose(block((0, 2, 4, 1)), known, profile(attributes=["product"]))) == {}


def test_customers_who_bought_nothing_with_attributes_have_no_profile():
    customers = block((1, 4, 1, 1), customers=2)
    found = attribute_profile.propose(customers, knowledge(ATTRIBUTES, OF_ATTRIBUTES), profile(attributes=["section"]))
    assert scores(found) == {}


def test_bestsellers_are_the_same_for_everybody_by_share_of_pieces():
    known = knowledge(sales=[(1, YOUNG, 1, 9, 9), (1, OLD, 2, 9, 9), (3, UNKNOWN_AGE, 1, 0, 0), (4, OLD, 0, 9, 9)])
    found = bestsellers.propose(block((0, 1, 1, 1), customers=2), known, PLAIN)
    assert scores(found) == {(0, 1): 0.75, (0, 3): 0.25, (1, 1): 0.75, (1, 3): 0.25}


def test_the_first_bestsellers_are_proposed_ties_by_article():
    known = knowledge(sales=[(1, OLD, 1, 0, 0), (2, OLD, 2, 0, 0), (3, OLD, 1, 0, 0), (4, OLD, 1, 0, 0)])
    found = bestsellers.propose(block(), known, Retriever(top=2, weight=1))
    assert scores(found) == pytest.approx({(0, 2): 0.4, (0, 1): 0.2})


BY_AGE = [(0, YOUNG, 3, 0, 0), (1, OLD, 1, 0, 0)]


def test_an_age_groups_bestsellers_are_its_own():
    customers = block(customers=3, ages=[29, 30, np.nan])
    assert scores(age_bestsellers.propose(customers, knowledge(sales=BY_AGE), GROUP)) == {(0, 0): 1, (1, 1): 1}


def test_smoothing_draws_small_age_groups_to_everybodys_sales():
    # Everybody's shares are 3/4 and 1/4, as of four pieces: 3 and 1.
    smooth = GroupRetriever(top=10, weight=1, smoothing=4)
    customers = block(customers=3, ages=[29, 30, np.nan])
    assert scores(age_bestsellers.propose(customers, knowledge(sales=BY_AGE), smooth)) == pytest.approx(
        {
            (0, 0): (3 + 3) / (3 + 4),
            (0, 1): (0 + 1) / (3 + 4),
            (1, 0): (0 + 3) / (1 + 4),
            (1, 1): (1 + 1) / (1 + 4),
            (2, 0): 3 / 4,
            (2, 1): 1 / 4,
        }
    )


def test_the_more_smoothing_the_nearer_to_everybodys_share():
    shares = []
    for smoothing in (0, 1, 10, 1000):
        params = GroupRetriever(top=10, weight=1, smoothing=smoothing)
        found = age_bestsellers.propose(block(ages=[30]), knowledge(sales=BY_AGE), params)
        shares.append(scores(found)[0, 1])
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] == pytest.approx(0.25, abs=0.001)


def test_customers_of_unknown_age_have_a_group_of_their_own():
    known = knowledge(sales=[*BY_AGE, (2, UNKNOWN_AGE, 1, 0, 0)])
    assert scores(age_bestsellers.propose(block(), known, GROUP)) == {(0, 2): 1}


SECTIONS = {"section": [0, 0, 1, 1, -1, 2]}
OF_SECTIONS = [(0, OLD, 5, 0, 0), (2, OLD, 1, 0, 0), (2, YOUNG, 2, 0, 0), (3, OLD, 1, 0, 0), (4, OLD, 9, 0, 0)]


def test_bestsellers_are_those_of_the_section_where_the_customer_buys_most():
    # In section 0 one piece of the day before, in section 1 three of two days before.
    customers = block((0, 1, 1, 1), (0, 3, 2, 3), (1, 1, 1, 1), (1, 3, 4, 3), customers=2)
    found = section_bestsellers.propose(customers, knowledge(SECTIONS, OF_SECTIONS), HISTORY)
    assert scores(found) == {(0, 2): 0.75, (0, 3): 0.25, (1, 0): 1}


def test_customers_without_a_section_get_none_of_its_bestsellers():
    # Article 4 has no section, that of article 5 sold nothing lately.
    customers = block((1, 4, 1, 1), (2, 5, 1, 1), customers=3)
    assert scores(section_bestsellers.propose(customers, knowledge(SECTIONS, OF_SECTIONS), HISTORY)) == {}


def test_trending_is_what_sells_better_than_it_did():
    # Of 12 pieces before, 3 are expected lately: 5 are 2 more, one deviation of the count 4.
    sales = [(0, OLD, 2, 12, 0), (0, YOUNG, 3, 0, 0), (1, OLD, 3, 0, 0), (2, OLD, 1, 4, 0), (3, OLD, 0, 4, 0)]
    found = trending.propose(block(customers=2), knowledge(sales=sales), PLAIN)
    assert scores(found) == {(0, 0): 1, (0, 1): 3, (1, 0): 1, (1, 1): 3}


FIRST_DAYS = [(0, YOUNG, 9, 9, 3), (1, OLD, 0, 0, 1), (2, OLD, 9, 9, 0)]


def test_newcomers_get_what_their_age_group_bought_on_first_days():
    customers = block(customers=2, ages=[20, 50])
    assert scores(newcomers.propose(customers, knowledge(sales=FIRST_DAYS), GROUP)) == {(0, 0): 1, (1, 1): 1}


def test_only_customers_without_history_are_newcomers():
    customers = block((1, 0, 300, 1), (3, 0, 300, 1), customers=4, ages=[20, 20, 50, np.nan])
    known = knowledge(sales=[*FIRST_DAYS, (3, UNKNOWN_AGE, 0, 0, 5)])
    assert scores(newcomers.propose(customers, known, GROUP)) == {(0, 0): 1, (2, 1): 1}


def test_newcomers_are_drawn_to_everybodys_first_days():
    smooth = GroupRetriever(top=10, weight=1, smoothing=4)
    found = newcomers.propose(block(customers=2, ages=[50, np.nan]), knowledge(sales=FIRST_DAYS), smooth)
    assert scores(found) == pytest.approx({(0, 0): 3 / 5, (0, 1): 2 / 5, (1, 0): 3 / 4, (1, 1): 1 / 4})


def test_newcomers_of_a_log_without_ages_get_everybodys_first_days():
    sales = [(0, UNKNOWN_AGE, 0, 0, 3), (1, UNKNOWN_AGE, 0, 0, 1)]
    found = newcomers.propose(block(), knowledge(sales=sales), GROUP)
    assert scores(found) == {(0, 0): 0.75, (0, 1): 0.25}


def test_lists_of_a_week_are_made_once_for_all_its_blocks():
    known = knowledge(sales=BY_AGE)
    first = scores(bestsellers.propose(block(), known, PLAIN))
    known.sales.lately[:] = 0
    assert scores(bestsellers.propose(block(), known, PLAIN)) == first
