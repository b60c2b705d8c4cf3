"""The recipe that most entrants of Kaggle's H&M competition started from, as a contestant.

It is that of a public notebook: candidates are the last week's twelve bestsellers and the customer's last basket, the
features their age, the bestseller's rank, the article's codes and order counts, the model 100 trees of LightGBM's DART
with LambdaRank. What was bought in a week that is learned from is added to that week's candidates as positives, whether
it was a candidate or not. So examples aren't drawn as the candidates are that the model has to order: among them,
whatever is neither a bestseller nor of the last basket was bought. That is the notebook's way and is kept, for that is
the contestant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import functions as F

from hm_kedro import engine
from hm_kedro.blas import keep_to_one_thread
from hm_kedro.pipelines.als_candidates.block import read_block
from hm_kedro.pipelines.als_candidates.proposals import ARTICLE_BITS, MOST_ARTICLES, pair_codes
from hm_kedro.pipelines.lgbm_ranking.features.feature import sum_by_customer
from hm_kedro.pipelines.lgbm_ranking.nodes import collect_examples, of_weeks
from hm_kedro.pipelines.lgbm_ranking.ranker import feature_matrix, group_sizes, predict
from hm_kedro.pipelines.lgbm_ranking.scoring import SCHEMA
from hm_kedro.schemas import ATTRIBUTES
from hm_kedro.tables import LIST_LENGTH, purchases_in_weeks, top_per_customer
from hm_kedro.timeline import Timeline, week_days

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from hm_kedro.parameters import EvaluationParameters, RankerParameters, TrainingParameters
    from hm_kedro.pipelines.als_candidates.block import Block
    from hm_kedro.pipelines.als_candidates.proposals import Integers
    from hm_kedro.pipelines.lgbm_ranking.values import Values

TREES = 100
# Of the largest logs the newest weeks that hold so many rows, since DART's time grows with them.
MOST_ROWS = 2_000_000
# The rank of what is none of the bestsellers.
UNRANKED = 999
FEATURES = ("customer_age", "bestseller_rank", *ATTRIBUTES, "customer_purchases", "article_times_bought")
EXAMPLES = ", ".join(
    ["week date, customer int, article int, bought int", *[f"`{name}` float" for name in FEATURES]],
)

# A (row of a block, article) as one number, as `pair_codes` makes it.
Pairs = npt.NDArray[np.int64]
Batches = Iterator[pa.RecordBatch]


class Shelf(NamedTuple):
    """What is known of articles.

    Attributes:
        codes: a row by article's number, a column an attribute (ATTRIBUTES); NaN where an article has none.
        bestsellers: by week in days from 1970, the twelve, best first.
    """

    codes: Values
    bestsellers: dict[int, Integers]


def follow_notebook(
    purchases: DataFrame,
    histories: DataFrame,
    bestsellers: DataFrame,
    articles: DataFrame,
    transactions: DataFrame,
    timeline: dict[str, Any],
    evaluation: EvaluationParameters,
    training: TrainingParameters,
    ranker_params: RankerParameters,
) -> DataFrame:
    """Make the notebook's lists for the buyers of the judged weeks, each by a model of the weeks before it.

    Args:
        purchases: of the judged weeks; who the buyers are is all that is taken from it.
        transactions: say what was bought in the weeks that are learned from.
        training: how many weeks those are, and how many rows at most (see `collect_examples`), up to MOST_ROWS.
        ranker_params: `num_threads` and `seed`; all else is the recipe's.

    Returns:
        One row per (week, customer, article): `rank` int from 1, up to 12. Nothing of a week before which there is none
        to learn from.
    """
    line = Timeline.read(timeline)
    training = training.model_copy(update={"max_rows": min(training.max_rows, MOST_ROWS)})
    shelf = engine.share(read_shelf(articles, bestsellers))
    models: dict[date, Callable[[], str]] = {}
    for week in line.judged_weeks(evaluation.weeks):
        examples = list_examples(histories, transactions, line.learned_weeks(week, training), shelf)
        for _, learned in collect_examples(examples, [week], timeline, training):
            if learned.num_rows:
                models[week] = engine.share(train(learned, ranker_params).model_to_string())
    buyers = purchases.select("week", "customer").distinct()
    served = buyers.join(of_weeks(histories, *models), ["week", "customer"])
    texts = {week_days(week): text for week, text in models.items()}
    scored = served.mapInArrow(_scorer(shelf, texts), SCHEMA)
    return top_per_customer(scored, LIST_LENGTH).select("week", "customer", "article", "rank")


def read_shelf(articles: DataFrame, bestsellers: DataFrame) -> Shelf:
    """Bring what is known of articles to the driver: a row an article, and twelve a week."""
    known = articles.select("article", *ATTRIBUTES).toArrow()
    codes = np.full((pc.max(known["article"]).as_py() + 1, len(ATTRIBUTES)), np.nan, np.float32)
    codes[known["article"].to_numpy()] = feature_matrix(known, ATTRIBUTES)
    twelve = bestsellers.where(F.col("rank") <= LIST_LENGTH).select("week", "article", "rank").toArrow().sort_by("rank")
    weeks = twelve["week"].cast(pa.int32()).to_numpy()
    return Shelf(codes, {int(week): twelve["article"].to_numpy()[weeks == week] for week in np.unique(weeks)})


def list_examples(
    histories: DataFrame, transactions: DataFrame, weeks: list[date], shelf: Callable[[], Shelf]
) -> DataFrame:
    """List what is learned from some weeks: their buyers' candidates and what they bought.

    Returns:
        One row per (week, customer, article): `bought` int, 1 or 0, and FEATURES, floats, of the week's history alone.
    """
    bought = purchases_in_weeks(transactions, weeks).groupBy("week", "customer")
    lists = bought.agg(F.collect_list("article").alias("bought_articles"))
    # The smaller table on the left, of which one of the engines makes a table in memory.
    joined = lists.join(of_weeks(histories, *weeks), ["week", "customer"])
    return joined.mapInArrow(_teacher(shelf), EXAMPLES)


def _teacher(shelf: Callable[[], Shelf]) -> Callable[[Batches], Batches]:
    """Make the function that workers run over `histories` with `bought_articles`; it gives rows of EXAMPLES."""

    def teach(batches: Batches) -> Batches:
        for block, batch in _blocks(batches):
            bought = read_bought(batch)
            pairs = np.union1d(propose(block, shelf()), bought)
            label = np.isin(pairs, bought).astype(np.int32)
            features = describe(block, pairs, shelf())
            missing = {name: pa.array(values, from_pandas=True) for name, values in features.items()}
            yield _table(block, pairs, {"bought": label} | missing)

    return teach


def _scorer(shelf: Callable[[], Shelf], models: dict[int, Callable[[], str]]) -> Callable[[Batches], Batches]:
    """Make the function that workers run over `histories`.

    Args:
        models: what gives a booster's text, by week in days from 1970.

    Returns:
        What gives rows of SCHEMA: every candidate.
    """

    def score(batches: Batches) -> Batches:
        boosters: dict[int, lgb.Booster] = {}
        for block, _ in _blocks(batches):
            if block.week not in boosters:
                boosters[block.week] = lgb.Booster(model_str=models[block.week]())
            pairs = propose(block, shelf())
            scores = predict(boosters[block.week], describe(block, pairs, shelf()))
            yield _table(block, pairs, {"score": scores})

    return score


def _blocks(batches: Batches) -> Iterator[tuple[Block, pa.RecordBatch]]:
    """Cut batches of `histories` by week; with each block its rows of the batch."""
    keep_to_one_thread()
    for batch in batches:
        weeks = batch.column("week").cast(pa.int32()).to_numpy()
        for week in np.unique(weeks):
            of_week = batch.filter(pa.array(weeks == week))
            yield read_block(int(week), of_week), of_week


def read_bought(batch: pa.RecordBatch) -> Pairs:
    """Give what was bought in the week itself, by `bought_articles`."""
    lists = batch.column("bought_articles")
    rows = np.repeat(np.arange(len(lists), dtype=np.int32), pc.list_value_length(lists).to_numpy())
    return pair_codes(rows, lists.flatten().to_numpy())


def propose(block: Block, shelf: Shelf) -> Pairs:
    """Give every customer's candidates, rising: the week's bestsellers, and all of the latest day with purchases."""
    # Lines are by customer and rising age.
    latest = block.age_days[np.searchsorted(block.rows, block.rows)]
    last = block.age_days == latest
    best = shelf.bestsellers[block.week]
    everyone = np.repeat(np.arange(len(block), dtype=np.int32), len(best))
    bestsellers = pair_codes(everyone, np.tile(best, len(block)))
    return np.union1d(bestsellers, pair_codes(block.rows[last], block.articles[last]))


def describe(block: Block, pairs: Pairs, shelf: Shelf) -> dict[str, Values]:
    """Describe candidates: a column a feature, in the order of FEATURES.

    `customer_age` in years; `bestseller_rank` from 1, UNRANKED of others; the codes of the article's attributes;
    `customer_purchases` and `article_times_bought`, pieces that the customer bought before the week, in all and of the
    article.
    """
    rows, articles = _split(pairs)
    best = shelf.bestsellers[block.week]
    ranks = np.full(len(shelf.codes), UNRANKED)
    ranks[best] = np.arange(1, len(best) + 1)
    bought = block.purchases(block.quantities.astype(np.float64), len(shelf.codes))
    columns = (
        block.ages[rows],
        ranks[articles],
        *shelf.codes[articles].T,
        sum_by_customer(block, block.quantities)[rows],
        np.asarray(bought[rows, articles]).ravel(),
    )
    return {name: column.astype(np.float32) for name, column in zip(FEATURES, columns, strict=True)}


def _split(pairs: Pairs) -> tuple[Integers, Integers]:
    return (pairs >> ARTICLE_BITS).astype(np.int32), (pairs & (MOST_ARTICLES - 1)).astype(np.int32)


def _table(block: Block, pairs: Pairs, columns: dict[str, Any]) -> pa.RecordBatch:
    rows, articles = _split(pairs)
    weeks = pa.array(np.full(len(pairs), block.week, np.int32)).cast(pa.date32())
    keys = {"week": weeks, "customer": block.customers[rows], "article": articles}
    return pa.RecordBatch.from_pydict(keys | columns)


def train(examples: pa.Table, params: RankerParameters) -> lgb.Booster:
    """Train the notebook's model.

    Args:
        examples: rows of `list_examples`, at least one.
    """
    settings = {
        "objective": "lambdarank",
        "boosting": "dart",
        "metric": "ndcg",
        "num_threads": params.num_threads,
        "seed": params.seed,
        "deterministic": True,
        "force_col_wise": True,
        "verbosity": -1,
    }
    ordered = examples.sort_by([(key, "ascending") for key in ("week", "customer", "article")])
    data = lgb.Dataset(
        feature_matrix(ordered, FEATURES),
        ordered["bought"].to_numpy(),
        group=group_sizes(ordered["week"].cast(pa.int32()).to_numpy(), ordered["customer"].to_numpy()),
        feature_name=list(FEATURES),
        params=settings,
    )
    return lgb.train(settings, data, TREES)
