"""What the study found, in short."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hm_kedro.chart import counted
from hm_kedro.pipelines.scaling_study.rows import Report, Row, at_largest, grouped, is_draw, main_rows, rows_of
from hm_kedro.pipelines.scaling_study.words import called, say_bytes, say_count, say_range, say_seconds

# From so many on the shape of a speedup is seen.
MANY_CORES = 8


def summarize(report: Report) -> Iterator[str]:
    """Say what matters most: single threads, pandas, engines, cores, the whole, failures, and what is not known."""
    yield from _summarize_cost(report)
    yield from _summarize_pandas(report)
    yield from _summarize_engines(report)
    yield from _summarize_cores(report)
    yield from _summarize_whole(report)
    runs = sum(row["runs"] for row in rows_of(report, "configurations"))
    failed = sum(row["failed"] for row in rows_of(report, "configurations"))
    if runs:
        yield f"{failed:,} of {counted(runs, 'run')} did not come to a good end; they count as endless in every median."
    most = max((row["most_cores"] for row in rows_of(report, "core_laws")), default=0)
    if 0 < most < MANY_CORES:
        yield (
            f"More than {most} cores were not measured: whether memory bandwidth, shuffles or a network would end the "
            "gain earlier than Amdahl's law says can't be known from this machine."
        )


def _summarize_cost(report: Report) -> Iterator[str]:
    for of_engine in grouped(
        sorted(at_largest(rows_of(report, "cost"), "stage", "contestant"), key=lambda row: row["contestant"]),
        "contestant",
    ):
        engine, cores = called(of_engine[0]["contestant"]), max(row["most_cores"] for row in of_engine)
        draws = [row for row in of_engine if is_draw(row)]
        lost = [row for row in of_engine if row["cost"] is None and row not in draws]
        won = [row for row in lost if row["single_seconds"] is not None]
        neither = [row for row in lost if row["single_seconds"] is None]
        said = f"At the largest size a single thread wins against {engine} on {counted(cores, 'core')} in "
        said += f"{len(won)} of {counted(len(of_engine), 'stage')}{': ' if won else ''}{_against(won)}"
        said += f"; not told apart in {_against(draws)}" if draws else ""
        yield f"{said}{_neither(neither)}."


def _against(rows: Sequence[Row]) -> str:
    return ", ".join(f"{called(row['stage'])} ({called(row['single'])})" for row in rows)


def _neither(rows: Sequence[Row]) -> str:
    return f"; neither comes to an end in {', '.join(called(row['stage']) for row in rows)}" if rows else ""


def _summarize_pandas(report: Report) -> Iterator[str]:
    rows = sorted(rows_of(report, "pandas"), key=lambda row: (row["family"], row["contestant"]))
    for of_engine in grouped(rows, "family", "contestant"):
        draws = [row for row in of_engine if is_draw(row) and row["ratio_at"] == row["largest"]]
        apart = [row for row in of_engine if row not in draws]
        faster = [(row["stage"], row["faster_from"]) for row in apart if row["faster_from"] is not None]
        never = [called(row["stage"]) for row in apart if row["faster_from"] is None]
        said = [f"faster from {say_range(faster, ' transactions', say_count)} on"] if faster else []
        said += [f"never faster in {', '.join(never)}"] if never else []
        said += [f"not told apart from it at {_of_draw(row)}" for row in draws]
        yield f"Against pandas, {of_engine[0]['family']}, {called(of_engine[0]['contestant'])} is {', '.join(said)}."
    ends = {row["stage"]: row["pandas_ends_at"] for row in rows if row["pandas_ends_at"] is not None}
    if ends:
        yield f"pandas does not come to an end from {say_range(ends.items(), ' transactions', say_count)} on."


def _of_draw(row: Row) -> str:
    return f"{say_count(row['ratio_at'])} transactions ({called(row['stage'])})"


def _summarize_engines(report: Report) -> Iterator[str]:
    largest = at_largest(rows_of(report, "engines"), "stage", "contestant", "other", "cores")
    known = [row for row in largest if row["ratio"]]
    known.sort(key=lambda row: (row["other"], row["contestant"], row["cores"]))
    for of_pair in grouped(known, "contestant", "other", "cores"):
        first, ratios = of_pair[0], [(row["stage"], row["ratio"]) for row in of_pair]
        yield (
            f"On {counted(first['cores'], 'core')}, at the largest size measured, {called(first['contestant'])} takes "
            f"{say_range(ratios, ' times as long')} as {called(first['other'])}."
        )


def _summarize_cores(report: Report) -> Iterator[str]:
    top: dict[tuple[str, str, str], Row] = {}
    for row in rows_of(report, "speedup"):
        top[row["data"], row["stage"], row["contestant"]] = row
    above = sorted((row for row in top.values() if row["cores"] > 1), key=lambda row: (row["contestant"], row["cores"]))
    for of_engine in grouped(above, "contestant", "cores"):
        speedups = say_range([(row["stage"], row["speedup"]) for row in of_engine], " times")
        yield f"{of_engine[0]['cores']} cores make {called(of_engine[0]['contestant'])} {speedups} as fast as one."


def _summarize_whole(report: Report) -> Iterator[str]:
    ended = [row for row in main_rows(report) if row["stage"] == "whole" and row["seconds"] is not None]
    for row in at_largest(ended, "contestant"):
        memory = "" if row["peak_bytes"] is None else f" and {say_bytes(row['peak_bytes'])}"
        yield (
            f"The whole of {say_count(row['transactions'])} transactions, the most run to its end, takes "
            f"{called(row['contestant'])} on {counted(row['cores'], 'core')} {say_seconds(row['seconds'])}{memory}."
        )
