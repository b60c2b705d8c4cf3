"""LightGBM models in files."""

import lightgbm as lgb
import numpy as np
import pytest

from hm_kedro.datasets import LightGBMBooster

SETTINGS = {"objective": "regression", "min_data_in_leaf": 1, "num_leaves": 4, "num_threads": 1, "verbosity": -1}
MATRIX = np.arange(40, dtype=np.float64).reshape(20, 2)


def examples() -> lgb.Dataset:
    names = ["als_score", "own_purchases_rank"]
    return lgb.Dataset(MATRIX, MATRIX[:, 0] % 7, feature_name=names, params=SETTINGS)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "made" / "ranker.txt"


@pytest.fixture
def dataset(path):
    return LightGBMBooster(filepath=str(path))


def test_a_model_comes_back_with_its_scores_and_feature_names(dataset):
    trained = lgb.train(SETTINGS, examples(), num_boost_round=3)
    dataset.save(trained)
    loaded = dataset.load()
    assert loaded.feature_name() == ["als_score", "own_purchases_rank"]
    assert loaded.num_trees() == 3
    assert loaded.predict(MATRIX).tolist() == trained.predict(MATRIX).tolist()


def test_a_model_saved_again_is_the_same_text(dataset, path):
    dataset.save(lgb.train(SETTINGS, examples(), num_boost_round=3))
    written = path.read_text()
    dataset.save(dataset.load())
    assert path.read_text() == written


def test_a_model_without_trees_comes_back_without_trees(dataset):
    dataset.save(lgb.Booster(SETTINGS, examples()))
    assert dataset.load().num_trees() == 0
    assert dataset.load().feature_name() == ["als_score", "own_purchases_rank"]


def test_a_missing_model_is_named_with_the_remedy(dataset, path, refusal):
    assert refusal(dataset.load) == f"'{path}' is not there: run `--pipeline lgbm_ranking` first"


@pytest.mark.parametrize("content", ["", "no model at all\n", "tree", "tree\nversion=v4\n", "\x00\xff\xfe", "trees\n"])
def test_a_file_that_holds_no_model_is_named_with_the_remedy(dataset, path, refusal, content):
    path.parent.mkdir()
    path.write_text(content, encoding="latin-1")
    assert refusal(dataset.load) == f"'{path}' holds no LightGBM model: run `--pipeline lgbm_ranking` again"


def test_a_model_exists_once_it_is_saved(dataset):
    assert not dataset.exists()
    dataset.save(lgb.Booster(SETTINGS, examples()))
    assert dataset.exists()


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_a_model_that_breaks_off_within_its_trees_is_refused(dataset, path, refusal, share):
    dataset.save(lgb.train(SETTINGS, examples(), num_boost_round=50))
    text = path.read_text()
    path.write_text(text[: int(text.index("end of trees") * share)])
    assert refusal(dataset.load) == f"'{path}' holds no LightGBM model: run `--pipeline lgbm_ranking` again"
