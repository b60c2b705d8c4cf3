"""What may be said of contestants beyond chance: intervals, pairs, and where a model wins and loses.

Chance is here which customers there are: they are drawn again, with all their weeks (see `resampling`), while the weeks
stay as they are. What differs from week to week is told beside it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from math import floor, isclose, log10
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from hm_kedro.chart import counted
from hm_kedro.parameters import ComparisonParameters
from hm_kedro.pipelines.evaluation.contest import MAP12, SIGNIFICANCE, called
from hm_kedro.pipelines.evaluation.contestants import BASELINES, CONTESTANTS, ORACLE
from hm_kedro.pipelines.evaluation.metrics import ACCURACY, LISTS, MEANS
from hm_kedro.pipelines.evaluation.resampling import Doubles, correct, estimate, resample, two_sided_p
from hm_kedro.pipelines.evaluation.segments import ARTICLE_DIMENSIONS, CUSTOMER_DIMENSIONS, ORDER
from hm_kedro.tables import exact

DECIMALS = 9
METRICS = {
    MAP12: "MAP@12",
    "precision12": "precision@12",
    "recall12": "recall@12",
    "ndcg12": "NDCG@12",
    "mrr12": "MRR@12",
    "hit12": "hit rate@12",
    "revenue12": "revenue@12",
}
# What is asked beside how each compares with the best baseline: the other retrievers' worth, and the ranker's.
PAIRS = (("ranker", "als_filled"), ("ranker", "ranker_als"), ("ranker_als", "als_filled"))
SEGMENT = ("contestant", "dimension", "level")
SCORE_COLUMNS = ("contestant", "metric", "value", "low", "high", "weeks")
COMPARISON_COLUMNS = (
    *("contestant", "other", "metric", "value", "other_value", "difference", "low", "high", "p", "p_holm"),
    *("weeks", "weeks_ahead", "week_spread", "claim"),
)
SEGMENT_COLUMNS = (
    *("dimension", "level", "contestant", "buyers", "bought", "measure", "value", "low", "high"),
    *("other", "difference", "difference_low", "difference_high"),
)


class Means(NamedTuple):
    """Mean scores of every week, resample by resample.

    Attributes:
        weeks: the oldest first.
        contestants: in their order.
        values: weeks × contestants × metrics × (1 + resamples), in the first resample every customer once; NaN where
            the metric is defined for none.
    """

    weeks: list[date]
    contestants: list[str]
    values: Doubles


def compare_contestants(
    per_customer_scores: DataFrame, comparison: ComparisonParameters
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give every contestant's mean scores with intervals, and what may be claimed of pairs of them.

    A mean is over the buyers of a week for whom the metric is defined, then over weeks. Intervals are those of 95 % of
    the resamples. Numbers are rounded to DECIMALS, customers' scores before to 2^-30.

    Returns:
        `contestant_scores`: one row per (`contestant`, `metric`), `map12` or a column of the scores, that is defined
        for anyone: `value`, `low`, `high`, number of `weeks`.

        `comparison`: one row per (`contestant`, `other`, `metric`) of ACCURACY, over the weeks that both have. The
        other is the best baseline, that of the highest MAP@12; after these come PAIRS. `value`, `other_value`, their
        `difference` with `low` and `high`; `p`, twice the smaller of the shares of differences that are not above and
        not below 0, what was observed counted among the resamples, so at least 2 / (1 + resamples) and at most 1;
        `p_holm`, corrected for all rows of the table (Holm 1979); `weeks`, in how many of them the contestant's mean
        was the higher (`weeks_ahead`), the standard deviation of the difference over weeks (`week_spread`, missing for
        one); and the `claim`, in words.
    """
    map12 = map12_by_week(per_customer_scores)
    means = draw_means(per_customer_scores, map12, comparison)
    scores = pd.DataFrame(_score_rows(means), columns=list(SCORE_COLUMNS))
    compared = list(_compare(means, find_best_baseline(map12)))
    corrected = correct([row["p"] for row in compared])
    rows = [{**row, "p_holm": p_holm} for row, p_holm in zip(compared, corrected, strict=True)]
    rows = [{**row, "claim": claim(row, len(rows), comparison.resamples)} for row in rows]
    return scores.round(DECIMALS), pd.DataFrame(rows, columns=list(COMPARISON_COLUMNS)).round(DECIMALS)


def map12_by_week(per_customer_scores: DataFrame) -> dict[str, dict[date, float]]:
    """Give every contestant's MAP@12 of each week that they were judged in, the oldest first."""
    means = per_customer_scores.groupBy("contestant", "week").agg(F.avg(exact(F.col("ap12"))).alias("map12"))
    by_week: dict[str, dict[date, float]] = {}
    for row in means.orderBy("contestant", "week").toArrow().to_pylist():
        by_week.setdefault(row["contestant"], {})[row["week"]] = row["map12"]
    return {name: by_week[name] for name in in_order(by_week)}


def in_order(contestants: Iterable[str]) -> list[str]:
    """Put contestants in their order: as in CONTESTANTS, those from outside before the oracle, by name.

    >>> in_order(["oracle", "b", "ranker", "a", "bestsellers"])
    ['bestsellers', 'ranker', 'a', 'b', 'oracle']
    """
    known = [name for name in CONTESTANTS if name != ORACLE]
    places = {name: place for place, name in enumerate(known)} | {ORACLE: len(known) + 1}
    return sorted(contestants, key=lambda name: (places.get(name, len(known)), name))


def find_best_baseline(map12: dict[str, dict[date, float]]) -> str | None:
    """Find the baseline with the highest MAP@12 over its weeks, the first of equals; None where there is none."""
    there = [name for name in BASELINES if name in map12]
    return max(there, key=lambda name: np.mean(list(map12[name].values())), default=None)


def draw_means(
    per_customer_scores: DataFrame, map12: dict[str, dict[date, float]], comparison: ComparisonParameters
) -> Means:
    """Draw the customers again, a week at a time, and give the means of what each contestant scores."""
    metrics = [*ACCURACY, *LISTS]
    weeks = _weeks_of(map12)
    contestants = list(map12)
    values = np.full((len(weeks), len(contestants), len(metrics), 1 + comparison.resamples), np.nan)
    defined = [F.col(name).isNotNull().cast("double").alias(f"{name}_defined") for name in metrics]
    known = per_customer_scores.select("contestant", "week", "customer", *metrics, *defined).na.fill(0.0, metrics)
    columns = [*metrics, *(f"{name}_defined" for name in metrics)]
    for of_week, week in zip(values, weeks, strict=True):
        rows = known.where(F.col("week") == F.lit(week))
        drawn = resample(rows, ["contestant"], columns, comparison.resamples, comparison.seed)
        places = [contestants.index(contestant) for (contestant,) in drawn.groups]
        for place, name in enumerate(metrics):
            of_week[places, place] = _over(drawn.sums[name], drawn.sums[f"{name}_defined"])
    return Means(weeks, contestants, values)


def _over(sums: Doubles, counts: Doubles) -> Doubles:
    """Divide; NaN by nothing, as where a resample has none of a week's buyers."""
    ratios: Doubles = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    return ratios


def _score_rows(means: Means) -> Iterator[dict[str, Any]]:
    for of_contestant, contestant in enumerate(means.contestants):
        for of_metric, metric in enumerate([*ACCURACY, *LISTS]):
            drawn = means.values[:, of_contestant, of_metric]
            drawn = drawn[np.isfinite(drawn[:, 0])]
            if len(drawn):
                value, low, high = estimate(drawn.mean(axis=0))
                yield {
                    "contestant": contestant,
                    "metric": MEANS[metric],
                    "value": value,
                    "low": low,
                    "high": high,
                    "weeks": len(drawn),
                }


def _compare(means: Means, best: str | None) -> Iterator[dict[str, Any]]:
    """Compare pairs in all that says how accurate they are: rows of `comparison` without `p_holm` and `claim`."""
    for one, other in list_pairs(means.contestants, best):
        places = [means.contestants.index(name) for name in (one, other)]
        for of_metric, metric in enumerate(ACCURACY):
            both = means.values[:, places, of_metric]
            both = both[np.isfinite(both[:, :, 0]).all(axis=1)]
            if not len(both):
                continue
            value, other_value = both[:, :, 0].mean(axis=0)
            by_week = both[:, 0] - both[:, 1]
            drawn = by_week.mean(axis=0)
            difference, low, high = estimate(drawn)
            yield {
                "contestant": one,
                "other": other,
                "metric": MEANS[metric],
                "value": value,
                "other_value": other_value,
                "difference": difference,
                "low": low,
                "high": high,
                "p": two_sided_p(drawn),
                "weeks": len(both),
                "weeks_ahead": int((by_week[:, 0] > 0).sum()),
                "week_spread": by_week[:, 0].std(ddof=1) if len(both) > 1 else np.nan,
            }


def list_pairs(contestants: Sequence[str], best: str | None) -> list[tuple[str, str]]:
    """List who is compared: models, those from outside and baselines with the best baseline, then PAIRS.

    The oracle is compared with none, for it is no model.
    """
    models = [name for name in contestants if name not in (*BASELINES, ORACLE)]
    asked = [name for name in (*models, *BASELINES) if name in contestants and name != best]
    with_best = [(name, best) for name in asked if best is not None]
    return [*with_best, *(pair for pair in PAIRS if set(pair) <= set(contestants))]


def claim(row: dict[str, Any], tests: int, resamples: int) -> str:
    """Say what may be claimed of a pair, and no more.

    Args:
        row: of `comparison`.
        tests: number of its rows.
    """
    one, other, metric = called(row["contestant"]), called(row["other"]), METRICS[row["metric"]]
    difference, low, high, p, p_holm = (row[name] for name in ("difference", "low", "high", "p", "p_holm"))
    if difference == low == high == 0:
        return f"{one} and {other} score the same on {metric}."
    end = "; one week: nothing is said of other weeks." if row["weeks"] == 1 else "."
    of_weeks = "" if row["weeks"] == 1 else f"in {row['weeks_ahead']} of {row['weeks']} weeks"
    if not (low > 0 or high < 0):
        ahead = of_weeks and f"; ahead {of_weeks}"
        interval = _said(max(-low, high), low, high)
        return f"{one} can't be told from {other} on {metric}: the interval {interval} has zero in it{ahead}{end}"
    relative = f"{difference / row['other_value']:+.1%}; ".replace("%", " %") if row["other_value"] else ""
    interval = f"95 % interval {_said(difference, low, high)}"
    found = f"{_said(difference, abs(difference))} ({relative}{interval})".replace("(-", "(−")
    found += of_weeks and (f", {of_weeks}" if difference > 0 else f", ahead {of_weeks}")
    if p_holm < SIGNIFICANCE:
        verb = "beats" if difference > 0 else "falls behind"
        return f"{one} {verb} {other} on {metric} by {found}; Holm-corrected p {p_holm:.2g}{end}"
    side = "is ahead of" if difference > 0 else "is behind"
    least = ", the least that so few resamples can give" if isclose(p, 2 / (1 + resamples)) else ""
    chance = f"of {counted(tests, 'comparison')} one may come out so by chance: p {p:.2g}{least}"
    return f"{one} {side} {other} on {metric} by {found}, but {chance}, Holm-corrected {p_holm:.2g}{end}"


def _said(measure: float, *numbers: float) -> str:
    """Write numbers with the decimals that another needs for two digits, at least four.

    >>> _said(0.0026, 0.0012, -0.00399), _said(0.000012345, 0.5)
    ('0.0012 to −0.0040', '0.500000')
    """
    decimals = max(4, 1 - floor(log10(abs(measure)))) if measure else 4
    return " to ".join(f"{number:.{decimals}f}" for number in numbers).replace("-", "−")


def compare_segments(
    per_customer_scores: DataFrame,
    buyer_segments: DataFrame,
    hits_by_article: DataFrame,
    comparison: ComparisonParameters,
) -> pd.DataFrame:
    """Give every contestant's score by kind of customer and of article, with intervals, beside the best baseline's.

    Args:
        buyer_segments: one row per (week, customer) who bought: a level of each of CUSTOMER_DIMENSIONS.
        hits_by_article: one row per (contestant, week, customer, `kind`, `level`): `bought` int articles of the level,
            `hits` int of them.

    Returns:
        One row per (`dimension`, `level`, `contestant`) over all weeks: `buyers` of such weeks who are of the level,
        or who bought an article of it, and what they `bought` (of it); `measure`: `map12`, the mean over those buyers,
        or, of kinds of articles, `recall`, the share of what was bought that was listed; `value` with `low` and `high`;
        `other`, the best baseline, and over the weeks of both the `difference` to it with its bounds, all four missing
        for the baseline itself and for the oracle. Intervals and rounding as in `compare_contestants`.
    """
    map12 = map12_by_week(per_customer_scores)
    best = find_best_baseline(map12)
    rows = _line_up_segments(per_customer_scores, buyer_segments, hits_by_article)
    counts = rows.groupBy(*SEGMENT).agg(F.count("*").alias("buyers"), F.sum("bought").alias("bought")).toArrow()
    sums = _sum_segments(rows, _weeks_of(map12), best, comparison)
    found = []
    for count in counts.to_pylist():
        sizes, gains, shared, leads = sums[tuple(count[key] for key in SEGMENT)]
        value, low, high = estimate(_over(gains, sizes))
        measure = MAP12 if count["dimension"] in CUSTOMER_DIMENSIONS else "recall"
        row = {**count, "measure": measure, "value": value, "low": low, "high": high, "other": None}
        if shared[0] and count["contestant"] not in (best, ORACLE):
            difference, low, high = estimate(_over(leads, shared))
            row |= {"other": best, "difference": difference, "difference_low": low, "difference_high": high}
        found.append(row)
    names = in_order({row["contestant"] for row in found})
    found.sort(key=lambda row: (*_place_of(row["dimension"], row["level"]), names.index(row["contestant"])))
    return pd.DataFrame(found, columns=list(SEGMENT_COLUMNS)).round(DECIMALS)


def _line_up_segments(
    per_customer_scores: DataFrame, buyer_segments: DataFrame, hits_by_article: DataFrame
) -> DataFrame:
    """Line up what is summed up of kinds of customers and of articles.

    Returns:
        One row per (week, customer, contestant, dimension, level): `gain` by `size` is the measure (of a customer AP@12
        by 1, of articles hits by those bought), `bought`.
    """
    columns = ["week", "customer", *SEGMENT, "size", "gain", "bought"]
    levels = [F.struct(F.lit(name).alias("dimension"), F.col(name).alias("level")) for name in CUSTOMER_DIMENSIONS]
    scored = per_customer_scores.join(buyer_segments, ["week", "customer"])
    of_customers = scored.select("*", F.lit(1.0).alias("size"), F.col("ap12").alias("gain"), F.inline(F.array(*levels)))
    share = F.col("bought").cast("double").alias("size"), F.col("hits").cast("double").alias("gain")
    of_articles = hits_by_article.withColumnRenamed("kind", "dimension").select("*", *share)
    return of_customers.select(*columns).unionByName(of_articles.select(*columns))


def _weeks_of(map12: dict[str, dict[date, float]]) -> list[date]:
    return sorted({week for by_week in map12.values() for week in by_week})


def _sum_segments(
    rows: DataFrame, weeks: Sequence[date], best: str | None, comparison: ComparisonParameters
) -> dict[tuple[str, ...], Doubles]:
    """Draw the customers again, a week at a time, and add up by SEGMENT.

    Returns:
        Sizes and gains, and over the weeks of the best baseline, too, sizes and what is gained more than by it:
        4 × (1 + resamples).
    """
    sums: dict[tuple[str, ...], Doubles] = defaultdict(lambda: np.zeros((4, 1 + comparison.resamples)))
    for week in weeks:
        of_week = rows.where(F.col("week") == F.lit(week))
        drawn = resample(of_week, SEGMENT, ["size", "gain"], comparison.resamples, comparison.seed)
        places = {group: place for place, group in enumerate(drawn.groups)}
        for group, place in places.items():
            size, gain = drawn.sums["size"][place], drawn.sums["gain"][place]
            sums[group][:2] += size, gain
            if (best, *group[1:]) in places:
                sums[group][2:] += size, gain - drawn.sums["gain"][places[best, *group[1:]]]
    return sums


def _place_of(dimension: str, level: str) -> tuple[int, int, bool, str]:
    """Place levels as ORDER has them; those that it has not come first, by name, "under 20" before "20 to 24"."""
    dimensions = (*CUSTOMER_DIMENSIONS, *ARTICLE_DIMENSIONS)
    return (
        dimensions.index(dimension),
        ORDER.index(level) if level in ORDER else -1,
        not level.startswith("under "),
        level,
    )
