"""The metrics beside those of RecTools and of Spark, where definitions agree, and by how much where they don't."""

import json
from pathlib import Path

import numpy as np
import pytest
from pyspark.sql import SparkSession
from tests.pipelines.evaluation.rectools_reference import ARTICLES, make_cases

from hm_kedro.pipelines.evaluation.metrics import NO_ARTICLE, find, measure_hits

RECTOOLS = json.loads(Path(__file__).with_name("rectools_reference.json").read_text())


@pytest.fixture(scope="module")
def ours() -> dict[str, list[float]]:
    bought, lists = make_cases()
    listed = np.full((len(lists), 1, 12), NO_ARTICLE, np.int32)
    for customer, articles in lists.items():
        listed[customer, 0, : len(articles)] = articles
    rows, articles = np.array([(customer, article) for customer, of in bought.items() for article in of], np.int32).T
    counts = np.bincount(rows)
    hits = find(listed, rows, articles) >= 0
    scores = measure_hits(hits, counts, np.zeros(hits.shape), np.zeros(len(counts)))
    return {name: values[:, 0].tolist() for name, values in scores.items()}


@pytest.mark.parametrize("metric", ["precision12", "recall12", "ndcg12", "mrr12", "hit12"])
def test_scores_are_those_of_rectools(ours, metric):
    assert ours[metric] == pytest.approx(RECTOOLS[metric], abs=1e-12)


def test_ap_is_that_of_rectools_but_for_customers_of_more_than_twelve_articles(ours):
    """RecTools divides by all articles bought, Kaggle by twelve at most: it says less of who bought more."""
    counts = [len(articles) for articles in make_cases()[0].values()]
    assert any(count > 12 for count in counts)
    kaggles = [ap * count / min(count, 12) for ap, count in zip(RECTOOLS["ap12"], counts, strict=True)]
    assert ours["ap12"] == pytest.approx(kaggles, abs=1e-12)


def test_the_mean_ap_and_recall_are_those_of_spark(ours, pytestconfig, session: SparkSession):
    if pytestconfig.getoption("--engine") != "spark":
        pytest.skip("Sail has no Spark ML")
    from pyspark.ml.evaluation import RankingEvaluator

    bought, lists = make_cases()
    rows = [([float(a) for a in lists[c]], [float(a) for a in bought[c]]) for c in bought]
    table = session.createDataFrame(rows, "prediction array<double>, label array<double>")
    for spark, name in {"meanAveragePrecisionAtK": "ap12", "recallAtK": "recall12"}.items():
        found = RankingEvaluator(metricName=spark, k=12).evaluate(table)
        assert found == pytest.approx(np.mean(ours[name]), abs=1e-12)


def test_a_shuffled_truth_gives_the_score_of_chance():
    """Of lists that know nothing, each place is a hit with the share of articles that is bought."""
    dice = np.random.default_rng(5)
    customers, bought = 4000, 6
    listed = np.argsort(dice.random((customers, ARTICLES)), axis=1)[:, None, :12].astype(np.int32)
    rows = np.repeat(np.arange(customers, dtype=np.int32), bought)
    articles = np.argsort(dice.random((customers, ARTICLES)), axis=1)[:, :bought].ravel().astype(np.int32)
    hits = find(listed, rows, articles) >= 0
    found = measure_hits(hits, np.full(customers, bought), np.zeros(hits.shape), np.zeros(customers))
    chance = bought / ARTICLES
    assert found["precision12"].mean() == pytest.approx(chance, rel=0.03)
    assert found["recall12"].mean() == pytest.approx(12 / ARTICLES, rel=0.03)
    # E[sum over places k of rel_k · precision_k] / min(bought, 12), places drawn without replacement.
    others = (bought - 1) / (ARTICLES - 1)
    ap = sum(chance * (1 + (place - 1) * others) / place for place in range(1, 13)) / bought
    assert found["ap12"].mean() == pytest.approx(ap, rel=0.03)
