"""What figures, page and last words of a run take from the comparison: its rows, the best baseline, and names."""

from typing import Any

import pandas as pd

from hm_kedro.chart import in_words
from hm_kedro.pipelines.evaluation.contestants import BASELINES, CONTESTANTS, ORACLE

MAP12 = "map12"
ALS_FILLED, RANKER_ALS, RANKER = "als_filled", "ranker_als", "ranker"
# Up to which p, corrected by Holm, a difference is taken to be more than chance.
SIGNIFICANCE = 0.05
NO_BUYERS = "no judged week with buyers before the cutoff"
# Kinds of contestants.
BASELINE, OWN, OUTSIDE = "baseline", "ALS and the ranker", "from outside"


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Give a table's rows, what is missing as None; an empty table need not have columns."""
    return [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for row in table.to_dict("records")
    ]


def list_differences(comparison: pd.DataFrame) -> list[dict[str, Any]]:
    """List the differences of MAP@12: those to the best baseline first, of both the largest first.

    The oracle recommends nothing and is left out.
    """
    found = [row for row in records(comparison) if row["metric"] == MAP12 and row["contestant"] != ORACLE]
    return sorted(found, key=lambda row: (row["other"] not in BASELINES, -row["difference"]))


def find_best_baseline(comparison: pd.DataFrame) -> str | None:
    """Name the baseline that the others are held against."""
    return next((row["other"] for row in list_differences(comparison) if row["other"] in BASELINES), None)


def holds(difference: dict[str, Any]) -> bool:
    """Whether a difference is more than chance explains, all differences considered."""
    low, high, p = (difference[name] for name in ("low", "high", "p_holm"))
    return None not in (low, high, p) and (low > 0 or high < 0) and bool(p < SIGNIFICANCE)


def called(contestant: str) -> str:
    """What a contestant is called; one from outside as its file is.

    >>> called("als_filled"), called("our_model")
    ('als filled', 'our_model')
    """
    return in_words(contestant) if contestant in CONTESTANTS else contestant


def kind_of(contestant: str) -> str:
    """Which kind a contestant is of."""
    if contestant in BASELINES:
        return BASELINE
    return OWN if contestant in CONTESTANTS else OUTSIDE


def describe(contestant: str) -> str:
    """Say what a contestant does."""
    return CONTESTANTS.get(contestant, "a submission from outside")


def list_claims(comparison: pd.DataFrame) -> list[str]:
    """List what may be claimed of each difference of MAP@12."""
    return [row["claim"] for row in list_differences(comparison)]
