"""What every test shares: the engine under test (`--engine`), small tables, tiny raw files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from kedro.io import DatasetError
from pyspark.sql import DataFrame, SparkSession
from xdist.scheduler import LoadFileScheduling

from hm_kedro import engine
from hm_kedro.errors import HmKedroError, one_line

SPARK_CONF = {
    "spark.app.name": "hm-kedro tests",
    "spark.master": "local[2]",
    "spark.driver.memory": "1g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.session.timeZone": "UTC",
    # Tables of a few rows: compiling queries, replanning them and optimizing the JVM's code costs more than it saves.
    # Whole runs keep the plans of real ones.
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.driver.defaultJavaOptions": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m -XX:+UseSerialGC",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engine", choices=("spark", "sail"), default="spark", help="the engine that node tests run on")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest tests first, which no process should begin last."""
    items.sort(key=lambda item: [item.get_closest_marker(name) is None for name in ("integration", "real")])


class FilesTogether(LoadFileScheduling):
    """Has each file's tests run by one process, and all of `tests/integration`, which share whole runs, by one."""

    def _split_scope(self, nodeid: str) -> str:
        shared = "tests/integration/"
        return shared if nodeid.startswith(shared) else str(super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FilesTogether:
    """Take it for every run by several processes."""
    return FilesTogether(config, log)


@pytest.fixture(scope="session")
def session(pytestconfig: pytest.Config) -> Iterator[SparkSession]:
    """The session of the engine under test."""
    engine.configure(pytestconfig.getoption("--engine"), SPARK_CONF)
    yield engine.session()
    engine.stop()


@pytest.fixture(scope="session")
def table(session: SparkSession) -> Callable[[str, list[tuple[Any, ...]]], DataFrame]:
    """Make a table of rows under a schema such as `customer int, age int`.

    Purchases, whose first column is `t_dat`, are of one piece each where the schema has no `quantity`.
    """

    def make(schema: str, rows: list[tuple[Any, ...]]) -> DataFrame:
        if not schema.startswith("t_dat") or "quantity" in schema:
            return session.createDataFrame(rows, schema)
        return session.createDataFrame([(*row, 1) for row in rows], f"{schema}, quantity int")

    return make


def rows(frame: DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    """The rows of a table as sorted tuples, of some columns or all."""
    chosen = frame.select(*columns) if columns else frame
    return sorted((tuple(row) for row in chosen.collect()), key=str)


def day(text: str) -> date:
    """A date from its ISO form."""
    return date.fromisoformat(text)


@pytest.fixture
def refusal() -> Callable[[Callable[[], object]], str]:
    """The one line that a user reads when a call is refused by one of our own errors, below Kedro's or not."""

    def line_of(call: Callable[[], object]) -> str:
        with pytest.raises((HmKedroError, DatasetError)) as caught:
            call()
        assert isinstance(caught.value, HmKedroError) or isinstance(caught.value.__cause__, HmKedroError)
        return one_line(caught.value)

    return line_of
