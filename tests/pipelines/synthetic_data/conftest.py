"""A small synthetic shop and its customers, made once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from kedro.config import OmegaConfigLoader

from hm_kedro.parameters import Parameters, SyntheticParameters
from hm_kedro.pipelines.synthetic_data.purchases import Size, shop_of
from hm_kedro.pipelines.synthetic_data.shop import Shop

CONF = Path(__file__).parents[3] / "conf"
SCALE = 0.002


@pytest.fixture(scope="session")
def params() -> SyntheticParameters:
    """The parameters of conf/base, by one process."""
    raw = OmegaConfigLoader(str(CONF), base_env="base", default_run_env="base")["parameters"]
    return Parameters.model_validate(raw).synthetic.model_copy(update={"processes": 1})


@pytest.fixture(scope="session")
def size(params: SyntheticParameters) -> Size:
    return Size.of(SCALE, params.article_power)


@pytest.fixture(scope="session")
def shop(params: SyntheticParameters) -> Shop:
    return shop_of(SCALE, params)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)
