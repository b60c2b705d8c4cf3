"""What the study found, in sentences, each with its numbers; above all where a single thread wins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

from hm_kedro.chart import Numbers, counted, row_by_row
from hm_kedro.pipelines.scaling_study.words import called, say_bytes, say_count, say_interval, say_seconds

Report = dict[str, Numbers]
Row = dict[str, Any]
LAWS = {"power": "without overhead", "overhead": "with an overhead"}
# From so many on the shape of a speedup is seen.
MANY_CORES = 8
METHODS = ("bestsellers", "als", "ranker")

TOPICS = {
    "summary": "In short",
    "single thread": "Against a single thread",
    "pandas": "Against pandas",
    "engines": "Engine against engine",
    "data": "More data",
    "cores": "More cores",
    "settings": "Larger settings",
    "memory": "Memory",
    "predictions": "Predictions",
    "quality": "Quality",
    "failures": "What failed",
}


def claim_rows(report: Report) -> list[dict[str, str]]:
    """Say what the tables of a report say: a row per sentence, `topic` of TOPICS and `claim`."""
    tellers: dict[str, Callable[[Report], Iterator[str]]] = {
        "summary": _summarize,
        "single thread": _tell_cost,
        "pandas": _tell_pandas,
        "engines": _tell_engines,
        "data": lambda report: _tell_growth(report, "seconds"),
        "cores": _tell_cores,
        "settings": _tell_settings,
        "memory": lambda report: _tell_growth(report, "peak_bytes"),
        "predictions": _tell_predictions,
        "quality": _tell_quality,
        "failures": _tell_failures,
    }
    return [{"topic": topic, "claim": claim} for topic, tell in tellers.items() for claim in tell(report)]


def list_topics(report: Report) -> dict[str, list[str]]:
    """List the sentences by topic, as TOPICS calls it, what is to be said in short first."""
    topics: dict[str, list[str]] = {}
    for row in _rows(report, "claims"):
        topics.setdefault(TOPICS[row["topic"]], []).append(row["claim"])
    return topics


def _rows(report: Report, table: str) -> list[Row]:
    return row_by_row(report.get(table, {}))


def _grouped(rows: Sequence[Row], *names: str) -> Iterator[list[Row]]:
    """Give rows that stand together and agree in some columns."""
    for _, group in groupby(rows, lambda row: tuple(row[name] for name in names)):
        yield list(group)


def _times(ratio: float) -> str:
    """Say a ratio of seconds.

    >>> _times(0.5), _times(2.5)
    ('0.50 times as long', '2.50 times as long')
    """
    return f"{ratio:.2f} times as long"


def _at_largest(rows: Sequence[Row], *names: str) -> list[Row]:
    """Keep of each group of rows the one of the most transactions."""
    largest: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        key = tuple(row[name] for name in names)
        if key not in largest or row["transactions"] > largest[key]["transactions"]:
            largest[key] = row
    return list(largest.values())


def _summarize(report: Report) -> Iterator[str]:
    yield from _summarize_cost(report)
    yield from _summarize_engines(report)
    yield from _summarize_cores(report)
    runs = sum(row["runs"] for row in _rows(report, "configurations"))
    failed = sum(row["failed"] for row in _rows(report, "configurations"))
    if runs:
        yield f"{failed:,} of {counted(runs, 'run')} did not come to a good end; they count as endless in every median."
    most = max((row["most_cores"] for row in _rows(report, "core_laws")), default=0)
    if 0 < most < MANY_CORES:
        yield (
            f"More than {most} cores were not measured: whether memory bandwidth, shuffles or a network would end the "
            "gain earlier than Amdahl's law says can't be known from this machine."
        )


def _summarize_cost(report: Report) -> Iterator[str]:
    for of_engine in _grouped(
        sorted(_at_largest(_rows(report, "cost"), "stage", "contestant"), key=lambda row: row["contestant"]),
        "contestant",
    ):
        lost = [row for row in of_engine if row["cost"] is None and row["single_seconds"] is not None]
        neither = [row for row in of_engine if row["cost"] is None and row["single_seconds"] is None]
        engine, cores = called(of_engine[0]["contestant"]), max(row["most_cores"] for row in of_engine)
        said = f"At the largest size a single thread wins against {engine} on {counted(cores, 'core')} in "
        said += f"{len(lost)} of {counted(len(of_engine), 'stage')}"
        named = [f"{called(row['stage'])} ({called(row['single'])})" for row in lost]
        said += f"{': ' if named else ''}{', '.join(named)}"
        yield f"{said}{_neither(neither)}."


def _neither(rows: Sequence[Row]) -> str:
    return f"; neither comes to an end in {', '.join(called(row['stage']) for row in rows)}" if rows else ""


def _summarize_engines(report: Report) -> Iterator[str]:
    known = [row for row in _at_largest(_rows(report, "engines"), "stage", "other", "cores") if row["ratio"]]
    known.sort(key=lambda row: (row["other"], row["cores"]))
    for of_pair in _grouped(known, "contestant", "other", "cores"):
        least, most = (pick(of_pair, key=lambda row: row["ratio"]) for pick in (min, max))
        yield (
            f"On {counted(least['cores'], 'core')}, at the largest size, {called(least['contestant'])} takes "
            f"{least['ratio']:.2f} ({called(least['stage'])}) to {_times(most['ratio'])} ({called(most['stage'])}) as "
            f"{called(least['other'])}."
        )


def _summarize_cores(report: Report) -> Iterator[str]:
    top: dict[tuple[str, str, str], Row] = {}
    for row in _rows(report, "speedup"):
        top[row["data"], row["stage"], row["contestant"]] = row
    above = sorted((row for row in top.values() if row["cores"] > 1), key=lambda row: (row["contestant"], row["cores"]))
    for of_engine in _grouped(above, "contestant", "cores"):
        least, most = (pick(of_engine, key=lambda row: row["speedup"]) for pick in (min, max))
        yield (
            f"{least['cores']} cores make {called(least['contestant'])} {least['speedup']:.2f} "
            f"({called(least['stage'])}) to {most['speedup']:.2f} times ({called(most['stage'])}) as fast as one."
        )


def _tell_cost(report: Report) -> Iterator[str]:
    """Tell of the largest size, and of those at which the cores were varied."""
    rows = _rows(report, "cost")
    shown = {(row["stage"], row["data"]) for row in _at_largest(rows, "stage")}
    shown |= {(row["stage"], row["data"]) for row in rows if row["least_cores"] < row["most_cores"]}
    for of_work in _grouped([row for row in rows if (row["stage"], row["data"]) in shown], "stage", "data"):
        first = of_work[0]
        said = f"{called(first['stage'])}, {say_count(first['transactions'])} transactions: "
        if first["single_seconds"] is None:
            said += f"no single thread came to an end ({first['single']})"
        else:
            said += f"one thread of {called(first['single'])} takes {say_seconds(first['single_seconds'])}"
        yield f"{said}; {'; '.join(_say_cost(row) for row in of_work)}."


def _say_cost(row: Row) -> str:
    engine = called(row["contestant"])
    if row["seconds"] is None:
        return f"{engine} on {counted(row['most_cores'], 'core')}: {row['failure']}"
    took = f"{say_seconds(row['seconds'])} on {counted(row['most_cores'], 'core')}"
    if row["ratio"] is not None:
        took += f", {_times(row['ratio'])}{say_interval(row['low'], row['high'])}"
    return f"{engine} {say_cost(row)} ({took})".replace("((", "(")


def say_cost(row: Row) -> str:
    """Say from how many cores on an engine is faster: a row of `cost`."""
    if row["cost"] is None:
        return f"is never faster up to {counted(row['most_cores'], 'core')}"
    fewer = "" if row["least_cores"] == 1 or row["cost"] > row["least_cores"] else "; fewer were not measured"
    return f"is faster from {counted(row['cost'], 'core')}{fewer}"


def _tell_pandas(report: Report) -> Iterator[str]:
    for row in _rows(report, "pandas"):
        said = f"{called(row['stage'])}, {row['family']}: {called(row['contestant'])} is "
        if row["faster_from"] is None:
            said += f"never faster than pandas up to {say_count(row['largest'])} transactions"
        else:
            said += f"faster than pandas from {say_count(row['faster_from'])} transactions on, "
            smallest = "the only size" if row["sizes"] == 1 else "the smallest size"
            before = row["slower_until"]
            said += smallest if before is None else f"not yet at {say_count(before)}"
        if row["ratio"] is not None:
            said += f"; at {say_count(row['ratio_at'])} it takes {_times(row['ratio'])}"
            said += say_interval(row["low"], row["high"])
        if row["pandas_ends_at"] is not None:
            said += f"; pandas ends at {say_count(row['pandas_ends_at'])}: {row['pandas_failure']}"
        yield f"{said}."


def _tell_engines(report: Report) -> Iterator[str]:
    for row in _at_largest(_rows(report, "engines"), "stage", "other", "cores"):
        where = f"{called(row['stage'])}, {say_count(row['transactions'])} transactions, "
        where += counted(row["cores"], "core")
        if row["ratio"] is None:
            yield f"{where}: {row['failure']}."
            continue
        told = row["low"] is not None and (row["low"] > 1 or row["high"] < 1)
        yield (
            f"{where}: {called(row['contestant'])} takes {_times(row['ratio'])} as {called(row['other'])}"
            f"{say_interval(row['low'], row['high'])}{'' if told else ', not told apart'}."
        )


def _tell_growth(report: Report, measure: str) -> Iterator[str]:
    what = "time" if measure == "seconds" else "peak memory"
    rows = [row for row in _rows(report, "growth") if row["measure"] == measure]
    for of_stage in _grouped(rows, "family", "stage"):
        told = [_say_growth(row) for row in of_stage if row["exponent"] is not None]
        none = [f"{called(row['contestant'])} {row['sizes']}" for row in of_stage if row["exponent"] is None]
        lacking = f"no exponent where fewer than 3 sizes ended ({', '.join(none)})"
        if told:
            said = f"{what} grows with the transactions to the power {'; '.join(told)}{f'; {lacking}' if none else ''}"
        else:
            said = f"{what}: {lacking}"
        yield f"{called(of_stage[0]['stage'])}, {of_stage[0]['family']}: {said}."


def _say_growth(row: Row) -> str:
    said = f"{row['exponent']:.2f} with {called(row['contestant'])}{say_interval(row['low'], row['high'])[:-1]}"
    said += f"; {counted(row['sizes'], 'size')}, {judge_growth(row)})"
    if row["law"] == "overhead":
        amount = (say_seconds if row["measure"] == "seconds" else say_bytes)(row["overhead"])
        said += f" or, better, {amount} at any size and beside it {row['beside']:.2f}"
    return said


def judge_growth(row: Row) -> str:
    """Say what an exponent's interval says of growth: a row of `growth`."""
    if row["high"] < 1:
        return "less than in proportion"
    return "more than in proportion" if row["low"] > 1 else "proportion is not excluded"


def _tell_cores(report: Report) -> Iterator[str]:
    weak = {(row["data"], row["stage"], row["contestant"]): row for row in _rows(report, "weak_scaling")}
    hows = set()
    for row in _rows(report, "core_laws"):
        said = f"{called(row['stage'])} on {called(row['contestant'])}, {row['data']}: Amdahl's serial share is "
        said += f"{row['serial']:.2f}{say_interval(row['low'], row['high'])}"
        if row["serial"] >= 1:
            said += ", for more cores are not faster"
        elif row["limit"] is not None:
            said += f", which leaves a speedup of {row['limit']:.1f} at most"
        if row["contention"] is not None:
            said += f"; universal law: contention {row['contention']:.3f}, coherency {row['coherency']:.4f}"
            said += f", most at {row['peak']:.0f} cores" if row["peak"] else ", without a peak"
        found = weak.get((row["data"], row["stage"], row["contestant"]))
        if found:
            marked = " (larger size interpolated)" if found["interpolated"] else ""
            said += f"; {found['cores']} times the data on {found['cores']} cores take "
            said += f"{_times(1 / found['efficiency'])}{marked}"
        hows.add(row["how"])
        yield f"{said}."
    for how in sorted(hows):
        yield f"{how[0].upper()}{how[1:]}."


def _tell_settings(report: Report) -> Iterator[str]:
    for of_setting in _grouped(_rows(report, "elasticity"), "setting", "data", "stage"):
        first = of_setting[0]
        told = [
            f"{row['elasticity']:.2f} with {called(row['contestant'])}{say_interval(row['low'], row['high'])}".replace(
                "-", "−"
            )
            for row in of_setting
        ]
        values = f"{counted(first['values'], 'value')}, {first['least']:,.0f} to {first['most']:,.0f}"
        yield (
            f"{called(first['stage'])}, {first['data']}: with {called(first['setting'])} ({values}) time grows to the "
            f"power {', '.join(told)}."
        )


def _tell_predictions(report: Report) -> Iterator[str]:
    """Predict the whole; the stages' predictions stand in the tables."""
    rows = [row for row in _rows(report, "size_predictions") if (row["stage"], row["measure"]) == ("whole", "seconds")]
    other = {(row["family"], row["contestant"], row["times"]): row for row in rows if not row["better"]}
    for row in (row for row in rows if row["better"]):
        size = "H&M's size" if row["times"] == 1 else f"{row['times']} times H&M's size"
        less = other.get((row["family"], row["contestant"], row["times"]))
        beside = f"; by the law {LAWS[less['law']]} {say_seconds(less['value'])}" if less else ""
        yield (
            f"Prediction: at {size} ({say_count(row['transactions'])} transactions) the whole takes "
            f"{called(row['contestant'])} {say_seconds(row['value'])} (95 % prediction interval "
            f"{say_seconds(row['low'])} to {say_seconds(row['high'])}{beside}); assumed is {row['assumes']}."
        )
    for row in _rows(report, "core_predictions"):
        if row["stage"] == "whole":
            law = "Amdahl's law" if row["law"] == "Amdahl" else "the universal law"
            yield (
                f"Prediction: {row['cores']} cores make the whole on {called(row['contestant'])}, {row['data']}, "
                f"{row['speedup']:.1f} times as fast as one{say_interval(row['low'], row['high'], 1)} by {law}; "
                f"assumed is {row['assumes']}."
            )


def _tell_quality(report: Report) -> Iterator[str]:
    rows = sorted(
        (row for row in _rows(report, "quality") if row["method"] in METHODS),
        key=lambda row: (row["log"], row["axis"], METHODS.index(row["method"]), row["value"]),
    )
    for of_method in _grouped(rows, "log", "axis", "method"):
        if len(of_method) == 1:
            continue
        first, last = of_method[0], of_method[-1]
        reached = [f"{row['map12']:.4f}{say_interval(row['low'], row['high'], 4)}" for row in (first, last)]
        yield (
            f"{first['log']}, {called(first['axis'])} from {first['value']:g} to {last['value']:g}: MAP@12 of "
            f"{called(first['method'])} goes from {' to '.join(reached)}: {_judge_change(first, last)}."
        )


def _judge_change(first: Row, last: Row) -> str:
    if None in (first["low"], first["high"], last["low"], last["high"]):
        return "without intervals nothing is said of chance"
    if last["low"] > first["high"]:
        return "better"
    return "worse" if last["high"] < first["low"] else "the intervals overlap"


def _tell_failures(report: Report) -> Iterator[str]:
    for row in _rows(report, "failures"):
        yield (
            f"{called(row['stage'])} with {called(row['contestant'])} on {counted(row['cores'], 'core')}, "
            f"{row['data']}: {row['failure']}."
        )
