"""Choosing, starting and ending an engine; no real one is started or ended here."""

import os
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import pytest

from hm_kedro import engine
from hm_kedro.errors import HmKedroError


class Fake:
    """A session or server that notes when it is stopped."""

    def __init__(self, name: str, stopped: list[str]) -> None:
        self.name, self.stopped = name, stopped

    def stop(self) -> None:
        self.stopped.append(self.name)


@pytest.fixture(autouse=True)
def no_engine_runs(monkeypatch):
    """Hide the engine that other tests use, and put it back afterwards with the variables that lead to it."""
    for name, value in {"name": "spark", "conf": {}, "session": None, "sail_server": None, "carried": None}.items():
        monkeypatch.setattr(engine._Engine, name, value)
    with patch.dict(os.environ):
        yield


@pytest.fixture
def starts(monkeypatch):
    """Note which engine would be started."""
    started = []
    for name in ("spark", "sail"):
        monkeypatch.setattr(engine, f"_start_{name}", lambda name=name: started.append(name) or Fake(name, []))
    return started


@pytest.fixture
def running(monkeypatch):
    """Let a session of `sail` and its server run, and note in which order they are stopped."""
    stopped = []
    monkeypatch.setenv("SPARK_REMOTE", "sc://127.0.0.1:1")
    engine.configure("sail", {"a": 1})
    monkeypatch.setattr(engine._Engine, "session", Fake("session", stopped))
    monkeypatch.setattr(engine._Engine, "sail_server", Fake("server", stopped))
    return stopped


def test_an_unknown_engine_is_named_with_those_there_are():
    with pytest.raises(HmKedroError, match="engine 'duckdb' is not known: choose one of spark, sail, cluster"):
        engine.configure("duckdb", {})


def test_an_unknown_engine_leaves_the_one_that_was_chosen(starts):
    engine.configure("sail", {})
    with pytest.raises(HmKedroError):
        engine.configure("duckdb", {})
    engine.session()
    assert starts == ["sail"]


@pytest.mark.parametrize("name", engine.ENGINES)
def test_nothing_starts_when_an_engine_is_chosen(starts, name):
    engine.configure(name, {})
    assert starts == []


@pytest.mark.parametrize(("name", "start"), [("spark", "spark"), ("sail", "sail"), ("cluster", "spark")])
def test_the_chosen_engine_starts_with_its_first_session(starts, name, start):
    engine.configure(name, {})
    engine.session()
    assert starts == [start]


def test_the_running_session_is_given_again(starts):
    assert engine.session() is engine.session()
    assert starts == ["spark"]


def test_the_running_session_stays_when_the_same_is_chosen_again(running):
    session = engine.session()
    engine.configure("sail", {"a": 1})
    assert engine.session() is session
    assert running == []


@pytest.mark.parametrize(("name", "conf"), [("spark", {"a": 1}), ("sail", {"a": 2})])
def test_the_running_session_ends_when_another_is_chosen(running, name, conf):
    engine.configure(name, conf)
    assert "session" in running


def test_the_session_ends_before_the_server_that_it_speaks_with(running):
    engine.stop()
    assert running == ["session", "server"]


def test_an_ended_server_is_not_looked_for_again(running):
    engine.stop()
    assert "SPARK_REMOTE" not in os.environ


def test_ending_twice_ends_once(running):
    engine.stop()
    engine.stop()
    assert running == ["session", "server"]


@pytest.mark.parametrize(("name", "has_it"), [("spark", True), ("cluster", True), ("sail", False)])
def test_spark_ml_is_there_wherever_apache_spark_is(name, has_it):
    engine.configure(name, {})
    assert engine.has_spark_ml() is has_it


@pytest.mark.parametrize("url", [None, ""])
def test_a_cluster_without_its_master_is_one_clear_line(monkeypatch, url):
    if url is None:
        monkeypatch.delenv("SPARK_MASTER_URL", raising=False)
    else:
        monkeypatch.setenv("SPARK_MASTER_URL", url)
    engine.configure("cluster", {})
    with pytest.raises(HmKedroError, match="SPARK_MASTER_URL, such as spark://host:7077") as caught:
        engine.session()
    assert "\n" not in str(caught.value)


@pytest.fixture
def submitted(monkeypatch):
    """Let this process be an application of `spark-submit`, and note with which settings the session is made."""
    made = []

    def submit(**told: str) -> list[dict[str, str]]:
        monkeypatch.setenv("PYSPARK_GATEWAY_PORT", "1")
        conf = {name.replace("_", "."): value for name, value in told.items()}
        monkeypatch.setattr(engine, "_submitted_conf", lambda: conf)
        monkeypatch.setattr(engine, "java_home", lambda: None)  # nobody asks for it: a JVM runs already
        builder = SimpleNamespace(
            config=lambda conf: made.append(dict(conf.getAll())) or SimpleNamespace(getOrCreate=lambda: Fake("", []))
        )
        monkeypatch.setattr("pyspark.sql.SparkSession.builder", builder)
        return made

    return submit


def test_what_spark_submit_was_told_goes_before_the_configuration(submitted, monkeypatch):
    monkeypatch.setenv("SPARK_MASTER_URL", "spark://elsewhere:7077")
    made = submitted(spark_master="yarn", spark_executor_memory="8g")
    engine.configure("cluster", {"spark.executor.memory": "4g", "spark.sql.shuffle.partitions": 64})
    engine.session()
    (settings,) = made
    assert settings["spark.master"] == "yarn"
    assert settings["spark.executor.memory"] == "8g"
    assert settings["spark.sql.shuffle.partitions"] == "64"


def test_what_keeps_results_correct_cannot_be_submitted_away(submitted):
    (name,) = engine.CORRECT_RESULTS
    made = submitted(spark_master="yarn")
    engine.configure("cluster", {name: "true"})
    engine.session()
    assert made[0][name] == engine.CORRECT_RESULTS[name]


def test_settings_without_a_value_are_left_to_spark(submitted):
    made = submitted(spark_master="yarn")
    engine.configure("cluster", {"spark.driver.host": "", "spark.driver.bindAddress": None, "spark.ui.enabled": False})
    engine.session()
    assert made[0]["spark.ui.enabled"] == "false"
    assert not made[0].keys() & {"spark.driver.host", "spark.driver.bindAddress"}


def test_the_engine_of_one_jvm_does_not_take_a_submitted_cluster(submitted):
    submitted(spark_master="spark://host:7077")
    engine.configure("spark", {})
    with pytest.raises(HmKedroError, match=r"engine 'spark' .* 'spark://host:7077': add `--params engine=cluster`"):
        engine.session()


def test_the_python_that_a_clusters_workers_have_may_be_named(submitted, monkeypatch):
    monkeypatch.setenv("PYSPARK_PYTHON", "environment/bin/python")
    submitted(spark_master="yarn")
    engine.configure("cluster", {})
    engine.session()
    assert os.environ["PYSPARK_PYTHON"] == "environment/bin/python"


def test_spark_without_a_java_is_one_clear_line_with_the_remedies(monkeypatch):
    monkeypatch.setattr(engine, "java_home", lambda: None)
    engine.configure("spark", {})
    with pytest.raises(HmKedroError, match="needs Java 17 or later") as caught:
        engine.session()
    assert "\n" not in str(caught.value)
    assert "python -m hm_kedro.java" in str(caught.value)
    assert "--params engine=sail" in str(caught.value)


def test_an_engine_that_could_not_start_can_be_replaced_by_one_that_can(monkeypatch):
    monkeypatch.setattr(engine, "java_home", lambda: None)
    with pytest.raises(HmKedroError):
        engine.session()
    monkeypatch.setattr(engine, "_start_sail", lambda: "the session")
    engine.configure("sail", {})
    assert engine.session() == "the session"


def test_files_that_carried_rows_are_gone_when_the_engine_ends(running, monkeypatch):
    folder = tempfile.TemporaryDirectory()
    monkeypatch.setattr(engine._Engine, "carried", folder)
    engine.stop()
    assert not Path(folder.name).exists()
    assert engine._Engine.carried is None


@pytest.mark.parametrize(("name", "spread"), [("spark", 100), ("cluster", 100), ("sail", 3)])
def test_only_sail_which_works_on_all_partitions_at_once_gets_no_more_than_cores(monkeypatch, name, spread):
    monkeypatch.setattr(engine, "cores", lambda: 3)
    monkeypatch.setattr(engine._Engine, "name", name)
    assert engine.partitions(100) == spread
    assert engine.partitions(2) == 2


@pytest.fixture
def share():
    """Share values, and end the engine afterwards."""
    yield engine.share
    engine.stop()


def test_shared_values_come_back_each_by_its_own_name(share):
    ones, words = share([1, 1]), share({"a": "b"})
    assert (ones(), words(), ones()) == ([1, 1], {"a": "b"}, [1, 1])


def test_a_shared_value_is_read_once(share):
    give = share([1, 1])
    assert give() is give()


def test_what_gives_a_shared_value_is_small_however_large_the_value(share):
    give = share(bytes(1 << 24))
    assert len(pickle.dumps(give)) < 1_000
    assert pickle.loads(pickle.dumps(give))() == bytes(1 << 24)


def test_nothing_starts_when_a_value_is_shared(share, starts):
    share([1, 1])()
    assert starts == []


def test_shared_values_are_gone_when_the_engine_ends(share):
    read, unread = share([1, 1]), share([2])
    read()
    folder = Path(engine._Engine.carried.name)
    assert len(list(folder.iterdir())) == 2
    engine.stop()
    assert not folder.exists()
    for give in (read, unread):
        with pytest.raises(FileNotFoundError):
            give()


def test_values_are_shared_again_after_the_engine_has_ended(share):
    share([1, 1])
    engine.stop()
    assert share([2])() == [2]


def test_a_clusters_workers_which_do_not_see_this_machines_files_get_a_broadcast(share, monkeypatch):
    monkeypatch.setattr(engine._Engine, "name", "cluster")
    spark = SimpleNamespace(
        broadcast=lambda value: SimpleNamespace(value=("broadcast", value)), getCheckpointDir=lambda: None
    )
    monkeypatch.setattr(engine._Engine, "session", SimpleNamespace(sparkContext=spark, stop=lambda: None))
    assert share([1, 1])() == ("broadcast", [1, 1])
    assert engine._Engine.carried is None


def test_what_als_saved_on_a_cluster_is_removed_while_its_session_runs(monkeypatch):
    done = []
    monkeypatch.setattr(engine._Engine, "name", "cluster")
    monkeypatch.setattr(engine._Engine, "session", Fake("session", done))
    monkeypatch.setattr(engine, "_remove_checkpoints", lambda session: done.append(f"checkpoints of {session.name}"))
    engine.stop()
    assert done == ["checkpoints of session", "session"]


def test_a_released_value_is_forgotten_where_the_next_one_is_read(session):
    first, second = engine.share([1]), engine.share([2])
    assert first() == [1]
    (path,) = first.args
    engine.release(first)
    assert not Path(path).exists()
    engine._SHARED[path] = [1]  # as a worker has it that read it before
    assert second() == [2]
    assert path not in engine._SHARED
    engine.release(first)  # twice is no error


def ask_twice(idle: str | None, seconds: float) -> subprocess.CompletedProcess[str]:
    """Let a session of Sail in a process of its own count, then ask for nothing for a while, then count again."""
    asking = (
        "import time; from hm_kedro import engine; engine.configure('sail', {}); session = engine.session(); "
        f"print(session.range(3).count()); time.sleep({seconds}); print(session.range(4).count())"
    )
    variables = {name: value for name, value in os.environ.items() if name != engine.SAIL_IDLE}
    env = variables if idle is None else variables | {engine.SAIL_IDLE: idle}
    return subprocess.run([sys.executable, "-c", asking], env=env, capture_output=True, text=True, check=False)


def test_sail_forgets_an_idle_session_after_the_time_that_the_variable_says():
    """So its name is right, and its value, where nobody has set it, longer than any training takes."""
    assert "is not running" in ask_twice("1", 3).stderr
    assert ask_twice(None, 3).stdout.splitlines() == ["3", "4"]
    assert engine.LONGEST_IDLE >= 7 * 24 * 3600


def test_sail_is_started_with_that_time(monkeypatch):
    told = []

    class Server:
        listening_address = ("127.0.0.1", 1)

        def start(self, **_):
            told.append(os.environ[engine.SAIL_IDLE])

    session = SimpleNamespace(getOrCreate=lambda: None)
    monkeypatch.setattr("pysail.spark.SparkConnectServer", lambda *_: Server())
    monkeypatch.setattr("pyspark.sql.SparkSession.builder", SimpleNamespace(remote=lambda _: session))
    os.environ.pop(engine.SAIL_IDLE, None)
    engine._start_sail()
    assert told == [str(engine.LONGEST_IDLE)]
