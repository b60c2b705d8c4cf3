"""Yardsticks make the project's own tables, of a small damaged log with a cutoff, on which a run on Sail made them."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.config import OmegaConfigLoader
from omegaconf import OmegaConf
from tests import runs, tiny

from hm_kedro import tables
from hm_kedro.parameters import Parameters
from hm_kedro.pipelines.als_candidates import related
from hm_kedro.pipelines.als_candidates.retrievers import RETRIEVERS
from hm_kedro.pipelines.lgbm_ranking import article_features
from hm_kedro.pipelines.scaling_study.measurements import YARDSTICKS
from hm_kedro.pipelines.scaling_study.yardsticks import Work
from hm_kedro.pipelines.scaling_study.yardsticks import tables as yardstick_tables
from hm_kedro.settings import CONFIG_LOADER_ARGS

pytestmark = pytest.mark.integration

PARAMS = [
    "cutoff=2020-08-12",
    "engine=sail",
    "data_processing.history_weeks=9",
    "data_processing.max_rejected_share=1",
    "related.max_purchases=200",
    "related.min_customers=1",
    "ranker.num_threads=1",
    "retrieval.als.top=30",
    *(f"retrieval.{name}.top=0" for name in RETRIEVERS if name != "als"),
]
ANYONE, ANYTHING = tiny.customer_id(0), tiny.article_id(0)
# Lines that break a rule, lines that miss what may be missing, and repeated lines.
DAMAGE = {
    "transactions_train": [
        f"2020-08-01,{ANYONE},0999999999,0.01,1",
        f"2020-08-01,{'f' * 64},{ANYTHING},0.01,1",
        f"2020-13-01,{ANYONE},{ANYTHING},0.01,1",
        f"1999-08-01,{ANYONE},{ANYTHING},0.01,1",
        f"2020-08-01,{ANYONE},{ANYTHING},-0.01,1",
        f"2020-08-01,{ANYONE},{ANYTHING},cheap,1",
        f"2020-08-01,{ANYONE},{ANYTHING},nan,1",
        f"2020-08-01,{ANYONE},{ANYTHING},0.01,3",
        f"2020-08-01,{ANYONE},{ANYTHING},0.01,1.5",
        f"2020-08-01,,{ANYTHING},0.01,1",
        *[f"2020-08-01,{ANYONE},{ANYTHING},,1"] * 2,
        *[f"2020-08-02,{ANYONE},{ANYTHING},0.5,"] * 3,
    ],
    "customers": [
        f"{'e' * 64},,,ACTIVE,NONE,20,0",
        f"{'e' * 64},,,ACTIVE,NONE,21,0",
        *[f"{'d' * 64},,,,,30,"] * 2,
        f"{'c' * 64},,,ACTIVE,NONE,121,0",
        "nobody,,,ACTIVE,NONE,20,0",
    ],
    "articles": [f"0000000001,0000000{',' * 23}", f"0000000002,000000{',' * 23}", f"3,0000000{',' * 23}"],
    "sample_submission": [f"{'a' * 64},", f"{tiny.customer_id(1)},"],
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Work:
    """What the project made; the output is still to be named."""
    if pytestconfig.getoption("--engine") != "sail":
        pytest.skip("the run is on Sail whatever the engine under test")
    raw = tiny.write_raw(tmp_path_factory.mktemp("raw"), tiny.make_transactions())
    for name, lines in DAMAGE.items():
        with (raw / f"{name}.csv").open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
    output = tmp_path_factory.mktemp("tables")
    params = [*PARAMS, f"raw_dir={raw}", f"output_dir={output}"]
    wanted = ("--to-outputs", "rankers,related_articles,timeline")
    pipelines = ("--pipelines", "data_processing,eda,als_candidates,lgbm_ranking")
    ended = runs.kedro("run", "--env", "test", *pipelines, *wanted, "--params", ",".join(params))
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    given: Any = OmegaConf.to_container(OmegaConf.from_dotlist(params))
    config = OmegaConfigLoader(runs.PROJECT / "conf", env="test", runtime_params=given, **CONFIG_LOADER_ARGS)
    return Work(raw, output, output, Parameters.model_validate(config["parameters"]), threads=1)


@pytest.fixture
def do(made: Work, tmp_path: Path):
    """Do a stage by a tool and give the place of its tables."""

    def by(tool: str, stage: str) -> Path:
        stages = importlib.import_module(f"hm_kedro.pipelines.scaling_study.yardsticks.{tool}_stages").STAGES
        stages[stage](Work(made.raw, made.tables, tmp_path, made.params, threads=1))
        return tmp_path

    return by


def assert_same(made: Work, output: Path, table: str, *, rtol: float = 0) -> pd.DataFrame:
    """The tables have the same columns, types and rows; numbers up to a tolerance. Give the project's."""
    expected, found = (_read(folder, table) for folder in (made.tables, output))
    assert len(expected)
    pd.testing.assert_frame_equal(found, expected, check_exact=not rtol, rtol=rtol or 1e-5, obj=table)
    return expected


def _read(output: Path, table: str) -> pd.DataFrame:
    frame = runs.read(output, table)
    return frame.assign(week=frame["week"].astype(str)) if "week" in frame else frame


@pytest.mark.parametrize("tool", ["duckdb", "pandas"])
def test_files_are_read_as_the_project_reads_them(made, do, tool):
    output = do(tool, "read")
    for name in ("articles", "customers", "transactions", "submission_lines"):
        assert_same(made, output, f"03_primary/{name}")


@pytest.mark.parametrize("tool", ["duckdb", "pandas"])
def test_articles_are_related_as_the_project_relates_them(made, do, tool):
    pairs = assert_same(made, do(tool, "bought_together"), "04_feature/related_articles", rtol=1e-5)
    assert (pairs["customers"] > 1).any()


@pytest.mark.parametrize("tool", ["duckdb", "pandas"])
def test_articles_are_described_as_the_project_describes_them(made, do, tool):
    output = do(tool, "article_features")
    assert_same(made, output, "04_feature/article_days")
    assert_same(made, output, "04_feature/article_features", rtol=1e-6)


def test_implicit_fits_the_same_factors(made, do):
    table = "06_models/item_factors"
    expected, found = (_read(folder, table) for folder in (made.tables, do("implicit", "als_fit")))
    np.testing.assert_allclose(np.stack(found.pop("factors")), np.stack(expected.pop("factors")), rtol=1e-4, atol=1e-6)
    pd.testing.assert_frame_equal(found, expected)
    assert expected["on_sale"].nunique() == 2


def test_implicit_finds_the_same_articles_of_every_customer(made, do):
    table, key = "04_feature/candidates", ["week", "customer", "als_rank"]
    expected, found = (
        _read(folder, table)[[*key, "article", "als_score"]].sort_values(key, ignore_index=True)
        for folder in (made.tables, do("implicit", "als_top"))
    )
    pd.testing.assert_frame_equal(found[[*key, "als_score"]], expected[[*key, "als_score"]], rtol=1e-5, atol=1e-6)
    assert (found["article"] == expected["article"]).mean() > 0.99


def test_examples_are_picked_and_described_as_the_project_does_it(made, do):
    table = "05_model_input/training_examples"
    expected, found = (_read(folder, table) for folder in (made.tables, do("duckdb", "examples")))
    assert set(expected["bought"]) == {0, 1}
    assert expected["factors_product"].notna().any()
    pd.testing.assert_frame_equal(found, expected, rtol=1e-5, atol=1e-5)


def test_lightgbm_trains_the_same_rankers(made, do):
    output = do("lightgbm", "train")
    files = sorted(path.name for path in (made.tables / "06_models/rankers").iterdir())
    assert files == sorted(path.name for path in (output / "06_models/rankers").iterdir())
    for file in files:
        own, found = ((folder / "06_models/rankers" / file).read_text() for folder in (made.tables, output))
        assert found == own


def test_constants_are_the_projects():
    projects = (tables.FRACTION, related.LEAST, article_features.ONLINE)
    again = (yardstick_tables.FRACTION, yardstick_tables.LEAST, yardstick_tables.ONLINE)
    assert again == projects


def test_every_yardstick_has_its_module_and_stages():
    for tool in YARDSTICKS:
        module = importlib.import_module(f"hm_kedro.pipelines.scaling_study.yardsticks.{tool}_stages")
        assert module.STAGES
