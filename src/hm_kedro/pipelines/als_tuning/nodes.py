"""The work of als_tuning: settings to try, what each reaches, and what is best for what."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from hm_kedro.chart import COLOURS, Chart, Numbers
from hm_kedro.errors import HmKedroError
from hm_kedro.parameters import AlsParameters, AlsTuningParameters, EvaluationParameters, RetrievalParameters
from hm_kedro.pipelines.als_candidates.block import Block, read_blocks
from hm_kedro.pipelines.als_candidates.histories import gather_lines
from hm_kedro.pipelines.als_candidates.interactions import weigh_weeks
from hm_kedro.pipelines.als_candidates.nodes import fit_factors, read_items, solve_block
from hm_kedro.pipelines.als_candidates.proposals import Integers, Ranked, pair_codes, rank
from hm_kedro.pipelines.als_candidates.topk import best_articles
from hm_kedro.search import best_first, identify_search, list_untried, of_search, tuning_weeks
from hm_kedro.tables import LIST_LENGTH, purchases_in_weeks

# ALS as a recommender, and as a retriever whose proposals another model orders.
AIMS = {"map12": "MAP@12", "recall100": "recall@100"}
PROPOSED = 100


def sample_buyers(
    transactions: DataFrame,
    customers: DataFrame,
    timeline: dict[str, Any],
    retrieval: RetrievalParameters,
    tuning: AlsTuningParameters,
    evaluation: EvaluationParameters,
) -> tuple[DataFrame, DataFrame]:
    """Take buyers of the tuning weeks, every n-th where there are more than `tuning.buyers` in all.

    Raises:
        HmKedroError: nobody bought anything in these weeks.

    Returns:
        `tuning_histories`, as `histories`; `tuning_purchases`: one row per (week, customer, article) they bought.
    """
    weeks = tuning_weeks(timeline, tuning, evaluation)
    bought = purchases_in_weeks(transactions, weeks)
    buyers = bought.select("week", "customer").distinct().count()
    if not buyers:
        raise HmKedroError(f"nobody bought anything in {', '.join(map(str, weeks))}: choose other weeks to tune on")
    every = max(1, -(-buyers // tuning.buyers))
    sampled = bought.where(F.col("customer") % every == 0)
    targets = sampled.select("week", "customer").distinct()
    return gather_lines(targets, transactions, customers, weeks, retrieval.history_days), sampled


def try_settings(
    tuning_histories: DataFrame,
    tuning_purchases: DataFrame,
    transactions: DataFrame,
    timeline: dict[str, Any],
    earlier_trials: list[dict[str, Any]],
    als: AlsParameters,
    tuning: AlsTuningParameters,
    evaluation: EvaluationParameters,
) -> Iterator[dict[str, Any]]:
    """Fit ALS with every setting not tried before, and measure what it recommends to the sampled buyers.

    Yields:
        A trial: what `identify_search` says, `settings` of ALS, `map12` and `recall100`, means over weeks of means
        over buyers; nothing is filled in from elsewhere.
    """
    weeks = tuning_weeks(timeline, tuning, evaluation)
    on = identify_search(timeline, tuning, evaluation)
    # In an order of their own: means of many numbers depend on it, in their last bits.
    histories = tuning_histories.toArrow().sort_by([("week", "ascending"), ("customer", "ascending")])
    blocks = [block for batch in histories.combine_chunks().to_batches() for block in read_blocks(batch)]
    truth = tuning_purchases.toArrow()
    for settings in list_untried(als, tuning, earlier_trials, on):
        items = fit_factors(weigh_weeks(transactions, weeks, settings), settings).toArrow()
        yield {**on, "settings": settings.model_dump(), **measure(blocks, items, truth, settings)}


def measure(blocks: list[Block], item_factors: pa.Table, truth: pa.Table, als: AlsParameters) -> dict[str, float]:
    """Measure what ALS proposes to the customers of some blocks.

    Args:
        item_factors: as `fit_factors` gives them, of every week of the blocks.
        truth: one row per (week, customer, article) bought.

    Returns:
        `map12` and `recall100` by week over all buyers in the truth, and of these the mean over weeks.
    """
    of_week = {}
    for week in sorted({block.week for block in blocks}):
        day = pa.scalar(week, pa.int32()).cast(pa.date32())
        bought = truth.filter(pc.field("week") == day)
        fitted = item_factors.filter(pc.field("week") == day)
        if not fitted.num_rows:  # nothing was sold in the window before this week: nothing is proposed
            of_week[week] = np.zeros(len(AIMS))
            continue
        items = read_items(fitted)
        on_sale = np.isin(items.articles, fitted.filter(pc.field("on_sale"))["article"].to_numpy())
        scores = [
            score_proposals(
                block.customers,
                rank(best_articles(factors, items.factors[on_sale], items.articles[on_sale], PROPOSED), PROPOSED),
                bought["customer"].to_numpy(),
                bought["article"].to_numpy(),
            )
            for block in blocks
            if block.week == week
            for factors in [solve_block(block, items, als)]
        ]
        of_week[week] = np.concatenate(scores).mean(axis=0)
    means = np.mean(list(of_week.values()), axis=0)
    return {aim: float(mean) for aim, mean in zip(AIMS, means, strict=True)}


def score_proposals(
    customers: Integers, proposed: Ranked, buyers: Integers, articles: Integers
) -> npt.NDArray[np.float64]:
    """Score what was proposed to customers by what they bought.

    Args:
        customers: of the rows of the proposals.
        buyers, articles: of each purchase, a pair once; purchases of others don't count.

    Returns:
        A row a customer with a purchase: AP@12 as evaluation has it, the share of their articles that was proposed.
    """
    ours = np.isin(buyers, customers)
    order = np.argsort(customers)
    rows = order[np.searchsorted(customers, buyers[ours], sorter=order)].astype(np.int32)
    bought = np.bincount(rows, minlength=len(customers))
    hit = np.isin(pair_codes(proposed.rows, proposed.articles), pair_codes(rows, articles[ours]))
    hits, ranks = proposed.rows[hit], proposed.ranks[hit]
    nth = np.arange(1, len(hits) + 1) - np.searchsorted(hits, hits)
    early = ranks <= LIST_LENGTH
    precisions = np.bincount(hits[early], (nth / ranks)[early], minlength=len(customers))
    kept = bought > 0
    found = np.bincount(hits, minlength=len(customers))
    return np.stack([precisions / np.clip(bought, 1, LIST_LENGTH), found / np.maximum(bought, 1)], axis=1)[kept]


def choose_settings(
    als_trials: list[dict[str, Any]],
    timeline: dict[str, Any],
    tuning: AlsTuningParameters,
    evaluation: EvaluationParameters,
) -> dict[str, Numbers]:
    """Order the trials of this search by each aim; those of other data or weeks, or of other parameters, are left out.

    Returns:
        For each of AIMS its best first: `map12`, `recall100`, and a column a setting that differs between trials.
    """
    trials = of_search(als_trials, identify_search(timeline, tuning, evaluation))
    return {aim: best_first(trials, aim, list(AIMS), list(AlsParameters.model_fields)) for aim in AIMS}


def draw_trials(als_tuning_report: dict[str, Numbers]) -> go.Figure:
    """Draw what each setting reaches in both aims; the best of each is marked."""
    return CHART.figure(als_tuning_report)


def _draw(numbers: Numbers) -> go.Figure:
    settings = [name for name in numbers if name not in AIMS]
    words = [
        "<br>".join(f"{name} {numbers[name][place]}" for name in settings) for place in range(len(numbers["map12"]))
    ]
    figure = go.Figure()
    figure.add_scatter(
        x=numbers["recall100"],
        y=numbers["map12"],
        text=words,
        mode="markers",
        marker={"color": COLOURS[0], "size": 8},
        name="a setting",
    )
    for place, (aim, title) in enumerate(AIMS.items()):
        best = max(range(len(words)), key=lambda row: numbers[aim][row])
        marker = {"color": COLOURS[place + 1], "size": 14, "symbol": ("star", "diamond")[place]}
        x, y = [numbers["recall100"][best]], [numbers["map12"][best]]
        figure.add_scatter(x=x, y=y, text=[words[best]], mode="markers", marker=marker, name=f"best {title}")
    figure.update_xaxes(title="recall@100, ALS as a retriever")
    figure.update_yaxes(title="MAP@12, ALS as a recommender")
    return figure


def _read(numbers: Numbers) -> str:
    best = max(range(len(numbers["recall100"])), key=lambda row: numbers["recall100"][row])
    return (
        f"Of {len(numbers['map12'])} settings the best recommender reaches MAP@12 {numbers['map12'][0]:.4f} with "
        f"recall@100 {numbers['recall100'][0]:.1%}, the best retriever {numbers['map12'][best]:.4f} with "
        f"{numbers['recall100'][best]:.1%}."
    )


CHART = Chart("map12", "What settings of ALS reach", "no trials", _draw, _read)
