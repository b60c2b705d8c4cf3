"""A Spark standalone cluster of this machine alone: a master and workers, each a process of its own, on loopback.

`python -m hm_kedro.local_cluster COMMAND …` starts one from the installed pyspark, runs the command with what leads to
it in the environment, and stops it.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import click

from hm_kedro.errors import HmKedroError
from hm_kedro.interrupts import end_tidily, undisturbed
from hm_kedro.java import java_home

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

LOOPBACK = "127.0.0.1"
MOST_SECONDS_TO_START = 120.0
MOST_SECONDS_TO_STOP = 15.0
SECONDS_BETWEEN_LOOKS = 0.1
# Runs a command until it ends or the pipe does, whose other end the process has that started it; then ends the group.
GUARD = '("$@" </dev/null; kill 0) & cat >/dev/null; kill 0'
# Asked without the proxy that the environment may name.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class LocalCluster:
    """The cluster, within a `with`; at its end what it started is stopped, by the ids of the processes.

    Args:
        workers: how many there are from the start.
        cores: of each worker.
        memory: of each worker, such as `1g`; all of it is for the executor that it runs for an application.

    Attributes:
        url: the master's, such as `spark://127.0.0.1:40123`.
        environment: the variables that lead a driver here, whose executors are then as large as the workers.

    Raises:
        HmKedroError: at the start; there is no Java, or a process does not come up.
    """

    url: str
    environment: dict[str, str]

    def __init__(self, workers: int = 2, cores: int = 1, memory: str = "1g") -> None:
        self._at_start = workers
        self._room = ["--cores", str(cores), "--memory", memory]
        self._memory = memory
        self._partitions = str(2 * workers * cores)
        self._daemons: list[_Daemon] = []
        self._numbers = count()
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        """Start it."""
        with self._opened:  # which closes what is open if a start fails
            temporary = tempfile.TemporaryDirectory(prefix="hm-kedro-cluster-", ignore_cleanup_errors=True)
            self._folder = Path(self._opened.enter_context(temporary))
            self._env = _daemons_environment(self._folder)
            master = self._start("master")
            port = self._wait(lambda: re.search(r"MasterWebUI .* at https?://\S+:(\d+)", master.log()))[1]
            self._page = f"http://{LOOPBACK}:{port}/json/"
            self.url = self._wait(lambda: self._ask().get("url"))
            self.environment = {
                "SPARK_MASTER_URL": self.url,
                "SPARK_HOME": self._env["SPARK_HOME"],
                "SPARK_LOCAL_IP": LOOPBACK,
                "SPARK_EXECUTOR_MEMORY": self._memory,
                "SPARK_SHUFFLE_PARTITIONS": self._partitions,
            }
            for _ in range(self._at_start):
                self._start_worker()
            self._wait(lambda: len(self.workers()) == self._at_start)
            self._opened = self._opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self._opened.close()

    def workers(self) -> set[str]:
        """Ask the master for the ids of the workers that it knows to be alive."""
        return {worker["id"] for worker in self._ask().get("workers", []) if worker["state"] == "ALIVE"}

    def add_worker(self) -> None:
        """Start one more worker and wait until the master knows it."""
        before = self.workers()
        self._start_worker()
        self._wait(lambda: self.workers() - before)

    def kill_worker(self) -> None:
        """Kill the worker that has run longest, with its executors, and wait until the master has lost it."""
        before = self.workers()
        _, oldest, *_ = self._daemons
        self._daemons.remove(oldest)
        oldest.kill()
        self._wait(lambda: before - self.workers())

    def _start_worker(self) -> None:
        self._start("worker", *self._room, "--work-dir", str(self._folder / "work"), self.url)

    def _start(self, role: str, *arguments: str) -> _Daemon:
        main = f"org.apache.spark.deploy.{role}.{role.title()}"
        command = [f"{self._env['SPARK_HOME']}/bin/spark-class", main, "--host", LOOPBACK, "--port", "0"]
        log = self._folder / f"{role}-{next(self._numbers)}.log"
        with undisturbed():
            daemon = _Daemon([*command, "--webui-port", "0", *arguments], self._env, log)
            self._opened.callback(daemon.stop)
            self._daemons.append(daemon)
        return daemon

    def _ask(self) -> dict[str, Any]:
        """Ask the master what it knows; nothing where it does not answer."""
        with suppress(OSError), DIRECT.open(self._page, timeout=MOST_SECONDS_TO_STOP) as answer:
            told: dict[str, Any] = json.load(answer)
            return told
        return {}

    def _wait(self, look: Callable[[], T | None]) -> T:
        """Look until there is something, and give it."""
        deadline = time.monotonic() + MOST_SECONDS_TO_START
        while not (seen := look()):
            ended = [daemon for daemon in self._daemons if daemon.has_ended()]
            if ended or time.monotonic() > deadline:
                last_words = "; ".join(daemon.last_words() for daemon in ended or self._daemons)
                raise HmKedroError(f"the local Spark cluster does not come up: {last_words}")
            time.sleep(SECONDS_BETWEEN_LOOKS)
        return seen


class _Daemon:
    """A process in a group of its own, with its children: a worker's executors.

    An interrupt at the terminal does not reach the group, so that drivers end before their cluster. Where this process
    is killed, the group ends by itself.
    """

    def __init__(self, command: Sequence[str], env: dict[str, str], log: Path) -> None:
        self._log = log
        self._killed = False
        with log.open("wb") as file:
            self._process = subprocess.Popen(
                ["sh", "-c", GUARD, "sh", *command],
                env=env,
                cwd=log.parent,
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def last_words(self) -> str:
        lines = self.log().strip().splitlines() or ["it said nothing"]
        return f"{self._log.stem}: {lines[-1]}"

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def stop(self) -> None:
        deadline = time.monotonic() + MOST_SECONDS_TO_STOP
        try:
            while not self._killed and self._signal(signal.SIGTERM) and time.monotonic() < deadline:
                time.sleep(SECONDS_BETWEEN_LOOKS)
        finally:
            self.kill()

    def kill(self) -> None:
        """Kill what is left of the group; once, since its number may come to be another's."""
        if not self._killed:
            self._killed = True
            self._signal(signal.SIGKILL)
            self._process.communicate(timeout=MOST_SECONDS_TO_STOP)

    def _signal(self, number: signal.Signals) -> bool:
        """Send a signal to the group, and say whether there is one."""
        self._process.poll()  # else its head remains a member for ever
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return False
        return True


def _daemons_environment(folder: Path) -> dict[str, str]:
    """Give the environment of master and workers: what others set for their Spark is not meant for this one."""
    home, spark = java_home(), find_spec("pyspark")
    if home is None:
        raise HmKedroError("a Spark cluster needs Java 17 or later and none was found: run `python -m hm_kedro.java`")
    if spark is None or spark.origin is None:
        raise HmKedroError("a Spark cluster needs pyspark, which is not installed: `pip install pyspark`")
    others = {name: value for name, value in os.environ.items() if not name.startswith("SPARK_")}
    return others | {
        "JAVA_HOME": str(home),
        "SPARK_HOME": str(Path(spark.origin).parent),
        "SPARK_CONF_DIR": str(folder),
        "SPARK_LOCAL_DIRS": str(folder),
        "SPARK_LOCAL_IP": LOOPBACK,  # what pages listen on
        "SPARK_DAEMON_MEMORY": "256m",
        # Else it takes a port of its own to submit applications by.
        "SPARK_MASTER_OPTS": "-Dspark.master.rest.enabled=false",
    }


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--workers", default=2, show_default=True, help="How many workers.")
@click.option("--cores", default=1, show_default=True, help="Cores of a worker.")
@click.option("--memory", default="2g", show_default=True, help="Memory of a worker's executor.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def main(workers: int, cores: int, memory: str, command: tuple[str, ...]) -> None:
    """Run COMMAND on a Spark standalone cluster of this machine, started for it and stopped after it."""
    end_tidily()
    try:
        with LocalCluster(workers, cores, memory) as cluster:
            click.echo(f"Spark cluster: {cluster.url}, {workers} workers of {cores} cores and {memory}")
            code = _run(command, os.environ | cluster.environment)
    except HmKedroError as error:
        raise click.ClickException(str(error)) from None
    sys.exit(code)


def _run(command: Sequence[str], env: dict[str, str]) -> int:
    """Run a command to its end, or end it when this process is told to end."""
    with ExitStack() as started:
        with undisturbed():
            process = subprocess.Popen(command, env=env)
            started.callback(process.wait, MOST_SECONDS_TO_STOP)
            started.callback(process.terminate)  # nothing to one that has ended
        code = process.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    main()
