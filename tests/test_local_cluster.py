"""What a local cluster does when all is not well; whole runs on a real one are in integration/test_cluster.py."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.awaiting import ends, wait_for

from hm_kedro import local_cluster
from hm_kedro.errors import HmKedroError
from hm_kedro.local_cluster import LocalCluster, _Daemon, main


@pytest.fixture
def spark_class(monkeypatch, tmp_path):
    """Put a script in the place of Spark's own that starts daemons; they see no other variable of Spark's."""

    def put(script: str) -> Path:
        path = tmp_path / "bin/spark-class"
        path.parent.mkdir()
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    environment = {"SPARK_HOME": str(tmp_path), "PATH": os.environ["PATH"], "HERE": str(tmp_path)}
    monkeypatch.setattr(local_cluster, "_daemons_environment", lambda _: environment)
    return put


def test_a_daemon_that_does_not_come_up_is_told_in_one_line_with_its_last_words(spark_class):
    spark_class("echo starting; echo no room for a heap; exit 1")
    with pytest.raises(HmKedroError, match="does not come up: master-0: no room for a heap") as caught, LocalCluster():
        pass
    assert "\n" not in str(caught.value)


def test_a_start_that_fails_leaves_no_process_and_no_folder(spark_class, monkeypatch, tmp_path):
    spark_class('sleep 1000 & echo $! > "$HERE/child"; exit 1')
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(HmKedroError), LocalCluster():
        pass
    assert ends(int(wait_for(tmp_path / "child")))
    assert not list(tmp_path.glob("hm-kedro-cluster-*"))


def test_a_cluster_without_a_java_is_one_clear_line(monkeypatch):
    monkeypatch.setattr(local_cluster, "java_home", lambda: None)
    with pytest.raises(HmKedroError, match="needs Java 17 or later"), LocalCluster():
        pass


def test_what_others_set_for_their_spark_is_not_the_clusters(monkeypatch, tmp_path):
    monkeypatch.setenv("SPARK_MASTER_HOST", "elsewhere")
    monkeypatch.setenv("SPARK_LOCAL_IP", "10.0.0.1")
    environment = local_cluster._daemons_environment(tmp_path)
    assert "SPARK_MASTER_HOST" not in environment
    assert environment["SPARK_LOCAL_IP"] == "127.0.0.1"


def test_a_daemon_that_ignores_being_told_to_stop_is_stopped_with_its_children(monkeypatch, tmp_path):
    monkeypatch.setattr(local_cluster, "MOST_SECONDS_TO_STOP", 0.5)
    script = f'trap "" TERM; sleep 1000 & echo $! > {tmp_path}/child; while :; do wait; done'
    daemon = _Daemon(["sh", "-c", script], {"PATH": os.environ["PATH"]}, tmp_path / "log")
    child = int(wait_for(tmp_path / "child"))
    daemon.stop()
    assert daemon.has_ended()
    assert ends(child)


def test_a_daemon_ends_with_the_process_that_started_it_however_that_ends(tmp_path):
    program = (
        "import os, pathlib, time; from hm_kedro.local_cluster import _Daemon; "
        f"place = pathlib.Path({str(tmp_path)!r}); "
        "daemon = _Daemon(['sh', '-c', f'echo $$ > {place}/child; exec sleep 1000'], dict(os.environ), place / 'log'); "
        "time.sleep(1000)"
    )
    starter = subprocess.Popen([sys.executable, "-c", program])
    child = int(wait_for(tmp_path / "child"))
    starter.kill()
    starter.wait()
    assert ends(child)


def test_stopping_a_daemon_that_has_ended_is_no_error(tmp_path):
    daemon = _Daemon(["true"], {"PATH": os.environ["PATH"]}, tmp_path / "log")
    daemon.stop()
    daemon.stop()
    assert daemon.has_ended()


class Cluster:
    """A cluster that is there at once."""

    url = "spark://there:1"

    def __init__(self, *_):
        self.environment = {"SPARK_MASTER_URL": self.url}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 3", 3), ("kill -KILL $$", 137)])
def test_the_commands_exit_code_is_that_of_the_whole(monkeypatch, script, code):
    monkeypatch.setattr(local_cluster, "LocalCluster", Cluster)
    assert CliRunner().invoke(main, ["sh", "-c", script]).exit_code == code


def test_the_command_finds_the_cluster_in_its_environment(monkeypatch, tmp_path):
    monkeypatch.setattr(local_cluster, "LocalCluster", Cluster)
    CliRunner().invoke(main, ["sh", "-c", f'echo "$SPARK_MASTER_URL" > {tmp_path}/told'])
    assert wait_for(tmp_path / "told") == "spark://there:1\n"


def test_a_cluster_that_does_not_come_up_ends_the_command_in_one_line(spark_class):
    spark_class("echo no room; exit 1")
    ended = CliRunner().invoke(main, ["true"])
    assert ended.exit_code == 1
    assert ended.output == "Error: the local Spark cluster does not come up: master-0: no room\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_ends_the_command_too(number, tmp_path):
    """The part of the command line that starts no cluster, in a process of its own that is then interrupted."""
    script = f"echo $$ > {tmp_path}/command; exec sleep 1000"
    program = (
        f"import os, signal; signal.signal({int(number)}, signal.SIG_DFL); "  # which nohup would have set otherwise
        "from hm_kedro import interrupts, local_cluster; interrupts.end_tidily(); "
        f"local_cluster._run(['sh', '-c', {script!r}], dict(os.environ))"
    )
    process = subprocess.Popen([sys.executable, "-c", program])
    command = int(wait_for(tmp_path / "command"))
    process.send_signal(number)
    assert process.wait(60) == 128 + number
    assert ends(command)
