"""The report."""

import pandas as pd

from hm_kedro.datasets.article_images import ArticleImages, Pictures
from hm_kedro.pipelines.reporting.nodes import write_report

TIMELINE = {
    "raw_dir": "raw <files>",
    "asked_cutoff": None,
    "cutoff": "2020-09-16",
    "first_day": "2020-06-01",
    "last_day": "2020-09-15",
    "log_end": "2020-09-15",
}
QUALITY = {"transactions": {"rows": 9, "kept": 7, "rejected": 2, "by_rule": {"price unreadable": 2}}}
TOP = {
    "last_rank": [1, 1],
    "weeks_to_cutoff": [2, 1],
    "rank": [3, 1],
    "pieces": [5, 1234],
    "article_id": ["0108775015"] * 2,
    "prod_name": ["Strap <top>"] * 2,
    "colour_group_name": ["Dark Blue"] * 2,
    "product_type_name": [None] * 2,
}
SUMMARY = {
    "customers": 4,
    "customers_with_a_transaction": 3,
    "customers_without_a_transaction": 1,
    "share_with_a_transaction": 0.75,
    "share_without_a_transaction": 0.25,
    "transactions": 12345,
    "articles": 3,
    "articles_never_sold": 1,
    "days": 18,
    "first_day": "2020-08-29",
    "last_day": "2020-09-15",
    "figures": {
        "top_articles": {"part": "assortment", "title": "Top", "reading": "They <sell>.", "numbers": TOP},
    },
    "left_out": {"Prices paid": "no prices"},
}


METRICS = {
    "weeks": ["2020-09-09", "2020-09-02"],
    "buyers": {"2020-09-09": 1234},
    "honesty_checks": 21,
    "contestants": {
        "bestsellers": {"map12": 0.25, "by_week": {"2020-09-09": {"map12": 0.25}}},
        "ranker": {"map12": 0.5, "by_week": {"2020-09-09": {"map12": 0.5}}},
        "their_model": {"map12": 0.125, "by_week": {"2020-09-09": {"map12": 0.125}}},
    },
}
SCORES = pd.DataFrame(
    [("bestsellers", "map12", 0.25, 0.125, 0.375), ("ranker", "map12", 0.5, 0.25, 0.75)],
    columns=["contestant", "metric", "value", "low", "high"],
)
COMPARISON = pd.DataFrame(
    [
        ("their_model", "bestsellers", "map12", -0.125, -0.25, 0.0, 0.5, "Theirs may be <worse>."),
        ("ranker", "bestsellers", "map12", 0.25, 0.125, 0.5, 0.01, "The ranker is better."),
        ("ranker", "bestsellers", "recall12", 0.25, 0.125, 0.5, 0.01, "The ranker finds more."),
    ],
    columns=["contestant", "other", "metric", "difference", "low", "high", "p_holm", "claim"],
)


def report(summary=SUMMARY, retrieval=None, importance=None, pictures=None, compared=None, scaling=None) -> str:
    return write_report(
        TIMELINE,
        QUALITY,
        summary,
        *(compared or ({}, pd.DataFrame(), pd.DataFrame(), pd.DataFrame())),
        retrieval or {},
        importance or {},
        scaling or {},
        pictures or Pictures("nowhere"),
    )


def test_the_report_shows_numbers_figures_readings_and_what_is_left_out():
    page = report()
    for words in (
        "<b>12,345</b>transactions",
        "with a transaction (75.0 %)",
        "without (25.0 %)",
        "price unreadable 2",
        "Strap &lt;top&gt;",
        "background: #2f5d9b",
        "1,234 sold",
        "Prices paid: no prices",
        "raw &lt;files&gt;",
    ):
        assert words in page, words
    assert page.count('class="plotly-graph-div"') == 1


def test_the_report_loads_nothing_from_elsewhere():
    page = report()
    outside = page.split("<script>", 1)[0] + page.rsplit("</head>", 1)[1]
    assert "src=" not in outside
    assert "href=" not in outside


def test_bestsellers_are_shown_by_their_pictures_where_there_are_some(tmp_path):
    (tmp_path / "010").mkdir()
    (tmp_path / "010/0108775015.jpg").write_bytes(b"a picture")
    pictures = ArticleImages(path=str(tmp_path)).load()
    assert pictures.get("0208775015") is None
    page = report(pictures=pictures)
    assert '<img src="data:image/jpeg;base64,YSBwaWN0dXJl"' in page
    assert "background: #2f5d9b" not in page


def test_a_shop_without_anything_still_has_a_report():
    nothing = dict.fromkeys(SUMMARY, 0) | {
        "share_with_a_transaction": None,
        "share_without_a_transaction": None,
        "figures": {},
        "left_out": {},
    }
    page = report(nothing)
    assert "Left out" not in page
    assert "None" not in page.split("</script>", 1)[1]


def test_figures_stand_under_the_heading_of_their_part_each_with_its_reading():
    found = {
        "retrieval_budget": {"budget": [1, 2], "recall": [0.25, 0.5]},
        "retrieval_cost": {"retriever": ["als"], "candidates": [2.0], "seconds": [3.0]},
    }
    of_family = {"name": ["match"], "family": ["match"], "gain": [1.0], "loss": [0.02], "spread": [0.0]}
    importance = {"features": of_family | {"name": ["basket_similarity"]}, "families": of_family}
    page = report(retrieval=found, importance=importance)
    words = [
        "What it sells</h2>",
        "Strap &lt;top&gt;",
        "What the retrievers find</h2>",
        "recall is 50.0%; the first 1 give half",
        "The dearest is als, 3.0 of 3.0 seconds",
        "What the ranker goes by</h2>",
        "Most gain, 100%, comes from basket_similarity",
    ]
    places = [page.index(of) for of in words]
    assert places == sorted(places)
    assert page.count('class="plotly-graph-div"') == 5


def test_the_comparison_comes_first_with_its_weeks_its_checks_and_who_is_compared():
    page = report(compared=(METRICS, SCORES, COMPARISON, pd.DataFrame()))
    words = [
        "Who recommends best</h2>",
        "2020-09-09 (1,234 buyers), 2020-09-02 (0 buyers)",
        "21 checks held",
        "the LightGBM ranker on all candidates",
        "<td>their_model</td>",
        "Highest is ranker with MAP@12 0.5000",
        "What it sells</h2>",
    ]
    places = [page.index(of) for of in words]
    assert places == sorted(places)


def test_every_claim_about_map12_is_listed_and_no_other():
    page = report(compared=(METRICS, SCORES, COMPARISON, pd.DataFrame()))
    claims = [line for line in page.splitlines() if line.startswith("<li>")]
    assert claims[:2] == ["<li>The ranker is better.</li>", "<li>Theirs may be &lt;worse&gt;.</li>"]
    assert "The ranker finds more." not in page


def test_a_part_without_figures_has_no_heading():
    page = report()
    assert "Who recommends best" not in page
    assert "What the retrievers find" not in page
    assert "What the ranker goes by" not in page
    assert "When it sells" not in page


def test_what_scaling_buys_is_told_by_topic_above_its_figures():
    found = {
        "claims": {"topic": ["summary", "cores"], "claim": ["A single thread <wins>.", "Two cores help."]},
        "quality": {
            "log": ["demo"],
            "axis": ["customers"],
            "value": [1.0],
            "method": ["ranker"],
            "map12": [0.5],
            "recall12": [0.5],
            "low": [0.25],
            "high": [0.75],
            "customers": [9],
        },
    }
    page = report(scaling=found)
    words = [
        "What scaling buys</h2>",
        "<li>A single thread &lt;wins&gt;.</li>",
        "<summary>More cores</summary>",
        "<li>Two cores help.</li>",
        "What more data buys in quality",
        "One size alone was judged.",
    ]
    places = [page.index(of) for of in words]
    assert places == sorted(places)
    assert "What scaling buys" not in report()
