"""The catalog and the configuration of every environment keep to the design."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
import yaml
from kedro.config import OmegaConfigLoader
from kedro.framework.project import configure_project
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from hm_kedro.parameters import Parameters
from hm_kedro.pipeline_registry import DEFAULT, register_pipelines
from hm_kedro.settings import CONFIG_LOADER_ARGS

PROJECT = Path(__file__).resolve().parents[1]
ENVIRONMENTS = ["local", "online_retail", "kaggle", "kaggle_week", "relbench", "synthetic", "cluster", "test"]
LAYERS = [
    "synthetic",
    "raw",
    "intermediate",
    "primary",
    "eda",
    "retrieval",
    "features",
    "models",
    "predictions",
    "reporting",
]


@pytest.fixture(scope="session")
def pipelines() -> dict[str, Pipeline]:
    configure_project("hm_kedro")
    return register_pipelines()


def config(env: str, **runtime: str) -> OmegaConfigLoader:
    return OmegaConfigLoader(PROJECT / "conf", env=env, runtime_params=runtime, **CONFIG_LOADER_ARGS)


def layer(entry: dict[str, Any]) -> str:
    return entry["metadata"]["kedro-viz"]["layer"]


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_every_dataset_of_every_pipeline_is_in_the_catalog(env: str, pipelines: dict[str, Pipeline]) -> None:
    catalog = DataCatalog.from_config(config(env)["catalog"])
    used = {name for pipeline in pipelines.values() for name in pipeline.datasets() if not name.startswith("params:")}
    assert used == set(catalog.keys())


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_parameters_of_every_environment_are_valid(env: str) -> None:
    Parameters.model_validate(config(env)["parameters"])


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_every_output_lies_under_output_dir_and_every_raw_file_under_raw_dir(env: str) -> None:
    for name, entry in config(env, raw_dir="RAW", output_dir="OUT", submissions="RAW/rival.csv")["catalog"].items():
        place = entry.get("filepath") or entry.get("path") or entry["place"]
        assert place.startswith("RAW" if layer(entry) == "raw" else "OUT/"), name


def test_every_dataset_has_a_layer_of_the_design() -> None:
    for name, entry in config("local")["catalog"].items():
        assert layer(entry) in LAYERS, name


def test_every_preview_is_of_a_kind_that_kedro_viz_shows() -> None:
    catalog = DataCatalog.from_config(config("local")["catalog"])
    shown = {"TablePreview", "PlotlyPreview", "JSONPreview", "ImagePreview", "HTMLPreview"}
    for name in list(catalog.keys()):
        if hasattr(catalog[name], "preview"):
            kind = inspect.signature(catalog[name].preview).return_annotation
            assert getattr(kind, "__name__", kind) in shown, name


def test_layers_follow_the_graph(pipelines: dict[str, Pipeline]) -> None:
    """A node's outputs are never of an earlier layer than its inputs: layers that form a cycle are not drawn."""
    layers = {name: LAYERS.index(layer(entry)) for name, entry in config("local")["catalog"].items()}
    for node in (node for pipeline in pipelines.values() for node in pipeline.nodes):
        inputs = [layers[name] for name in node.inputs if name in layers]
        for output in node.outputs:
            assert all(layers[output] >= earlier for earlier in inputs), node.name


def test_default_is_the_whole_road(pipelines: dict[str, Pipeline]) -> None:
    assert pipelines["__default__"].nodes == sum((pipelines[name] for name in DEFAULT), Pipeline([])).nodes


def test_every_node_is_in_the_namespace_of_its_pipeline(pipelines: dict[str, Pipeline]) -> None:
    for name, pipeline in pipelines.items():
        if name != "__default__":
            assert {node.namespace for node in pipeline.nodes} == {name}


def test_every_parameter_group_used_by_a_node_is_known(pipelines: dict[str, Pipeline]) -> None:
    used = {
        name.removeprefix("params:") for p in pipelines.values() for name in p.inputs() if name.startswith("params:")
    }
    assert used <= set(Parameters.model_fields)


def test_every_node_is_named_after_its_function(pipelines: dict[str, Pipeline]) -> None:
    """`--from-nodes als_candidates.fit_factors` is what a person types to go on after a failure."""
    for node in (node for pipeline in pipelines.values() for node in pipeline.nodes):
        assert node.name == f"{node.namespace}.{node.func.__name__}"


@pytest.mark.parametrize("env", ["kaggle", "online_retail", "synthetic", "cluster"])
def test_environments_say_only_what_differs(env: str) -> None:
    """Data sets are no reason for other models: one set of parameters serves them all."""
    assert {path.name for path in (PROJECT / "conf" / env).rglob("*.yml")} <= {"globals.yml", "spark.yml"}


@pytest.mark.parametrize("env", ["kaggle_week", "relbench"])
def test_presets_of_a_judged_week_are_the_kaggle_files_judged_on_the_cutoffs_week_alone(env: str) -> None:
    # Read at once: the globals are those of the loader that was made last.
    (preset, spark), (kaggle, spark_of_kaggle) = (
        (loader["parameters"], loader["spark"]) for loader in map(config, (env, "kaggle"))
    )
    assert preset["evaluation"] == {"weeks": 0}
    assert {name for name in kaggle if preset[name] != kaggle[name]} == {"evaluation", "cutoff"}
    assert spark == spark_of_kaggle


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_training_examples_may_be_collected_whatever_their_size(env: str) -> None:
    """Those of H&M's six weeks are past Spark's default bound; `training.max_rows` is ours."""
    assert config(env)["spark"]["spark.driver.maxResultSize"] == 0


def test_every_parameter_has_a_comment_or_explains_itself() -> None:
    for path in (PROJECT / "conf/base/parameters").glob("*.yml"):
        assert any(line.lstrip().startswith("#") for line in path.read_text().splitlines()), path
        assert yaml.safe_load(path.read_text())


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_synthetic_files_go_where_they_harm_nothing(env: str) -> None:
    """`kedro run --pipeline synthetic_data` must not reach the demo set or the Kaggle files by a forgotten `--env`."""
    assert config(env)["catalog"]["synthetic_files"]["path"] == "data/01_raw/synthetic"
    assert config(env)["globals"]["raw_dir"] == "data/01_raw/synthetic" or env != "synthetic"
