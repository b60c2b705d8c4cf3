"""Who is faster on the same work: engines against one good thread, against each other, and against pandas.

COST, the configuration that outperforms a single thread, is of McSherry, Isard and Murray (2015), "Scalability! But at
what COST?", HotOS XV: the number of cores from which a system is faster than a good implementation on one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from hm_kedro.engine import ENGINES
from hm_kedro.pipelines.scaling_study.measurements import YARDSTICKS
from hm_kedro.pipelines.scaling_study.ratios import divide, is_faster
from hm_kedro.pipelines.scaling_study.trials import Trials, differs, find_base, most_cores, place
from hm_kedro.pipelines.scaling_study.words import called

# The yardstick that says what PySpark buys the reader who has pandas.
PANDAS = "pandas"
# The yardstick that was measured on all cores, too.
ALL_CORES = "duckdb"
Work = tuple[str, str]


def cost_rows(trials: Sequence[Trials]) -> list[dict[str, Any]]:
    """Give the COST: a row per stage, data and engine for which a single thread was measured.

    Returns:
        `single`, the fastest yardstick on one core, and its `single_seconds` (missing where none ended, `single` then
        says how they failed); `cost`, the least number of cores measured from which the engine's median is the lower,
        missing where that is so of none; `most_cores`, up to which was measured, and `least_cores`, from which; the
        engine's `seconds` on the most cores and, of the rounds that both were in, their `ratio` to the single thread's,
        with `low` and `high`.
    """
    return [row for (stage, data), of_work in _by_work(trials).items() for row in _costs(stage, data, of_work)]


def _costs(stage: str, data: str, of_work: Sequence[Trials]) -> Iterator[dict[str, Any]]:
    singles = [one for one in of_work if one.contestant in YARDSTICKS and one.cores == 1]
    ended = [one for one in singles if one.seconds is not None]
    single = min(ended, key=lambda one: one.seconds or 0, default=None)
    for engine in ENGINES if singles else ():
        measured = sorted((one for one in of_work if one.contestant == engine), key=lambda one: one.cores)
        if not measured:
            continue
        faster = [one.cores for one in measured if is_faster(one, single)]
        most = measured[-1]
        ratio = None if single is None else divide(most, single)
        failures = "; ".join(f"{called(one.contestant)} {one.failure}" for one in singles)
        yield {
            "stage": stage,
            "data": data,
            "transactions": most.transactions,
            "contestant": engine,
            "single": failures if single is None else single.contestant,
            "single_seconds": None if single is None else single.seconds,
            "cost": min(faster, default=None),
            "least_cores": measured[0].cores,
            "most_cores": most.cores,
            "seconds": most.seconds,
            "failure": most.failure,
            "ratio": ratio.value if ratio else None,
            "low": ratio.low if ratio else None,
            "high": ratio.high if ratio else None,
        }


def _by_work(trials: Sequence[Trials]) -> dict[Work, list[Trials]]:
    """Gather who did the same work, at the base's settings, by stage and data, sizes ascending."""
    base = find_base(trials)
    found: dict[Work, list[Trials]] = defaultdict(list)
    for one in trials:
        if not differs(one.settings, base):
            found[one.stage, one.data].append(one)
    return dict(sorted(found.items(), key=lambda work: (place(work[0][0], ""), work[1][0].transactions)))


def engine_rows(trials: Sequence[Trials]) -> list[dict[str, Any]]:
    """Compare contestants on the same cores: a row per stage, data, pair and count of cores.

    Pairs are the first engine with each other one and, on more cores than one, each engine with DuckDB, which there is
    no single thread but says what the machine can do.

    Returns:
        `ratio` of the seconds of `contestant` to those of `other`, with `low` and `high`; where one of two did not end
        it is missing, and `failure` says who and how.
    """
    found = []
    for (stage, data), of_work in _by_work(trials).items():
        measured = {(one.contestant, one.cores): one for one in of_work}
        for mine, theirs in _pairs(measured):
            ratio = divide(mine, theirs)
            failures = [f"{called(one.contestant)} {one.failure}" for one in (mine, theirs) if one.seconds is None]
            found.append(
                {
                    "stage": stage,
                    "data": data,
                    "transactions": mine.transactions,
                    "contestant": mine.contestant,
                    "other": theirs.contestant,
                    "cores": mine.cores,
                    "ratio": ratio.value if ratio else None,
                    "low": ratio.low if ratio else None,
                    "high": ratio.high if ratio else None,
                    "failure": "; ".join(failures),
                }
            )
    return found


def _pairs(measured: dict[tuple[str, int], Trials]) -> Iterator[tuple[Trials, Trials]]:
    first, *others = ENGINES
    for cores in sorted({cores for _, cores in measured}):
        asked = [(first, other) for other in others]
        asked += [(engine, ALL_CORES) for engine in ENGINES if cores > 1]
        for one, other in asked:
            if (one, cores) in measured and (other, cores) in measured:
                yield measured[one, cores], measured[other, cores]


def pandas_rows(trials: Sequence[Trials]) -> list[dict[str, Any]]:
    """Say from which size an engine on its most cores is faster than pandas: a row per family, stage and engine.

    Returns:
        `faster_from`, transactions of the smallest size from which on the engine is always the faster (or the only one
        to end), missing where it is not at the largest at which either ended; `slower_until`, of the largest below it;
        `largest` that both tried; the `ratio` of the engine's seconds to pandas's, with `low` and `high`, at `ratio_at`
        transactions, the most at which both ended; `pandas_ends_at`, the first size at which pandas did not end, and
        `pandas_failure`, how.
    """
    most, pairs = most_cores(trials), defaultdict(list)
    for (stage, _), of_work in _by_work(trials).items():
        pandas = next((one for one in of_work if one.contestant == PANDAS), None)
        for one in of_work:
            if pandas is not None and one.contestant in ENGINES and one.cores == most[one.contestant]:
                pairs[one.family, stage, one.contestant].append((one, pandas))
    return [
        {"family": family, "stage": stage, "contestant": engine, **_against_pandas(both)}
        for (family, stage, engine), both in pairs.items()
    ]


def _against_pandas(both: Sequence[tuple[Trials, Trials]]) -> dict[str, Any]:
    faster_from, slower_until = None, None
    for engine, pandas in both:
        if is_faster(engine, pandas):
            faster_from = faster_from or engine.transactions
        elif pandas.seconds is not None:
            faster_from, slower_until = None, engine.transactions
    ended = [(ratio, pandas.transactions) for ratio, (_, pandas) in ((divide(*pair), pair) for pair in both) if ratio]
    ratio, ratio_at = ended[-1] if ended else (None, None)
    failed = next((pandas for _, pandas in both if pandas.seconds is None), None)
    return {
        "sizes": len(both),
        "faster_from": faster_from,
        "slower_until": slower_until,
        "largest": both[-1][0].transactions,
        "ratio": ratio.value if ratio else None,
        "low": ratio.low if ratio else None,
        "high": ratio.high if ratio else None,
        "ratio_at": ratio_at,
        "pandas_ends_at": failed.transactions if failed else None,
        "pandas_failure": failed.failure if failed else "",
    }
