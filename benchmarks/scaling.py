"""What scaling buys: the tables of docs/scaling.md from the measurements of the pipeline `scaling_study`.

    python -m benchmarks.scaling --measurements FILE [--settings FILE ...] [--quality FILE ...]

Reads `scaling_measurements` (Parquet), those of further studies (of which settings alone are told), and
`scaling_quality` (JSON) of any number of logs, and measures nothing itself.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.pages import PROJECT, insert, rows
from hm_kedro.chart import Numbers, column_by_column, row_by_row
from hm_kedro.engine import ENGINES
from hm_kedro.pipelines.scaling_study.claims import TOPICS, list_topics
from hm_kedro.pipelines.scaling_study.quality import CHANGE
from hm_kedro.pipelines.scaling_study.report import fit_scaling
from hm_kedro.pipelines.scaling_study.rows import judge_growth, largest_rows
from hm_kedro.pipelines.scaling_study.trials import SETTINGS, place
from hm_kedro.pipelines.scaling_study.words import called, say_bytes, say_count, say_seconds, tells_nothing

PAGE = PROJECT / "docs/scaling.md"
AMOUNTS = ("peak_bytes", "shuffle_bytes", "spill_bytes")
FURTHER = (10, 100)
NOTHING = "Nothing of it was measured."
Report = dict[str, Numbers]
Row = dict[str, Any]


def table(header: list[str], lines: list[list[str]]) -> str:
    """A table in Markdown, or a word that there is none."""
    return rows(header, lines) if lines else NOTHING


def of(report: Report, name: str) -> list[Row]:
    """Give the rows of a table of the report."""
    return row_by_row(report[name])


def number(value: float | None, digits: int = 2) -> str:
    """Write a number; nothing of nothing."""
    return "" if value is None else f"{value:.{digits}f}".replace("-", "−")


def ranged(row: Row, name: str, digits: int = 2) -> str:
    """Write a number with its interval."""
    if row[name] is None or row["low"] is None:
        return number(row[name], digits)
    return f"{number(row[name], digits)} ({number(row['low'], digits)} to {number(row['high'], digits)})"


def seconds(value: float | None) -> str:
    """Write a time; nothing of nothing."""
    return "" if value is None else say_seconds(value)


def machine(*reports: Report) -> str:
    """Where and when was measured."""
    lines = [
        [
            row["machine"] or "unknown",
            str(row["machine_cores"] or ""),
            say_bytes(row["machine_bytes"]) if row["machine_bytes"] else "",
            row["versions"] or "",
            row["spark"] or "",
            row["first"] if row["first"] == row["last"] else f"{row['first']} to {row['last']}",
            f"{row['runs']:,}",
        ]
        for report in reports
        for row in of(report, "machine")
    ]
    return table(["machine", "cores", "memory", "versions", "Spark", "date", "runs"], lines)


def cost(report: Report) -> str:
    """The COST of each stage and size, both engines beside each other."""
    works: dict[tuple[str, int], dict[str, Row]] = {}
    for row in of(report, "cost"):
        works.setdefault((row["stage"], row["transactions"]), {})[row["contestant"]] = row
    engines = [engine for engine in ENGINES if any(engine in found for found in works.values())]
    lines = []
    for (stage, transactions), found in works.items():
        first = next(iter(found.values()))
        single = called(first["single"]) + (f" {seconds(first['single_seconds'])}" if first["single_seconds"] else "")
        cells = [cell for engine in engines for cell in cost_cells(found.get(engine))]
        lines.append([called(stage), say_count(transactions), single, *cells])
    header = [title for engine in engines for title in (f"COST, {called(engine)}", "time", "by the single thread's")]
    return table(["stage", "transactions", "fastest single thread", *header], lines)


def cost_cells(row: Row | None) -> list[str]:
    """From how many cores an engine is faster, its time on the most, and that by the single thread's."""
    if row is None:
        return ["", "", ""]
    fewer = "≤ " if row["cost"] is not None and 1 < row["cost"] == row["least_cores"] else ""
    least = f"never up to {row['most_cores']}" if row["cost"] is None else f"{fewer}{row['cost']}"
    return [least, seconds(row["seconds"]) or row["failure"], ranged(row, "ratio")]


def exponents(report: Report, measure: str) -> str:
    """The exponents of time or of memory."""
    say: Callable[[float], str] = say_seconds if measure == "seconds" else say_bytes
    lines = [
        [
            called(row["stage"]),
            row["family"],
            called(row["contestant"]),
            str(row["cores"]),
            f"{row['sizes']}, {row['failed']} failed" if row["failed"] else str(row["sizes"]),
            ranged(row, "exponent"),
            "" if row["exponent"] is None else judge_growth(row),
            "" if row["beside"] is None else f"{say(row['overhead'])}, {number(row['beside'])}",
            row["why"],
        ]
        for row in of(report, "growth")
        if row["measure"] == measure
    ]
    header = ["stage", "data", "with", "cores", "sizes", "exponent (95 %)", "growth", "overhead, exponent beside it"]
    return table([*header, "which law"], lines)


def cores(report: Report) -> str:
    """What cores buy."""
    speedups = {(row["data"], row["stage"], row["contestant"], row["cores"]): row for row in of(report, "speedup")}
    weak = {(row["data"], row["stage"], row["contestant"]): row for row in of(report, "weak_scaling")}
    lines = []
    for row in of(report, "core_laws"):
        line = row["data"], row["stage"], row["contestant"]
        measured, grown = speedups.get((*line, row["most_cores"])), weak.get(line)
        marked = "" if grown is None else f"{number(grown['efficiency'])}{' (interpolated)' * grown['interpolated']}"
        universal = (
            "" if row["contention"] is None else f"{number(row['contention'], 3)}, {number(row['coherency'], 4)}"
        )
        lines.append(
            [
                f"{called(row['stage'])}, {row['data']}",
                called(row["contestant"]),
                str(row["most_cores"]),
                ranged(measured, "speedup") if measured else "",
                ranged(row, "serial"),
                number(row["limit"], 1) or "none",
                number(row["scaled"]),
                marked,
                universal,
                number(row["peak"], 0),
            ]
        )
    header = ["stage", "on", "cores", "speedup (95 %)", "serial share (95 %)", "limit", "scaled speedup"]
    found = table([*header, "weak efficiency", "contention, coherency", "most at"], lines)
    hows = dict.fromkeys(row["how"] for row in of(report, "core_laws"))
    return "\n\n".join([found, *(f"{how[0].upper()}{how[1:]}." for how in hows)])


def work(report: Report) -> str:
    """What the stages did at the largest size that came to an end."""
    lines = [
        [
            called(row["stage"]),
            called(row["contestant"]),
            say_count(row["transactions"]),
            f"{seconds(row['seconds'])} ({seconds(row['low'])} to {seconds(row['high'])})",
            seconds(row["start_seconds"]),
            "" if row["utilisation"] is None else f"{row['utilisation']:.0%} of {row['cores']}",
            *["" if row[name] is None else say_bytes(row[name]) for name in AMOUNTS],
        ]
        for row in largest_rows(report)
    ]
    header = ["stage", "with", "transactions", "median (least to most)", "start", "CPU", "peak memory", "shuffled"]
    return table([*header, "spilled"], lines)


def engines(report: Report) -> str:
    """Engine against engine."""
    lines = [
        [
            called(row["stage"]),
            say_count(row["transactions"]),
            str(row["cores"]),
            f"{called(row['contestant'])} by {called(row['other'])}",
            row["failure"] or ranged(row, "ratio"),
        ]
        for row in of(report, "engines")
    ]
    return table(["stage", "transactions", "cores", "engines", "seconds by seconds (95 %)"], lines)


def pandas(report: Report) -> str:
    """From which size an engine is faster than pandas."""
    lines = [
        [
            called(row["stage"]),
            row["family"],
            called(row["contestant"]),
            f"never up to {say_count(row['largest'])}" if row["faster_from"] is None else say_count(row["faster_from"]),
            "" if row["ratio"] is None else f"{ranged(row, 'ratio')} at {say_count(row['ratio_at'])}",
            "" if row["pandas_ends_at"] is None else f"{say_count(row['pandas_ends_at'])}: {row['pandas_failure']}",
        ]
        for row in of(report, "pandas")
    ]
    header = ["stage", "data", "engine", "faster from", "seconds by those of pandas (95 %)", "where pandas ends"]
    return table(header, lines)


def predicted_sizes(report: Report) -> str:
    """Predictions for more data, by the law that tells more."""
    found: dict[tuple[str, str, str], dict[tuple[str, int], Row]] = {}
    for row in of(report, "size_predictions"):
        if row["better"]:
            by = found.setdefault((row["stage"], row["family"], row["contestant"]), {})
            by[row["measure"], row["times"]] = row
    asked = [(measure, times) for measure in ("seconds", "peak_bytes") for times in FURTHER]
    lines = [
        [
            f"{called(stage)}, {family}",
            called(contestant),
            number(next(iter(by.values()))["transactions"] / next(iter(by.values()))["beyond"] / 10**6, 1),
            *[predicted(by.get(of_what)) for of_what in asked],
        ]
        for (stage, family, contestant), by in found.items()
    ]
    header = [f"{'time' if measure == 'seconds' else 'memory'}, {times} × H&M" for measure, times in asked]
    return table(["stage", "with", "largest measured, million", *header], lines)


def predicted(row: Row | None) -> str:
    """A prediction with its interval; none where that tells nothing."""
    if row is None:
        return ""
    if tells_nothing(row["low"], row["high"]):
        return "not told"
    say = say_seconds if row["measure"] == "seconds" else say_bytes
    return f"{say(row['value'])} ({say(row['low'])} to {say(row['high'])})"


def predicted_cores(report: Report) -> str:
    """Predictions for more cores."""
    found: dict[tuple[str, str, str, str], dict[int, Row]] = {}
    for row in of(report, "core_predictions"):
        found.setdefault((row["stage"], row["data"], row["contestant"], row["law"]), {})[row["cores"]] = row
    asked = sorted({number for by in found.values() for number in by})
    lines = [
        [
            f"{called(stage)}, {data}",
            called(engine),
            law,
            *[f"{ranged(by[number], 'speedup', 1)}, {seconds(by[number]['seconds'])}" for number in asked],
        ]
        for (stage, data, engine, law), by in found.items()
    ]
    return table(["stage", "on", "law", *[f"{number} cores: speedup, time" for number in asked]], lines)


def settings(*reports: Report) -> str:
    """What settings cost, by all studies, each on its own machine."""
    found = sorted(
        ((row, report) for report in reports for row in of(report, "elasticity")),
        key=lambda one: (SETTINGS.index(one[0]["setting"]), *place(one[0]["stage"], one[0]["contestant"])),
    )
    lines = [
        [
            called(row["setting"]),
            f"{called(row['stage'])}, {row['data']}",
            called(row["contestant"]),
            f"{row['values']}, {row['least']:,.0f} to {row['most']:,.0f}",
            ranged(row, "elasticity"),
            ranged(row | {"low": row["ratio_low"], "high": row["ratio_high"]}, "ratio"),
            " and ".join(dict.fromkeys(processor(one) for one in of(report, "machine"))),
        ]
        for row, report in found
    ]
    header = ["setting", "stage", "with", "values", "elasticity of time (95 %)", "most by least (95 %)", "machine"]
    return table(header, lines)


def processor(row: Row) -> str:
    """Name a machine in short: a row of `machine`."""
    return (row["machine"] or "unknown").partition(",")[0]


def failures(report: Report) -> str:
    """What failed."""
    lines = [
        [
            called(row["stage"]),
            called(row["contestant"]),
            row["data"],
            str(row["cores"]),
            f"{row['failed']} of {row['runs']}",
            row["failure"],
            said(row["message"]),
        ]
        for row in of(report, "failures")
    ]
    return table(["stage", "with", "data", "cores", "runs", "how", "last words"], lines) if lines else "No run failed."


def said(message: str | None) -> str:
    """The end of what a failed run said, in a cell."""
    return " ".join((message or "").split())[-120:].replace("|", "\\|")


def quality(report: Report) -> str:
    """Quality over size."""
    lines = [
        [
            row["log"],
            called(row["axis"]),
            f"{row['value']:g}",
            called(row["method"]),
            ranged(row, "map12", 4),
            changed(row),
            number(row["recall12"], 4),
            f"{row['customers']:,}",
        ]
        for row in of(report, "quality")
    ]
    header = ["log", "what is varied", "value", "method", "MAP@12 (95 %)", "more than at the least value (95 %)"]
    return table([*header, "recall@12", "buyers"], lines)


def changed(row: Row) -> str:
    """Write a difference with its interval; nothing of none."""
    values = [row.get(name) for name in CHANGE]
    if None in values:
        return ""
    change, low, high = (f"{round(value, 4) + 0.0:+.4f}".replace("-", "−") for value in values)
    return f"{change} ({low} to {high})"


def told(report: Report, topics: Sequence[str]) -> str:
    """The sentences of some topics."""
    known = list_topics(report)
    return "\n".join(f"- {claim}" for topic in topics for claim in known.get(TOPICS[topic], [])) or NOTHING


def write(report: Report, further: Sequence[Report] = (), page: Path = PAGE) -> None:
    """Write the tables into their places."""
    for name, part in parts_of(report, further).items():
        insert(page, name, part)


def parts_of(report: Report, further: Sequence[Report] = ()) -> dict[str, str]:
    """Give the tables by the names of their places; of further studies settings alone."""
    return {
        "summary": told(report, ["summary"]),
        "machine": machine(report, *further),
        "cost": cost(report),
        "pandas": pandas(report),
        "engines": engines(report),
        "work": work(report),
        "exponents": exponents(report, "seconds"),
        "memory": exponents(report, "peak_bytes"),
        "cores": cores(report),
        "settings": settings(report, *further),
        "size predictions": predicted_sizes(report),
        "core predictions": predicted_cores(report),
        "quality": f"{quality(report)}\n\n{told(report, ['quality'])}" if report["quality"] else NOTHING,
        "failures": failures(report),
    }


def read_quality(files: Sequence[Path]) -> Numbers:
    """Read what was judged on each log, one after the other."""
    found = [row for file in files for row in row_by_row(json.loads(file.read_text(encoding="utf-8")))]
    return column_by_column(found, list(found[0]) if found else [])


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measurements", type=Path, required=True, metavar="FILE", help="scaling_measurements")
    parser.add_argument("--settings", type=Path, nargs="+", default=[], metavar="FILE", help="those of further studies")
    parser.add_argument("--quality", type=Path, nargs="+", default=[], metavar="FILE", help="scaling_quality, of a log")
    args = parser.parse_args()
    further = [fit_scaling(pd.read_parquet(file), {}) for file in args.settings]
    write(fit_scaling(pd.read_parquet(args.measurements), read_quality(args.quality)), further)


if __name__ == "__main__":
    main()
