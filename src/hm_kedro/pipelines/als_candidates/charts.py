"""The figures of what the retrievers find."""

from typing import Any

import plotly.graph_objects as go

from hm_kedro.chart import COLOURS, Chart, Numbers, heat, in_words, lines, median, row_by_row
from hm_kedro.pipelines.als_candidates.report import DEPTHS, EVERYBODY, UNION

NO_BUYERS = "no judged week with buyers before the cutoff"


def _of_segment(numbers: Numbers, segment: str) -> list[dict[str, Any]]:
    of_segment = (row for row in row_by_row(numbers) if row["segment"] == segment)
    return [row for row in of_segment if row["recall_all"] or row["retriever"] == UNION]


def _draw_recall(numbers: Numbers) -> go.Figure:
    """Draw recall at each depth on top of the last: what is added by looking further."""
    rows = sorted(_of_segment(numbers, EVERYBODY), key=lambda row: -row["recall_all"])
    names = [in_words(row["retriever"]) for row in rows]
    figure = go.Figure()
    before = [0.0] * len(rows)
    for place, depth in enumerate((*DEPTHS, "all")):
        until = [row[f"recall_{depth}"] for row in rows]
        title = f"first {depth}" if depth == DEPTHS[0] else f"to {depth}" if depth != "all" else "beyond"
        added = [now - then for now, then in zip(until, before, strict=True)]
        figure.add_bar(y=names, x=added, orientation="h", name=title, marker_color=COLOURS[place])
        before = until
    figure.update_layout(barmode="stack", legend={"orientation": "h", "y": 1.1}, height=160 + 26 * len(rows))
    figure.update_xaxes(title="recall: share of a buyer's articles that was proposed")
    figure.update_yaxes(autorange="reversed", automargin=True)
    return figure


def _draw_segments(numbers: Numbers) -> go.Figure:
    segments = [name for name in dict.fromkeys(numbers["segment"]) if name != EVERYBODY]
    found = {segment: {row["retriever"]: row for row in _of_segment(numbers, segment)} for segment in segments}
    names = [row["retriever"] for row in _of_segment(numbers, EVERYBODY)]
    values = [[found[segment].get(name, {}).get("recall_all") for segment in segments] for name in names]
    counts = [f"{segment}<br>{next(iter(found[segment].values()))['buyers']:,} buyers" for segment in segments]
    return heat(
        counts, [in_words(name) for name in names], values, ("last purchase before the week", "retriever", "recall")
    )


def _draw_overlap(numbers: Numbers) -> go.Figure:
    names = list(dict.fromkeys(numbers["retriever"]))
    share = {
        (one, other): value
        for one, other, value in zip(numbers["retriever"], numbers["other"], numbers["share"], strict=True)
    }
    said = [in_words(name) for name in names]
    values = [[share.get((one, other)) for other in names] for one in names]
    return heat(said, said, values, ("is proposed by this one, too", "of what this one proposes", "share"))


def _draw_cost(numbers: Numbers) -> go.Figure:
    figure = go.Figure()
    rows = [row for row in zip(*numbers.values(), strict=True) if row[1]]
    figure.add_scatter(
        x=[row[2] for row in rows],
        y=[row[1] for row in rows],
        text=[in_words(row[0]) for row in rows],
        mode="markers+text",
        textposition="top center",
        marker={"color": COLOURS[0], "size": 10},
    )
    figure.update_xaxes(title="seconds for 100,000 customers on one core", type="log")
    figure.update_yaxes(title="candidates a customer", rangemode="tozero")
    return figure


def _read_recall(numbers: Numbers) -> str:
    rows = {row["retriever"]: row for row in _of_segment(numbers, EVERYBODY)}
    union = rows.pop(UNION)
    if not rows:
        return "No retriever proposes anything that was bought."
    best = max(rows.values(), key=lambda row: row["recall_all"])
    dear = max(rows.values(), key=lambda row: row["lost_without"])
    return (
        f"Of a buyer's articles the union proposes {union['recall_all']:.1%}, the best single retriever, "
        f"{in_words(best['retriever'])}, {best['recall_all']:.1%}; most would be lost without "
        f"{in_words(dear['retriever'])}, which alone finds {dear['lost_without']:.1%}."
    )


def _read_segments(numbers: Numbers) -> str:
    segments = [name for name in dict.fromkeys(numbers["segment"]) if name != EVERYBODY]
    union = {name: next(row for row in _of_segment(numbers, name) if row["retriever"] == UNION) for name in segments}
    best, worst = (pick(segments, key=lambda name: union[name]["recall_all"]) for pick in (max, min))
    return (
        f"The union finds most for customers of segment {best} ({union[best]['recall_all']:.1%}) and least for "
        f"{worst} ({union[worst]['recall_all']:.1%})."
    )


def _read_budget(numbers: Numbers) -> str:
    budget, recall = numbers["budget"], numbers["recall"]
    steps = [now - then for now, then in zip(recall, [0.0, *recall], strict=False)]
    half = median(budget, steps)
    said = f"With {budget[-1]} candidates a customer the union's recall is {recall[-1]:.1%}"
    return f"{said}; the first {half} give half of it."


def _read_overlap(numbers: Numbers) -> str:
    place = max(range(len(numbers["share"])), key=lambda row: numbers["share"][row])
    one, other = in_words(numbers["retriever"][place]), in_words(numbers["other"][place])
    return f"Nearest to each other: {numbers['share'][place]:.0%} of what {one} proposes, {other} proposes, too."


def _read_cost(numbers: Numbers) -> str:
    rows = [row for row in zip(*numbers.values(), strict=True) if row[1]]
    dear = max(rows, key=lambda row: row[2])
    return (
        f"The dearest is {in_words(dear[0])}, {dear[2]:.1f} of {sum(row[2] for row in rows):.1f} seconds for 100,000 "
        "customers on one core."
    )


CHARTS = (
    Chart(
        "retrieval_recall",
        "What the retrievers find of what was bought, by how many of theirs are looked at",
        NO_BUYERS,
        _draw_recall,
        _read_recall,
    ),
    Chart(
        "retrieval_segments",
        "What they find by the time since the customer's last purchase",
        NO_BUYERS,
        _draw_segments,
        _read_segments,
    ),
    Chart(
        "retrieval_budget",
        "What the union finds with a budget a customer",
        NO_BUYERS,
        lambda n: lines(n["budget"], {"union": n["recall"]}, "candidates a customer", "recall"),
        _read_budget,
    ),
    Chart("retrieval_overlap", "How far the retrievers propose the same", NO_BUYERS, _draw_overlap, _read_overlap),
    Chart("retrieval_cost", "What the retrievers propose and cost", NO_BUYERS, _draw_cost, _read_cost),
)


def retrieval_numbers(retrieval_report: dict[str, Numbers]) -> dict[str, Numbers]:
    """Give the numbers of each figure; two show the recall."""
    recall = retrieval_report.get("retrieval_recall")
    return retrieval_report | ({"retrieval_segments": recall} if recall else {})


def draw_retrieval(retrieval_report: dict[str, Numbers]) -> list[go.Figure]:
    """Draw the figures of `retrieval_report`."""
    return [chart.figure(retrieval_numbers(retrieval_report)) for chart in CHARTS]
