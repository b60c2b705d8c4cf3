"""The figures of what the retrievers find: what they show, and what they say of it."""

import pytest

from hm_kedro.pipelines.als_candidates.charts import CHARTS, draw_retrieval, retrieval_numbers

ROWS = [
    # Segment, retriever, buyers, recall within 12, 50, 100, anywhere, lost without it.
    ("all", "union", 1500, 0.25, 0.5, 0.625, 0.75, None),
    ("all", "als", 1500, 0.125, 0.25, 0.25, 0.375, 0.0625),
    ("all", "own_purchases", 1500, 0.125, 0.25, 0.5, 0.5, 0.03125),
    ("all", "newcomers", 1500, 0.0, 0.0, 0.0, 0.0, 0.0),
    ("last week", "union", 1000, 0.25, 0.5, 0.75, 0.875, None),
    ("last week", "als", 1000, 0.125, 0.25, 0.25, 0.375, 0.0625),
    ("last week", "own_purchases", 1000, 0.125, 0.25, 0.5, 0.625, 0.03125),
    ("last week", "newcomers", 1000, 0.0, 0.0, 0.0, 0.0, 0.0),
    ("new", "union", 500, 0.25, 0.25, 0.25, 0.25, None),
    ("new", "als", 500, 0.25, 0.25, 0.25, 0.25, 0.25),
    ("new", "own_purchases", 500, 0.0, 0.0, 0.0, 0.0, 0.0),
    ("new", "newcomers", 500, 0.0, 0.0, 0.0, 0.0, 0.0),
]
COLUMNS = (
    "segment",
    "retriever",
    "buyers",
    "recall_12",
    "recall_50",
    "recall_100",
    "recall_all",
    "lost_without",
)
REPORT = {
    "retrieval_recall": dict(zip(COLUMNS, map(list, zip(*ROWS, strict=True)), strict=True)),
    # Three quarters in the end; half of it at the second.
    "retrieval_budget": {"budget": [1, 2, 3], "recall": [0.25, 0.5, 0.75]},
    "retrieval_overlap": {
        "retriever": ["als", "own_purchases"],
        "other": ["own_purchases", "als"],
        "share": [0.25, 0.5],
    },
    "retrieval_cost": {
        "retriever": ["als", "own_purchases", "newcomers"],
        "candidates": [60.0, 20.0, 0.0],
        "seconds": [7.5, 2.5, 0.0],
    },
}
NAMES = ["retrieval_recall", "retrieval_segments", "retrieval_budget", "retrieval_overlap", "retrieval_cost"]


def draw(**changes):
    """Draw the figures of the report, by name, with some numbers changed."""
    figures = draw_retrieval(REPORT | changes)
    return dict(zip((chart.name for chart in CHARTS), figures, strict=True))


@pytest.fixture
def figures():
    return draw()


def test_there_is_a_figure_for_every_chart(figures):
    assert list(figures) == NAMES
    assert all(figure.data for figure in figures.values())


@pytest.mark.parametrize(
    ("name", "titles"),
    [
        ("retrieval_recall", ("recall: share of a buyer's articles that was proposed", None)),
        ("retrieval_segments", ("last purchase before the week", "retriever")),
        ("retrieval_budget", ("candidates a customer", "recall")),
        ("retrieval_overlap", ("is proposed by this one, too", "of what this one proposes")),
        ("retrieval_cost", ("seconds for 100,000 customers on one core", "candidates a customer")),
    ],
)
def test_the_axes_of_a_figure_say_what_they_show(figures, name, titles):
    figure = figures[name]
    # The names of retrievers beside bars need no title.
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == titles
    assert figure.layout.title.text == next(chart.title for chart in CHARTS if chart.name == name)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "retrieval_recall",
            (
                "Of a buyer's articles the union proposes 75.0%, the best single retriever, own purchases, 50.0%; most "
                "would be lost without als, which alone finds 6.2%."
            ),
        ),
        (
            "retrieval_segments",
            "The union finds most for customers of segment last week (87.5%) and least for new (25.0%).",
        ),
        (
            "retrieval_budget",
            "With 3 candidates a customer the union's recall is 75.0%; the first 2 give half of it.",
        ),
        ("retrieval_overlap", "Nearest to each other: 50% of what own purchases proposes, als proposes, too."),
        ("retrieval_cost", "The dearest is als, 7.5 of 10.0 seconds for 100,000 customers on one core."),
    ],
)
def test_the_reading_of_a_figure_says_its_numbers(name, sentence):
    chart = next(chart for chart in CHARTS if chart.name == name)
    assert chart.read(retrieval_numbers(REPORT)[name]) == sentence


def test_bars_add_up_to_the_recall_the_best_on_top(figures):
    bars = {bar.name: dict(zip(bar.y, bar.x, strict=True)) for bar in figures["retrieval_recall"].data}
    assert bars == {
        "first 12": {"union": 0.25, "own purchases": 0.125, "als": 0.125},
        "to 50": {"union": 0.25, "own purchases": 0.125, "als": 0.125},
        "to 100": {"union": 0.125, "own purchases": 0.25, "als": 0.0},
        "beyond": {"union": 0.125, "own purchases": 0.0, "als": 0.125},
    }
    assert list(bars["beyond"]) == ["union", "own purchases", "als"]
    assert figures["retrieval_recall"].layout.barmode == "stack"
    assert figures["retrieval_recall"].layout.yaxis.autorange == "reversed"


def test_segments_are_columns_with_their_buyers(figures):
    (heat,) = figures["retrieval_segments"].data
    assert list(heat.x) == ["last week<br>1,000 buyers", "new<br>500 buyers"]
    assert list(heat.y) == ["union", "als", "own purchases"]
    # Own purchases find nothing for new customers.
    assert [list(row) for row in heat.z] == [[0.875, 0.25], [0.375, 0.25], [0.625, None]]


def test_the_budget_is_a_line_of_the_unions_recall(figures):
    (curve,) = figures["retrieval_budget"].data
    assert (list(curve.x), list(curve.y), curve.name) == ([1, 2, 3], [0.25, 0.5, 0.75], "union")


def test_overlap_has_nothing_on_its_diagonal(figures):
    (heat,) = figures["retrieval_overlap"].data
    assert list(heat.x) == list(heat.y) == ["als", "own purchases"]
    assert [list(row) for row in heat.z] == [[None, 0.25], [0.5, None]]


def test_retrievers_that_propose_nothing_cost_nothing_and_are_not_drawn(figures):
    (points,) = figures["retrieval_cost"].data
    assert (list(points.text), list(points.x), list(points.y)) == (["als", "own purchases"], [7.5, 2.5], [60, 20])


def test_without_a_report_figures_have_no_traces():
    figures = draw_retrieval({})
    assert len(figures) == len(CHARTS)
    assert not any(figure.data for figure in figures)


def test_a_figure_whose_numbers_are_missing_has_no_traces():
    figures = draw_retrieval({name: REPORT[name] for name in ("retrieval_recall", "retrieval_cost")})
    drawn = [chart.name for chart, figure in zip(CHARTS, figures, strict=True) if figure.data]
    assert drawn == ["retrieval_recall", "retrieval_segments", "retrieval_cost"]


def test_that_nothing_was_found_is_said():
    rows = [(*row[:3], 0.0, 0.0, 0.0, 0.0, None if row[1] == "union" else 0.0) for row in ROWS]
    numbers = dict(zip(COLUMNS, map(list, zip(*rows, strict=True)), strict=True))
    assert CHARTS[0].read(numbers) == "No retriever proposes anything that was bought."


def test_the_report_itself_is_not_changed():
    report = dict(REPORT)
    draw_retrieval(report)
    assert list(report) == list(REPORT)
