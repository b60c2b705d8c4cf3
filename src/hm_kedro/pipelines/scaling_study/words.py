"""How the study says numbers and names."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hm_kedro.chart import in_words

CALLED = {
    "spark": "Spark",
    "sail": "Sail",
    "cluster": "the cluster",
    "pandas": "pandas",
    "duckdb": "DuckDB",
    "implicit": "implicit",
    "lightgbm": "LightGBM",
    "als": "ALS",
    "als_fit": "fit of ALS",
    "als_top": "top of ALS",
}
TWO_DIGITS = 10
# Of ratios and exponents.
WIDE = 10
# A prediction between whose ends there are more than so many times is none.
MOST_UNSURE = 1000
MINUTE, HOUR, DAY = 60, 3600, 86400


def called(name: str) -> str:
    """Say the name of a contestant, a stage or a method.

    >>> called("spark"), called("als_fit"), called("bought_together")
    ('Spark', 'fit of ALS', 'bought together')
    """
    return CALLED.get(name, in_words(name))


def say_seconds(seconds: float) -> str:
    """Say a time with about two digits.

    >>> [say_seconds(seconds) for seconds in (0.123, 4.56, 78.9, 1234, 20000, 1e6)]
    ['0.12 s', '4.6 s', '79 s', '21 min', '5.6 h', '12 days']
    """
    for limit, unit, name in ((10 * MINUTE, 1, "s"), (2 * HOUR, MINUTE, "min"), (3 * DAY, HOUR, "h")):
        if seconds < limit:
            return f"{say_number(seconds / unit)} {name}"
    return f"{say_number(seconds / DAY)} days"


def say_bytes(count: float) -> str:
    """Say an amount of memory; of less than a hundredth of a GiB no more than that.

    >>> say_bytes(3 * 2**29), say_bytes(2**41), say_bytes(840), say_bytes(0)
    ('1.5 GiB', '2,048 GiB', '< 0.01 GiB', '0 GiB')
    """
    least = 0.01
    return f"< {least} GiB" if 0 < count < least * 2**30 else f"{say_number(count / 2**30)} GiB"


def say_count(count: float) -> str:
    """Say a number of transactions.

    >>> say_count(4321), say_count(317883), say_count(31788324), say_count(3.2e9)
    ('4,321', '0.32 million', '32 million', '3,200 million')
    """
    return f"{count:,.0f}" if count < 10**5 else f"{say_number(count / 10**6)} million"


def say_number(value: float) -> str:
    """Write two digits, of large numbers all.

    >>> say_number(0.0456), say_number(9.96), say_number(1234)
    ('0.046', '10', '1,234')
    """
    rounded = float(f"{value:.2g}")
    if rounded >= TWO_DIGITS:
        return f"{value:,.0f}"
    return f"{rounded:.2g}" if rounded < 1 else f"{rounded:.1f}"


def say_interval(low: float | None, high: float | None, digits: int = 2) -> str:
    """Say a 95 % interval in brackets; nothing of none, and of one that tells nothing, as of three points, only that.

    >>> say_interval(0.5, 1.25), say_interval(None, None)
    (' (95 % interval 0.50 to 1.25)', '')
    >>> say_interval(-12, 12)
    ' (95 % interval wider than 10)'
    """
    if low is None or high is None:
        return ""
    if high - low > WIDE:
        return f" (95 % interval wider than {WIDE})"
    return f" (95 % interval {low:.{digits}f} to {high:.{digits}f})".replace("-", "−")


def tells_nothing(low: float, high: float) -> bool:
    """Whether the 95 % interval of a prediction is so wide that its middle would only seem to be known.

    >>> tells_nothing(1.0, 50.0), tells_nothing(0.0005, 1_800_000.0)
    (False, True)
    """
    return high > MOST_UNSURE * low


def say_range(found: Iterable[tuple[str, float]], unit: str = "", say: Callable[[float], str] = "{:.2f}".format) -> str:
    """Say of named numbers the least and the most; once, where they are all the same.

    >>> say_range([("read", 1.4), ("train", 1.9), ("score", 1.5)], " times")
    '1.40 (read) to 1.90 times (train)'
    >>> say_range([("read", 1.4)], " times")
    '1.40 times (read)'
    >>> say_range([("read", 1.4), ("train", 1.4)], " times")
    '1.40 times (each)'
    """
    ordered = sorted(found, key=lambda named: named[1])
    (first, least), (last, most) = ordered[0], ordered[-1]
    if least == most:
        return f"{say(most)}{unit} ({called(last) if len(ordered) == 1 else 'each'})"
    return f"{say(least)} ({called(first)}) to {say(most)}{unit} ({called(last)})"
