"""What the study found, in sentences, each with its numbers; above all where a single thread wins."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hm_kedro.chart import counted
from hm_kedro.pipelines.scaling_study.quality import CHANGE
from hm_kedro.pipelines.scaling_study.rows import (
    Report,
    Row,
    at_largest,
    grouped,
    judge_growth,
    largest_rows,
    rows_of,
    say_apart,
    say_cost,
    say_times,
)
from hm_kedro.pipelines.scaling_study.summary import summarize
from hm_kedro.pipelines.scaling_study.words import (
    called,
    say_bytes,
    say_count,
    say_interval,
    say_range,
    say_seconds,
    tells_nothing,
)

# Of the judged lists, the simplest first.
METHODS = ("bestsellers", "als", "ranker")
LAWS = {"power": "without overhead", "overhead": "with an overhead"}
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
        "summary": summarize,
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
    for row in rows_of(report, "claims"):
        topics.setdefault(TOPICS[row["topic"]], []).append(row["claim"])
    return topics


def _tell_cost(report: Report) -> Iterator[str]:
    """Tell of the largest size, and of those at which the cores were varied."""
    rows = rows_of(report, "cost")
    shown = {(row["stage"], row["data"]) for row in at_largest(rows, "stage")}
    shown |= {(row["stage"], row["data"]) for row in rows if row["least_cores"] < row["most_cores"]}
    for of_work in grouped([row for row in rows if (row["stage"], row["data"]) in shown], "stage", "data"):
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
        took += f", {say_times(row['ratio'])}{say_interval(row['low'], row['high'])}{say_apart(row)}"
    return f"{engine} {say_cost(row)} ({took})"


def _tell_pandas(report: Report) -> Iterator[str]:
    for row in rows_of(report, "pandas"):
        said = f"{called(row['stage'])}, {row['family']}: {called(row['contestant'])} is "
        if row["faster_from"] is None:
            said += f"never faster than pandas up to {say_count(row['largest'])} transactions"
        else:
            said += f"faster than pandas from {say_count(row['faster_from'])} transactions on, "
            smallest = "the only size" if row["sizes"] == 1 else "the smallest size"
            before = row["slower_until"]
            said += smallest if before is None else f"not yet at {say_count(before)}"
        if row["ratio"] is not None:
            said += f"; at {say_count(row['ratio_at'])} it takes {say_times(row['ratio'])}"
            said += say_interval(row["low"], row["high"])
        if row["pandas_ends_at"] is not None:
            said += f"; pandas ends at {say_count(row['pandas_ends_at'])}: {row['pandas_failure']}"
        yield f"{said}."


def _tell_engines(report: Report) -> Iterator[str]:
    for row in at_largest(rows_of(report, "engines"), "stage", "contestant", "other", "cores"):
        where = f"{called(row['stage'])}, {say_count(row['transactions'])} transactions, "
        where += counted(row["cores"], "core")
        if row["ratio"] is None:
            yield f"{where}: {row['failure']}."
            continue
        yield (
            f"{where}: {called(row['contestant'])} takes {say_times(row['ratio'])} as {called(row['other'])}"
            f"{say_interval(row['low'], row['high'])}{say_apart(row)}."
        )


def _tell_growth(report: Report, measure: str) -> Iterator[str]:
    what = "time" if measure == "seconds" else "peak memory"
    rows = [row for row in rows_of(report, "growth") if row["measure"] == measure]
    lacking = f"no exponent of {what} is fitted to fewer than 3 sizes"
    for of_family in grouped(rows, "family"):
        unknown = []
        for of_stage in grouped(of_family, "stage"):
            told = [_say_growth(row) for row in of_stage if row["exponent"] is not None]
            none = [f"{called(row['contestant'])} {row['sizes']}" for row in of_stage if row["exponent"] is None]
            if told:
                said = (
                    f"{called(of_stage[0]['stage'])}, {of_stage[0]['family']}: {what} grows with the transactions to "
                )
                said += f"the power {'; '.join(told)}"
                yield f"{said}; {lacking} ({', '.join(none)})." if none else f"{said}."
            else:
                unknown.append(f"{called(of_stage[0]['stage'])} ({', '.join(none)})")
        if unknown:
            yield f"{of_family[0]['family'].capitalize()}: {lacking}: {', '.join(unknown)}."


def _say_growth(row: Row) -> str:
    said = f"{row['exponent']:.2f} with {called(row['contestant'])}{say_interval(row['low'], row['high'])[:-1]}"
    said += f"; {counted(row['sizes'], 'size')}, {judge_growth(row)})"
    if row["law"] == "overhead":
        amount = (say_seconds if row["measure"] == "seconds" else say_bytes)(row["overhead"])
        said += f" or, better, {amount} at any size and beside it {row['beside']:.2f}"
    return said


def _tell_cores(report: Report) -> Iterator[str]:
    weak = {(row["data"], row["stage"], row["contestant"]): row for row in rows_of(report, "weak_scaling")}
    hows = set()
    for row in rows_of(report, "core_laws"):
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
            said += f"{say_times(1 / found['efficiency'])}{marked}"
        hows.add(row["how"])
        yield f"{said}."
    for how in sorted(hows):
        yield f"{how[0].upper()}{how[1:]}."
    known = sorted(largest_rows(report), key=lambda row: row["contestant"])
    for of_engine in grouped([row for row in known if row["utilisation"] is not None], "contestant"):
        busy = say_range([(row["stage"], row["utilisation"]) for row in of_engine], say="{:.0%}".format)
        yield (
            f"At the largest size {called(of_engine[0]['contestant'])} keeps {busy} of "
            f"{counted(of_engine[0]['cores'], 'core')} busy."
        )


def _tell_settings(report: Report) -> Iterator[str]:
    for of_setting in grouped(rows_of(report, "elasticity"), "setting", "data", "stage"):
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
    rows = [
        row for row in rows_of(report, "size_predictions") if (row["stage"], row["measure"]) == ("whole", "seconds")
    ]
    other = {(row["family"], row["contestant"], row["times"]): row for row in rows if not row["better"]}
    for row in (row for row in rows if row["better"]):
        size = "H&M's size" if row["times"] == 1 else f"{row['times']} times H&M's size"
        where = f"at {size} ({say_count(row['transactions'])} transactions)"
        if tells_nothing(row["low"], row["high"]):
            yield (
                f"How long {called(row['contestant'])} takes for the whole {where} is not told by the sizes measured: "
                f"the 95 % prediction interval is {say_seconds(row['low'])} to {say_seconds(row['high'])}."
            )
            continue
        less = other.get((row["family"], row["contestant"], row["times"]))
        beside = f"; by the law {LAWS[less['law']]} {say_seconds(less['value'])}" if less else ""
        yield (
            f"Prediction: {where} the whole takes "
            f"{called(row['contestant'])} {say_seconds(row['value'])} (95 % prediction interval "
            f"{say_seconds(row['low'])} to {say_seconds(row['high'])}{beside}); assumed is {row['assumes']}."
        )
    for row in rows_of(report, "core_predictions"):
        if row["stage"] == "whole":
            law = "Amdahl's law" if row["law"] == "Amdahl" else "the universal law"
            yield (
                f"Prediction: {row['cores']} cores make the whole on {called(row['contestant'])}, {row['data']}, "
                f"{row['speedup']:.1f} times as fast as one{say_interval(row['low'], row['high'], 1)} by {law}; "
                f"assumed is {row['assumes']}."
            )


def _tell_quality(report: Report) -> Iterator[str]:
    rows = sorted(
        (row for row in rows_of(report, "quality") if row["method"] in METHODS and row["map12"] is not None),
        key=lambda row: (row["log"], row["axis"], METHODS.index(row["method"]), row["value"]),
    )
    for of_method in grouped(rows, "log", "axis", "method"):
        if len(of_method) == 1:
            continue
        first, last = of_method[0], of_method[-1]
        reached = [f"{row['map12']:.4f}{say_interval(row['low'], row['high'], 4)}" for row in (first, last)]
        yield (
            f"{first['log']}, {called(first['axis'])} from {first['value']:g} to {last['value']:g}: MAP@12 of "
            f"{called(first['method'])} goes from {' to '.join(reached)}: {_judge_change(last)}."
        )


def _judge_change(row: Row) -> str:
    """Say how far a method is from itself with the least of what is varied."""
    change, low, high = (row.get(name) for name in CHANGE)
    if change is None or low is None or high is None:
        return "without an interval of the difference nothing is said of chance"
    # As they are said: what is 0 in four digits is nothing to call better.
    change, low, high = (round(value, 4) + 0.0 for value in (change, low, high))
    if not (change or low or high):
        return "no difference"
    said = f"{change:+.4f}{say_interval(low, high, 4)}".replace("-", "−")
    if low > 0:
        return f"{said}, better"
    return f"{said}, worse" if high < 0 else f"{said}, which may be chance"


def _tell_failures(report: Report) -> Iterator[str]:
    for row in rows_of(report, "failures"):
        yield (
            f"{called(row['stage'])} with {called(row['contestant'])} on {counted(row['cores'], 'core')}, "
            f"{row['data']}: {row['failure']}."
        )
