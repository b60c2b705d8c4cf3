"""Compiled rankers: the scores of LightGBM, and when they are made."""

import logging
import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
from tests.conftest import day

from hm_kedro import engine
from hm_kedro.pipelines.lgbm_ranking import compiled
from hm_kedro.pipelines.lgbm_ranking.compiled import (
    CHUNK_ROWS,
    CompiledBooster,
    choose_weeks,
    compile_booster,
    may_compile,
)

ROWS, NAMES = 2 * CHUNK_ROWS + 5, ["whole", "gappy", "zeros", "empty", "constant"]
ONE, OTHER = day("2020-09-16"), day("2020-09-09")


def examples(seed: int) -> Any:
    """Random features: one that is always there, one with gaps, one mostly zero, one never there, one alike in all."""
    drawn = np.random.default_rng(seed).normal(size=(ROWS, len(NAMES))).astype(np.float32)
    drawn[::3, 1] = np.nan
    drawn[::2, 2] = 0
    drawn[:, 3] = np.nan
    drawn[:, 4] = 7
    return drawn


def trained(objective: str) -> lgb.Booster:
    features = examples(1)
    bought = np.nansum(features[:, :3], axis=1) > 1
    settings = {"objective": objective, "num_leaves": 15, "verbosity": -1, "num_threads": 1, "seed": 1}
    data = lgb.Dataset(features, bought, group=np.full(ROWS // 7, 7), feature_name=NAMES)
    return lgb.train(settings, data, 60)


@pytest.fixture(scope="module", params=["binary", "lambdarank", "rank_xendcg"])
def booster(request) -> lgb.Booster:
    return trained(request.param)


@pytest.fixture(scope="module")
def code(booster):
    pytest.importorskip("lleaves")
    return compile_booster(booster)


def test_a_compiled_booster_gives_the_scores_of_lightgbm(booster, code):
    features = examples(2)
    features[::5] = np.nan  # also where the training had no gaps
    expected, found = booster.predict(features), CompiledBooster(code).predict(features)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-13)
    assert np.mean(found.astype(np.float32) == expected.astype(np.float32)) > 0.999


def test_a_row_has_the_same_score_in_whatever_matrix_it_comes(code):
    features, made = examples(2), CompiledBooster(code)
    alone = [made.predict(features[row : row + 1])[0] for row in (0, CHUNK_ROWS, ROWS - 1)]
    assert made.predict(features)[[0, CHUNK_ROWS, -1]].tolist() == alone
    assert made.predict(features[:0]).shape == (0,)


def test_code_that_has_travelled_is_of_the_same_features_trees_and_scores(booster, code):
    made = CompiledBooster(pickle.loads(pickle.dumps(code)))
    assert made.feature_name() == NAMES
    assert made.num_trees() == booster.num_trees()
    assert made.predict(examples(2)).tolist() == CompiledBooster(code).predict(examples(2)).tolist()


def test_threads_may_load_code_at_the_same_time(code):
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: CompiledBooster(code).predict(examples(2)).tolist(), range(8)))
    assert all(scores == found[0] for scores in found)


def test_rankers_of_weeks_with_many_candidates_are_compiled():
    pytest.importorskip("lleaves")
    assert choose_weeks({ONE: 100, OTHER: 99}, 100) == {ONE}
    assert choose_weeks({}, 100) == set()


def test_without_lleaves_none_is_compiled_and_the_log_names_it_where_it_would_pay(monkeypatch, caplog):
    monkeypatch.setattr(compiled, "find_spec", lambda _: None)
    caplog.set_level(logging.INFO, "hm_kedro")
    assert choose_weeks({ONE: 99}, 100) == set()
    assert caplog.messages == []
    assert choose_weeks({ONE: 100, OTHER: 20}, 100) == set()
    assert caplog.messages == ['Scoring 120 candidates; `pip install "hm-kedro[compiled]"` makes that faster']


@pytest.mark.parametrize(
    ("name", "rows", "may"), [("spark", 1, True), ("sail", 1, True), ("cluster", 1, False), ("sail", 0, False)]
)
def test_rankers_are_compiled_for_workers_of_this_machine_unless_switched_off(monkeypatch, name, rows, may):
    monkeypatch.setattr(engine._Engine, "name", name)
    assert may_compile(rows) == may
