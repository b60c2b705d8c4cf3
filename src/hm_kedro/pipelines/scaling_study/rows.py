"""A report of the study, row by row, and how single rows are said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from hm_kedro.chart import Numbers, counted, row_by_row
from hm_kedro.engine import ENGINES

Report = dict[str, Numbers]
Row = dict[str, Any]


def rows_of(report: Report, table: str) -> list[Row]:
    """Give a table of the report as rows; none where it is lacking."""
    return row_by_row(report.get(table, {}))


def grouped(rows: Sequence[Row], *names: str) -> Iterator[list[Row]]:
    """Give rows that stand together and agree in some columns."""
    for _, group in groupby(rows, lambda row: tuple(row[name] for name in names)):
        yield list(group)


def at_largest(rows: Sequence[Row], *names: str) -> list[Row]:
    """Keep of each group of rows the one of the most transactions."""
    largest: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        key = tuple(row[name] for name in names)
        if key not in largest or row["transactions"] > largest[key]["transactions"]:
            largest[key] = row
    return list(largest.values())


def main_rows(report: Report) -> list[Row]:
    """Give the configurations with the base's settings, each engine on its most cores, yardsticks on one."""
    base = (rows_of(report, "base") or [{}])[0]
    found = [
        row
        for row in rows_of(report, "configurations")
        if all(row[name] == value or (name != "history_weeks" and row[name] is None) for name, value in base.items())
    ]
    most: dict[str, int] = {}
    for row in found:
        engine = row["contestant"] in ENGINES
        most[row["contestant"]] = max(most.get(row["contestant"], 0), row["cores"]) if engine else 1
    return [row for row in found if row["cores"] == most[row["contestant"]]]


def largest_rows(report: Report) -> list[Row]:
    """Give of `main_rows` the largest size of each stage and contestant that came to an end."""
    return at_largest([row for row in main_rows(report) if row["seconds"] is not None], "stage", "contestant")


def say_times(ratio: float) -> str:
    """Say a ratio of seconds.

    >>> say_times(0.5), say_times(2.5)
    ('0.50 times as long', '2.50 times as long')
    """
    return f"{ratio:.2f} times as long"


def is_draw(row: Row) -> bool:
    """Whether the interval of a ratio has 1 in it; of one without an interval nobody knows."""
    return row["low"] is not None and row["low"] <= 1 <= row["high"]


def say_apart(row: Row) -> str:
    """Say that two contestants can't be told apart, or that one pair of repeats doesn't say so, where that is so."""
    if row["low"] is None:
        return ", one pair of repeats, without an interval"
    return ", not told apart" if is_draw(row) else ""


def say_cost(row: Row) -> str:
    """Say from how many cores on an engine is faster: a row of `cost`."""
    if row["cost"] is None:
        return f"is never faster up to {counted(row['most_cores'], 'core')}"
    fewer = "" if row["least_cores"] == 1 or row["cost"] > row["least_cores"] else "; fewer were not measured"
    return f"is faster from {counted(row['cost'], 'core')}{fewer}"


def judge_growth(row: Row) -> str:
    """Say what an exponent's interval says of growth: a row of `growth`."""
    if row["high"] < 1:
        return "less than in proportion"
    return "more than in proportion" if row["low"] > 1 else "proportion is not excluded"
