"""The union of the retrievers' proposals: its columns, its one order, its budget."""

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, random_array

from hm_kedro.parameters import RetrievalParameters
from hm_kedro.pipelines.als_candidates import union
from hm_kedro.pipelines.als_candidates.block import Block
from hm_kedro.pipelines.als_candidates.knowledge import Knowledge, Sales
from hm_kedro.pipelines.als_candidates.proposals import Proposals, rank
from hm_kedro.pipelines.als_candidates.retrievers import RETRIEVERS

WEEK, NEXT_WEEK = date(2020, 9, 2), date(2020, 9, 9)
DAYS = 18507
HISTORY = ("product_variants", "bought_together", "section_bestsellers")
GROUPS = {
    "als": {"already_bought": True},
    **{name: {"decay_power": 1} for name in HISTORY},
    "own_purchases": {"decay_power": 1, "popularity_power": 0},
    "attribute_profile": {"decay_power": 1, "attributes": ["section", "product"], "articles": 10},
    "bestsellers": {},
    "age_bestsellers": {"smoothing": 1},
    "trending": {},
    "newcomers": {"smoothing": 1},
}
SCHEMA = pa.schema(list(union.COLUMNS.items()))


def retrieval(budget=100, top=20, **changes):
    """Make parameters with every retriever on, and some changed."""
    groups = {name: {"top": top, "weight": 1, **group, **changes.get(name, {})} for name, group in GROUPS.items()}
    whole = RetrievalParameters(history_days=100, budget=100, **groups)
    return whole.model_copy(update={"budget": budget})  # smaller ones than a run takes, too


def customers(*numbers):
    none = np.empty(0, np.int32)
    ages = np.full(len(numbers), np.nan, np.float32)
    return Block(DAYS, np.array(numbers, np.int32), ages, None, none, none, none, none, np.float32(none), none)


def proposed(**lists):
    """Rank what some retrievers propose, lines of row, article and score; the others nothing."""
    ranked = {name: rank(Proposals.none(), 1) for name in RETRIEVERS}
    for name, lines in lists.items():
        rows, articles, scores = zip(*lines, strict=True)
        ranked[name] = rank(Proposals(np.int32(rows), np.int32(articles), np.float32(scores)), 100)
    return ranked


def unite(params=None, numbers=(70, 71), **lists):
    return union.unite(customers(*numbers), proposed(**lists), params or retrieval())


def rows(batch, *names):
    return list(zip(*(batch.column(name).to_pylist() for name in names), strict=True))


def test_columns_are_those_of_the_table():
    assert unite(bestsellers=[(0, 5, 1)]).schema == SCHEMA
    assert [name for name in SCHEMA.names if name.startswith("als_")] == ["als_score", "als_rank"]
    assert len(SCHEMA) == 5 + 2 * len(RETRIEVERS)


def test_the_engines_schema_names_the_same_columns():
    named = [column.split() for column in union.SCHEMA.split(", ")]
    kinds = {"date": pa.date32(), "int": pa.int32(), "float": pa.float32()}
    assert {name: kinds[kind] for name, kind in named} == union.COLUMNS


def test_every_candidate_has_its_week_and_customer():
    batch = unite(numbers=(9, 4), bestsellers=[(0, 5, 1), (1, 5, 1), (1, 6, 2)])
    assert rows(batch, "week", "customer", "article") == [(WEEK, 9, 5), (WEEK, 4, 6), (WEEK, 4, 5)]


def test_scores_and_ranks_stand_in_columns_of_their_retriever_null_where_it_did_not_propose():
    batch = unite(own_purchases=[(0, 5, 2), (0, 6, 8)], trending=[(0, 7, 0.5), (0, 5, 4)])
    columns = ("article", "own_purchases_score", "own_purchases_rank", "trending_score", "trending_rank", "als_score")
    assert rows(batch, *columns) == [
        (6, 8, 1, None, None, None),
        (5, 2, 2, 4, 1, None),
        (7, None, None, 0.5, 2, None),
    ]


def test_a_score_of_zero_is_not_null():
    assert rows(unite(als=[(0, 5, 0)]), "als_score", "als_rank") == [(0, 1)]


def test_the_blend_is_the_sum_of_weights_times_scores():
    params = retrieval(als={"weight": 0.5}, own_purchases={"weight": 2}, trending={"weight": 0})
    batch = unite(params, als=[(0, 5, -3), (0, 6, 1)], own_purchases=[(0, 5, 4)], trending=[(0, 5, 99), (0, 7, 99)])
    assert rows(batch, "article", "blend_score") == [(5, -1.5 + 8), (6, 0.5), (7, 0)]


def test_candidates_come_by_falling_blend_ties_by_article_with_ranks_from_one():
    batch = unite(bestsellers=[(0, 9, 1), (0, 3, 1), (0, 5, 2), (1, 4, 7)])
    assert rows(batch, "customer", "article", "blend_rank") == [(70, 5, 1), (70, 3, 2), (70, 9, 3), (71, 4, 1)]


def test_the_budget_keeps_each_customers_best():
    lines = [(row, article, article + row) for row in (0, 1) for article in range(5)]
    batch = unite(retrieval(budget=2), trending=lines)
    assert rows(batch, "customer", "article", "blend_rank") == [(70, 4, 1), (70, 3, 2), (71, 4, 1), (71, 3, 2)]


def test_the_budget_cuts_ties_by_article():
    batch = unite(retrieval(budget=2), trending=[(0, 9, 1), (0, 3, 1), (0, 5, 1)])
    assert rows(batch, "article") == [(3,), (5,)]


def test_the_first_twelve_of_als_are_kept_whatever_others_propose():
    # Articles 0 to 14 by ALS, all of them below articles 20 to 39.
    by_als = [(0, article, -1 - article) for article in range(15)]
    others = [(0, article, 100 + article) for article in range(20, 40)]
    batch = unite(retrieval(budget=14), als=by_als, bestsellers=others)
    kept = rows(batch, "article", "blend_score", "blend_rank")
    assert kept[:2] == [(39, 139, 1), (38, 138, 2)]
    assert kept[2:] == [(article, -1 - article, article + 3) for article in range(12)]


def test_what_is_kept_for_als_has_no_better_rank_for_it():
    batch = unite(als=[(0, 5, 1)], bestsellers=[(0, 6, 2)])
    assert rows(batch, "article", "blend_score", "blend_rank") == [(6, 2, 1), (5, 1, 2)]


def test_nothing_proposed_at_all_gives_an_empty_batch_of_the_same_columns():
    batch = unite()
    assert (batch.num_rows, batch.schema) == (0, SCHEMA)


def test_customers_without_candidates_have_no_row():
    assert rows(unite(bestsellers=[(1, 5, 1)]), "customer") == [(71,)]


LINES = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 6), st.integers(-3, 3)), unique_by=lambda line: line[:2], min_size=1
)


def by_definition(lists, params):
    """Blend, keep ALS's first twelve and then the best, order: in plain Python."""
    blends, firsts, found = {}, set(), []
    for name, lines in lists.items():
        for row, article, score in lines:
            blends[row, article] = blends.get((row, article), 0) + params.of(name).weight * score
    for row, article, score in lists["als"]:
        ahead = [line for line in lists["als"] if line[0] == row and (-line[2], line[1]) < (-score, article)]
        firsts |= {(row, article)} if len(ahead) < 12 else set()
    for row in range(3):
        own = [article for of_row, article in blends if of_row == row]
        worth = sorted(own, key=lambda article: ((row, article) not in firsts, -blends[row, article], article))
        kept = sorted(worth[: params.budget], key=lambda article: (-blends[row, article], article))
        found += [(row, article, blends[row, article], place) for place, article in enumerate(kept, 1)]
    return found


@settings(max_examples=80, deadline=None)
@given(LINES, LINES, LINES, st.integers(7, 12))
def test_the_union_is_that_of_its_definition(als, own, popular, budget):
    params = retrieval(budget, als={"weight": 0.5}, own_purchases={"weight": 2}, bestsellers={"weight": 0.25})
    lists = {"als": als, "own_purchases": own, "bestsellers": popular}
    batch = union.unite(customers(0, 1, 2), proposed(**lists), params)
    assert rows(batch, "customer", "article", "blend_score", "blend_rank") == by_definition(lists, params)


def shop(seed=0, width=60):
    """A shop of which everything is known, by chance."""
    rng = np.random.default_rng(seed)
    articles = np.repeat(np.arange(width, dtype=np.int32), 3)
    counts = [rng.integers(0, 9, len(articles)).astype(np.int32) for _ in range(3)]
    items = np.arange(0, width, 2, dtype=np.int32)
    related = csr_matrix(random_array((width, width), density=0.2, rng=rng, dtype=np.float32))
    return Knowledge(
        width,
        {name: rng.integers(-1, 8, width).astype(np.int32) for name in ("product", "section")},
        Sales(articles, np.tile(np.int32([-1, 0, 1]), width), *counts),
        0.25,
        (40,),
        items,
        rng.normal(size=(len(items), 8)).astype(np.float32),
        related,
    )


def histories(count, seed=1, week=WEEK):
    """Make customers, every third without history, every fourth without factors, every fifth of unknown age."""
    rng = np.random.default_rng(seed)
    names = ("article", "age_days", "quantity")
    kinds = [*((name, pa.int32()) for name in names), ("price", pa.float32()), ("sales_channel_id", pa.int8())]
    lines = [rng.integers(1, (60, 90, 3), (rng.integers(1, 20) if number % 3 else 0, 3)) for number in range(count)]
    factors = [rng.normal(size=8).tolist() if number % 4 else None for number in range(count)]
    ages = [int(rng.integers(18, 80)) if number % 5 else None for number in range(count)]
    as_structs = [[dict(zip(names, values, strict=True)) for values in of_one.tolist()] for of_one in lines]
    return pa.RecordBatch.from_pydict(
        {
            "week": pa.array([week] * count, pa.date32()),
            "customer": pa.array(range(count), pa.int32()),
            "age": pa.array(ages, pa.int32()),
            "lines": pa.array(as_structs, pa.list_(pa.struct(kinds))),
            "factors": pa.array(factors, pa.list_(pa.float32())),
        }
    )


def retrieve(*batches, params=None, knowledge=None):
    known = knowledge or shop()
    found = union.retriever_of_batches({DAYS: lambda: known}, params or retrieval(budget=40))(iter(batches))
    return pa.Table.from_batches(found, schema=SCHEMA)


def column_bytes(table):
    """Which values are missing and, to the bit, what the others are."""
    return {
        name: (table[name].is_null().to_pylist(), table[name].fill_null(0).to_numpy().tobytes())
        for name in table.schema.names
        if name != "week"
    }


def test_every_retriever_finds_something_in_a_shop_of_which_everything_is_known():
    found = retrieve(histories(24), params=retrieval(budget=200))
    assert [name for name in RETRIEVERS if found[f"{name}_rank"].null_count == len(found)] == []


def test_a_customers_rows_do_not_depend_on_who_shares_the_block():
    batch = histories(24)
    together = retrieve(batch)
    for number in range(24):
        alone = retrieve(batch.slice(number, 1))
        of_customer = together.filter(pc.equal(together["customer"], number))
        assert len(alone) == len(of_customer) > 0
        assert column_bytes(alone) == column_bytes(of_customer)


def test_a_customers_rows_do_not_depend_on_the_order_of_the_block():
    batch = histories(24)
    turned = retrieve(batch.take(pa.array(range(23, -1, -1))))
    assert column_bytes(turned.sort_by([("customer", "ascending"), ("blend_rank", "ascending")])) == column_bytes(
        retrieve(batch)
    )


def test_ranks_of_the_blend_run_from_one_without_gaps_within_the_budget():
    found = retrieve(histories(24))
    for number in range(24):
        of_customer = found.filter(pc.equal(found["customer"], number))
        ranks, scores = of_customer["blend_rank"].to_pylist(), of_customer["blend_score"].to_pylist()
        assert ranks == list(range(1, len(ranks) + 1))
        assert len(ranks) <= 40
        assert scores == sorted(scores, reverse=True)


def test_what_a_retriever_proposes_is_ranked_up_to_its_top():
    batch = histories(24)
    found = retrieve(batch, params=retrieval(budget=200, top=3))
    for name in RETRIEVERS:
        assert pc.max(found[f"{name}_rank"]).as_py() == 3


@pytest.mark.parametrize("name", RETRIEVERS)
def test_a_retriever_with_a_top_of_none_is_off(name):
    found = retrieve(histories(12), params=retrieval(budget=200, **{name: {"top": 0}}))
    assert found[f"{name}_rank"].null_count == found[f"{name}_score"].null_count == len(found) > 0
    others = retrieve(histories(12), params=retrieval(budget=200))
    for other in set(RETRIEVERS) - {name}:
        assert len(found) - found[f"{other}_rank"].null_count == len(others) - others[f"{other}_rank"].null_count


def test_batches_without_customers_give_no_rows():
    assert len(retrieve(histories(3).slice(0, 0))) == 0


def test_each_week_is_served_from_its_own_knowledge():
    first, second = shop(seed=0), shop(seed=5)
    retriever = union.retriever_of_batches({DAYS: lambda: first, DAYS + 7: lambda: second}, retrieval(budget=40))
    both = pa.Table.from_batches(retriever(iter([pa.concat_batches([histories(2, week=NEXT_WEEK), histories(2)])])))
    of_first, of_second = (both.filter(pc.equal(both["week"], week)) for week in (WEEK, NEXT_WEEK))
    assert len(of_first) + len(of_second) == len(both)
    assert column_bytes(of_first) == column_bytes(retrieve(histories(2), knowledge=first))
    assert column_bytes(of_second) == column_bytes(retrieve(histories(2), knowledge=second))
