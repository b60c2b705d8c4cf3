"""The work of ranker_tuning: examples of earlier weeks, settings to try, and what each reaches."""

import hashlib
import time
from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go
import pyarrow as pa
import pyarrow.compute as pc
from plotly.subplots import make_subplots
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from hm_kedro.chart import COLOURS, Chart, Numbers, counted
from hm_kedro.errors import HmKedroError
from hm_kedro.parameters import (
    BoosterParameters,
    EvaluationParameters,
    FeatureParameters,
    RankerParameters,
    RankerSettings,
    RankerTuningParameters,
    SalesParameters,
    TrainingParameters,
)
from hm_kedro.pipelines.lgbm_ranking import ranker
from hm_kedro.pipelines.lgbm_ranking.examples import pick_all
from hm_kedro.pipelines.lgbm_ranking.importance import average_precision
from hm_kedro.pipelines.lgbm_ranking.nodes import describe_picked
from hm_kedro.search import best_first, identify_search, list_untried, of_search, tuning_weeks
from hm_kedro.tables import purchases_in_weeks
from hm_kedro.timeline import Timeline

MEASURES = ("map12", "trees", "seconds")


def describe_tuning_examples(
    candidates: DataFrame,
    transactions: DataFrame,
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
    ranker_tuning: RankerTuningParameters,
) -> DataFrame:
    """Describe every candidate of a sample of the buyers of the target weeks before the judged ones.

    Every n-th customer where there are more than `ranker_tuning.buyers` buyers in all. As for training, without
    `training.misses` those of whom no candidate was bought are left out.

    Raises:
        HmKedroError: there is no week to learn from before a week to try settings on.

    Returns:
        As `training_examples`, all candidates not bought among them.
    """
    weeks = known_weeks(timeline, evaluation, training, ranker_tuning)
    buyers = purchases_in_weeks(transactions, weeks).select("week", "customer").distinct().count()
    every = max(1, -(-buyers // ranker_tuning.buyers))
    sampled = candidates.where(F.col("customer") % every == 0)
    return describe_picked(
        weeks,
        pick_all(sampled, transactions, weeks, training),
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


def known_weeks(
    timeline: dict[str, Any],
    evaluation: EvaluationParameters,
    training: TrainingParameters,
    tuning: RankerTuningParameters,
) -> list[date]:
    """Give the target weeks before the judged ones, of which there are candidates, newest first.

    Raises:
        HmKedroError: there is no week to learn from before a week to try settings on.
    """
    newest, *_ = tuned = tuning_weeks(timeline, tuning, evaluation)
    every = Timeline.read(timeline).target_weeks(evaluation.weeks, training)
    weeks = sorted((week for week in every if week <= newest), reverse=True)
    if min(tuned) <= min(weeks):
        raise HmKedroError(
            f"ranker_tuning tries settings on {counted(len(tuned), 'week')} from {min(tuned)} on and has candidates "
            f"from {min(weeks)} on, which leaves none to learn from: choose a lower ranker_tuning.weeks, or run "
            "als_candidates, lgbm_ranking and ranker_tuning with a higher training.weeks"
        )
    return weeks


def identify_examples(
    tuning_examples: DataFrame,
    timeline: dict[str, Any],
    tuning: RankerTuningParameters,
    evaluation: EvaluationParameters,
) -> dict[str, Any]:
    """Say what trials have in common that may be held against each other: their weeks, candidates and features."""
    names = hashlib.blake2b(",".join(tuning_examples.columns).encode(), digest_size=4).hexdigest()
    on = identify_search(timeline, tuning, evaluation)
    return on | {"candidates": tuning_examples.count(), "features": names}


def try_settings(
    tuning_examples: DataFrame,
    earlier_ranker_trials: list[dict[str, Any]],
    ranker_params: RankerParameters,
    training: TrainingParameters,
    timeline: dict[str, Any],
    ranker_tuning: RankerTuningParameters,
    evaluation: EvaluationParameters,
) -> Iterator[dict[str, Any]]:
    """Train rankers with every setting not tried before, for each tuning week one on the weeks before it.

    Yields:
        A trial: what `identify_examples` says, `settings` of the ranker and its training, and means over weeks: `map12`
        over the sampled buyers of whom a candidate was bought, against what of it was among the candidates; `trees`
        grown; `seconds` of training.
    """
    weeks = tuning_weeks(timeline, ranker_tuning, evaluation)
    on = identify_examples(tuning_examples, timeline, ranker_tuning, evaluation)
    keys = [(key, "ascending") for key in ("week", "customer", "article")]
    examples = tuning_examples.toArrow().sort_by(keys).combine_chunks()
    learned = len(Timeline.read(timeline).learned_weeks(weeks[0], training))
    booster = ranker_params.model_dump(include=set(BoosterParameters.model_fields))
    current = RankerSettings(**booster, weeks=max(learned, 1), negatives=training.negatives, misses=training.misses)
    for settings in list_untried(current, ranker_tuning, earlier_ranker_trials, on):
        found = [measure(examples, week, settings) for week in weeks]
        means = {name: float(np.mean([of_week[name] for of_week in found])) for name in MEASURES}
        yield {**on, "settings": settings.model_dump(), **means}


def measure(examples: pa.Table, week: date, settings: RankerSettings) -> dict[str, float]:
    """Train a ranker on the weeks before one, and measure how it orders that week's candidates.

    Args:
        examples: ordered by week, customer and article, none left out.
    """
    weeks = sorted(found for found in pc.unique(examples["week"]).to_pylist() if found < week)[-settings.weeks :]
    started = time.monotonic()
    learned = sample_negatives(_of(examples, weeks), settings.negatives, settings.misses, settings.seed)
    booster = ranker.train(learned, settings)
    seconds = time.monotonic() - started
    judged = _leave_out_misses(_of(examples, [week]))
    if not judged.num_rows:
        return {"map12": 0.0, "trees": booster.num_trees(), "seconds": seconds}
    scores = booster.predict(ranker.feature_matrix(judged, booster.feature_name()), num_threads=settings.num_threads)
    sizes = ranker.group_sizes(np.zeros(judged.num_rows), judged["customer"].to_numpy())
    reached = average_precision(np.asarray(scores), judged["bought"].to_numpy(), sizes)
    return {"map12": reached, "trees": booster.num_trees(), "seconds": seconds}


def _of(examples: pa.Table, weeks: list[date]) -> pa.Table:
    return examples.filter(pc.field("week").isin(weeks)).combine_chunks()


def _leave_out_misses(examples: pa.Table) -> pa.Table:
    """Leave out the customers of whom no candidate was bought: no ranker can do anything for them."""
    hits = pc.unique(examples.filter(pc.equal(examples["bought"], 1))["customer"])
    return examples.filter(pc.is_in(examples["customer"], hits)).combine_chunks()


def sample_negatives(examples: pa.Table, negatives: int, misses: float, seed: int) -> pa.Table:
    """Keep what was bought, and about so many others for each, shared out as `examples.pick` does.

    Args:
        examples: ordered by week and customer.
    """
    bought = examples["bought"].to_numpy()
    weeks = examples["week"].cast(pa.int32()).to_numpy()
    sizes = ranker.group_sizes(weeks, examples["customer"].to_numpy())
    of_customers = _hits_by_others(np.repeat(np.arange(len(sizes)), sizes), bought)
    of_weeks = _hits_by_others(np.unique(weeks, return_inverse=True)[1], bought)
    share = negatives * ((1 - misses) * of_customers + misses * of_weeks)
    kept = (bought > 0) | (np.random.default_rng(seed).random(len(bought)) < share)
    return examples.filter(pa.array(kept)).combine_chunks()


def _hits_by_others(group: npt.NDArray[np.int64], bought: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    """Divide, for each example, what was bought of its group by what was not."""
    hits, sizes = np.bincount(group, bought), np.bincount(group)
    found: npt.NDArray[np.float64] = (hits / np.maximum(sizes - hits, 1))[group]
    return found


def choose_settings(
    ranker_trials: list[dict[str, Any]],
    tuning_examples: DataFrame,
    timeline: dict[str, Any],
    ranker_tuning: RankerTuningParameters,
    evaluation: EvaluationParameters,
) -> dict[str, Numbers]:
    """Order the trials of this search by MAP@12; those of other data, weeks or features are left out.

    Returns:
        `ranker_trials`: MEASURES and a column a setting that differs between trials, the best trial first.
    """
    trials = of_search(ranker_trials, identify_examples(tuning_examples, timeline, ranker_tuning, evaluation))
    return {CHART.name: best_first(trials, "map12", MEASURES, list(RankerSettings.model_fields))}


def draw_trials(ranker_tuning_report: dict[str, Numbers]) -> go.Figure:
    """Draw what trials reach over the values of each setting."""
    return CHART.figure(ranker_tuning_report)


def _draw(numbers: Numbers) -> go.Figure:
    names = [name for name in numbers if name not in MEASURES] or ["trees"]
    figure = make_subplots(rows=1, cols=len(names), shared_yaxes=True, subplot_titles=names)
    for place, name in enumerate(names):
        values = [str(value) for value in sorted(set(numbers[name]), key=lambda value: (str(type(value)), value))]
        figure.add_scatter(
            x=[str(value) for value in numbers[name]],
            y=numbers["map12"],
            mode="markers",
            marker={"color": COLOURS[0], "opacity": 0.6},
            showlegend=False,
            row=1,
            col=place + 1,
        )
        means = [
            float(np.mean([y for x, y in zip(numbers[name], numbers["map12"], strict=True) if str(x) == value]))
            for value in values
        ]
        figure.add_scatter(
            x=values,
            y=means,
            mode="markers",
            marker={"color": COLOURS[1], "symbol": "line-ew-open", "size": 22, "line": {"width": 3}},
            name="mean",
            showlegend=not place,
            row=1,
            col=place + 1,
        )
        figure.update_xaxes(type="category", categoryorder="array", categoryarray=values, row=1, col=place + 1)
    figure.update_yaxes(title="MAP@12 among the candidates", col=1)
    return figure


def _read(numbers: Numbers) -> str:
    names = [name for name in numbers if name not in MEASURES]
    best = ", ".join(f"{name} {numbers[name][0]}" for name in names)
    return (
        f"Of {counted(len(numbers['map12']), 'setting')} MAP@12 among the candidates goes from "
        f"{min(numbers['map12']):.4f} to {numbers['map12'][0]:.4f}" + (f", with {best}." if best else ".")
    )


CHART = Chart("ranker_trials", "What settings of the ranker reach", "no trials", _draw, _read)
