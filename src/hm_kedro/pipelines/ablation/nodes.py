"""The work of ablation: the judged weeks' candidates, a ranker without each part, and what each is worth."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from hm_kedro.chart import COLOURS, Chart, Numbers, counted, in_words, row_by_row, whiskers
from hm_kedro.errors import HmKedroError
from hm_kedro.parameters import (
    AblationParameters,
    EvaluationParameters,
    FeatureParameters,
    RankerParameters,
    SalesParameters,
    TrainingParameters,
)
from hm_kedro.pipelines.als_candidates.retrievers import RETRIEVERS
from hm_kedro.pipelines.evaluation.resampling import INTERVAL
from hm_kedro.pipelines.lgbm_ranking import ranker
from hm_kedro.pipelines.lgbm_ranking.examples import pick_all
from hm_kedro.pipelines.lgbm_ranking.features import FAMILIES
from hm_kedro.pipelines.lgbm_ranking.importance import names_of_family, sum_precisions
from hm_kedro.pipelines.lgbm_ranking.nodes import collect_examples, describe_picked
from hm_kedro.tables import LIST_LENGTH, purchases_in_weeks
from hm_kedro.timeline import Timeline

logger = logging.getLogger(__name__)
Doubles = npt.NDArray[np.float64]
KEYS = ("week", "customer", "article")
KINDS = ("family", "retriever")


class Variant(NamedTuple):
    """What a ranker does without.

    Attributes:
        name: `all` where it has all; else of a family of features or of a retriever.
        kind: `all`, `family` or `retriever`.
        features: those that it does not see.
    """

    name: str
    kind: str
    features: tuple[str, ...] = ()


def describe_judged_candidates(
    candidates: DataFrame,
    transactions: DataFrame,
    later_transactions: DataFrame,
    histories: DataFrame,
    user_factors: DataFrame,
    customers: DataFrame,
    articles: DataFrame,
    article_sales: DataFrame,
    article_features: DataFrame,
    item_factors: DataFrame,
    related_articles: DataFrame,
    feature_relevance: pd.DataFrame,
    timeline: dict[str, Any],
    features: FeatureParameters,
    sales: SalesParameters,
    evaluation: EvaluationParameters,
    training: TrainingParameters,
) -> DataFrame:
    """Describe every candidate of the judged weeks' buyers of whom one was bought: the others can gain nothing.

    Args:
        transactions: as `later_transactions`, they say what was bought; the features are of `histories` and what was
            counted before each week.

    Returns:
        As `training_examples`, of the judged weeks, all candidates not bought among them.
    """
    weeks = Timeline.read(timeline).judged_weeks(evaluation.weeks)
    return describe_picked(
        weeks,
        pick_all(
            candidates,
            transactions.unionByName(later_transactions),
            weeks,
            training.model_copy(update={"misses": 0}),
        ),
        histories,
        user_factors,
        customers,
        articles,
        article_sales,
        article_features,
        item_factors,
        related_articles,
        feature_relevance,
        features,
        sales,
    )


def measure_ablations(
    training_examples: DataFrame,
    judged_examples: DataFrame,
    transactions: DataFrame,
    later_transactions: DataFrame,
    timeline: dict[str, Any],
    features: FeatureParameters,
    training: TrainingParameters,
    ranker_params: RankerParameters,
    evaluation: EvaluationParameters,
    ablation: AblationParameters,
) -> dict[str, Numbers]:
    """Train the judged weeks' rankers anew without each family of features and each retriever, and judge them.

    Every ranker of a week learns from the same weeks, those of `train_rankers`, and orders the same buyers' candidates;
    see `leave_out` for what it does not get. MAP@12 is that of `evaluation`, over all buyers of a week and then over
    weeks, but lists are not filled: who has fewer than twelve candidates has fewer articles. One week at a time is
    collected: what its rankers learn from, and its judged candidates.

    Returns:
        `ablation`: a row a variant, `all` first: `name`, `kind` (all, family or retriever), `map12`, `difference` of it
        to that of all, `low` and `high` of its 95 % interval (bootstrap: buyers of each week drawn again), number of
        `weeks`. Empty where no judged week has buyers.

    Raises:
        HmKedroError: the judged candidates are described by other features than those learned from.
    """
    variants = list_variants(training_examples, judged_examples, features)
    weeks = Timeline.read(timeline).judged_weeks(evaluation.weeks)
    purchases = purchases_in_weeks(transactions.unionByName(later_transactions), weeks)
    counts = purchases.groupBy("week", "customer").agg(F.count("*").cast("int").alias("bought"))
    random = np.random.default_rng(ablation.seed)
    means, drawn = [], []
    for week, learned in collect_examples(training_examples, weeks, timeline, training):
        of_week = F.col("week") == F.lit(week)
        buyers = counts.where(of_week).toArrow().sort_by("customer")
        if not buyers.num_rows:
            continue
        judged = judged_examples.where(of_week).toArrow().sort_by([(key, "ascending") for key in KEYS])
        logger.info("The week of %s, %d rankers", week, len(variants))
        reached = judge_variants(variants, learned, judged, buyers, ranker_params)
        means.append(reached.mean(axis=0))
        drawn.append(draw_again(reached - reached[:, :1], ablation.resamples, random))
    if not means:
        return {}
    map12 = np.mean(means, axis=0)
    low, high = np.percentile(np.mean(drawn, axis=0), INTERVAL, axis=0)
    return {
        CHART.name: {
            "name": [variant.name for variant in variants],
            "kind": [variant.kind for variant in variants],
            "map12": map12.tolist(),
            "difference": (map12 - map12[0]).tolist(),
            "low": low.tolist(),
            "high": high.tolist(),
            "weeks": [len(means)] * len(variants),
        }
    }


def judge_variants(
    variants: Sequence[Variant],
    learned: pa.Table,
    judged: pa.Table,
    buyers: pa.Table,
    params: RankerParameters,
) -> Doubles:
    """Train a week's rankers, of few examples several at once as boosters are, and judge them.

    Returns:
        AP@12, a row a buyer, a column a variant.
    """
    at_once = ranker.count_at_once(learned.num_rows, len(variants), params)
    each = params.model_copy(update={"num_threads": params.num_threads // at_once})

    def reach(variant: Variant) -> Doubles:
        booster = ranker.train(leave_out(learned, variant), each, bar=bar)
        reached = judge(booster, leave_out(judged, variant), buyers, each.num_threads)
        logger.info("%s %s: MAP@12 %.5f", variant.kind, variant.name, reached.mean())
        return reached

    with ranker.progress_bar() as bar, ThreadPoolExecutor(at_once) as pool:
        return np.stack(list(pool.map(reach, variants)), axis=1)


def list_variants(
    training_examples: DataFrame, judged_examples: DataFrame, features: FeatureParameters
) -> list[Variant]:
    """List what is left out: nothing, each family that is switched on, each retriever that proposed anything.

    The only family is not left out, for nothing would be learned from. Where the family `retrieval` is off, the
    examples don't tell who proposed what, and no retriever is left out.

    Raises:
        HmKedroError: examples and judged candidates are described by different features.
    """
    names = [name for name in judged_examples.columns if name not in (*KEYS, "bought")]
    differing = sorted(set(judged_examples.columns) ^ set(training_examples.columns))
    if differing:
        raise HmKedroError(
            "the judged candidates are described by other features than the examples learned from, they differ in "
            f"{', '.join(differing[:5])}: run `--pipeline lgbm_ranking`, then `--pipeline ablation`, as a whole"
        )
    of_family = {family: tuple(names_of_family(features, names, family)) for family in FAMILIES}
    on = [family for family, of in of_family.items() if of]
    families = [Variant(family, "family", of_family[family]) for family in on if len(on) > 1]
    ranks = [f"{name}_rank" for name in RETRIEVERS if f"{name}_rank" in names]
    if not ranks:
        return [Variant("all", "all"), *families]
    examples = training_examples.select(*ranks).unionByName(judged_examples.select(*ranks))
    [proposed] = examples.agg(*[F.count(rank).alias(rank) for rank in ranks]).toArrow().to_pylist()
    retrievers = [
        Variant(name, "retriever", (f"{name}_score", f"{name}_rank"))
        for name in RETRIEVERS
        if proposed.get(f"{name}_rank")
    ]
    return [Variant("all", "all"), *families, *retrievers]


def leave_out(examples: pa.Table, variant: Variant) -> pa.Table:
    """Leave a family of features or a retriever out of examples.

    Without a retriever go its score and rank, its part in the count `retrievers`, the candidates that it alone
    proposed, and the customers of whom no candidate that is left was bought, as in all examples. `blend_score` and
    `blend_rank` stay as they are, and so does what the budget of candidates kept out: neither the retrievers' sum nor
    the union is made anew.
    """
    if variant.kind == "retriever":
        examples = _without_candidates_of(examples, variant.name)
    return examples.drop_columns(list(variant.features))


def _without_candidates_of(examples: pa.Table, retriever: str) -> pa.Table:
    proposed = examples[f"{retriever}_rank"].is_valid().cast(pa.float32())
    others = pc.subtract(examples["retrievers"], proposed)
    place = examples.column_names.index("retrievers")
    left = examples.set_column(place, "retrievers", others).filter(pc.greater(others, 0))
    # A week and a customer as one number.
    weeks, customers = (left[key].cast(pa.int32()).to_numpy().astype(np.int64) for key in ("week", "customer"))
    queries = weeks << 32 | customers
    return left.filter(pa.array(np.isin(queries, queries[left["bought"].to_numpy() > 0])))


def judge(booster: lgb.Booster, judged: pa.Table, buyers: pa.Table, num_threads: int) -> Doubles:
    """Give AP@12 of every buyer of a week, without a hit 0.

    Args:
        judged: candidates by customer and article, with `bought` and the booster's features.
        buyers: one row per customer who bought in the week, by customer, with `bought`, their number of articles.
    """
    precisions = np.zeros(buyers.num_rows)
    if judged.num_rows:
        customers = judged["customer"].to_numpy()
        sizes = ranker.group_sizes(np.zeros(len(customers)), customers)
        sums = sum_precisions(_score(booster, judged, num_threads), judged["bought"].to_numpy(), sizes)
        places = np.searchsorted(buyers["customer"].to_numpy(), customers[np.cumsum(sizes) - sizes])
        precisions[places] = sums
    reached: Doubles = precisions / np.minimum(buyers["bought"].to_numpy(), LIST_LENGTH)
    return reached


def _score(booster: lgb.Booster, judged: pa.Table, num_threads: int) -> npt.NDArray[np.float32]:
    """Score candidates as `recommend` does: where there are no trees the retrievers decide."""
    if not booster.num_trees() and "blend_score" in judged.column_names:
        return ranker.feature_matrix(judged, ["blend_score"])[:, 0]
    matrix = ranker.feature_matrix(judged, booster.feature_name())
    return np.asarray(booster.predict(matrix, num_threads=num_threads), dtype=np.float32)


def draw_again(differences: Doubles, resamples: int, random: np.random.Generator) -> Doubles:
    """Give means over buyers who are drawn again, with replacement, as many as there are.

    Args:
        differences: a row a buyer, a column a variant; the same buyers are drawn for all variants.

    Returns:
        A row a resample, a column a variant.
    """
    buyers = len(differences)
    means = np.empty((resamples, differences.shape[1]))
    for place in range(resamples):
        times = np.bincount(random.integers(buyers, size=buyers), minlength=buyers)
        means[place] = times @ differences / buyers
    return means


def draw_ablation(ablation_report: dict[str, Numbers]) -> go.Figure:
    """Draw what MAP@12 changes by without each family and retriever."""
    return CHART.figure(ablation_report)


def _rows(numbers: Numbers) -> list[dict[str, Any]]:
    """The variants that do without something, the one that loses most first."""
    return sorted((row for row in row_by_row(numbers) if row["kind"] != "all"), key=lambda row: row["difference"])


def _draw(numbers: Numbers) -> go.Figure:
    figure, every = go.Figure(), _rows(numbers)
    for place, kind in enumerate(KINDS):
        rows = [row for row in every if row["kind"] == kind]
        figure.add_scatter(
            x=[row["difference"] for row in rows],
            y=[in_words(row["name"]) for row in rows],
            error_x=whiskers(rows, "difference"),
            mode="markers",
            marker={"color": COLOURS[place], "symbol": ("circle", "diamond")[place], "size": 9},
            name=f"without this {kind}",
        )
    figure.add_vline(x=0, line={"color": COLOURS[-1], "width": 1, "dash": "dot"})
    figure.update_layout(legend={"orientation": "h", "y": 1.1}, height=200 + 24 * len(every))
    figure.update_xaxes(
        title="change of MAP@12 (from 0 to 1) on the judged weeks, with 95 % interval", tickformat="+.4f"
    )
    figure.update_yaxes(
        categoryorder="array",
        categoryarray=[in_words(row["name"]) for row in every],
        autorange="reversed",
        automargin=True,
        dtick=1,
    )
    return figure


def _read(numbers: Numbers) -> str:
    rows = _rows(numbers)
    reached = f"With all it has the ranker reaches MAP@12 {numbers['map12'][0]:.4f}"
    if not rows:
        return f"{reached}; there is nothing to leave out."
    most = rows[0]
    worse = sum(row["high"] < 0 for row in rows)
    return (
        f"{reached}; of {counted(len(rows), 'part')} left out one at a time {worse or 'none'} cost it more than chance "
        f"explains, and it does worst without the {most['kind']} {in_words(most['name'])}: {most['difference']:+.4f} "
        f"({most['low']:+.4f} to {most['high']:+.4f})."
    )


CHART = Chart("ablation", "What the ranker loses without each part", "no judged week with buyers", _draw, _read)
