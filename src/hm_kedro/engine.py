"""The one place that knows engines: it gives the session and hides which engine is behind it.

An engine is chosen by `configure`, which starts nothing, and starts when `session` is first called,
so `kedro catalog`, `kedro viz` and `--help` run without one.

| engine    | what runs the nodes                                                              |
|-----------|----------------------------------------------------------------------------------|
| `spark`   | Apache Spark in this machine's JVM                                               |
| `sail`    | Sail (`pysail`), in this process, behind the Spark Connect protocol              |
| `cluster` | Apache Spark on the master whose URL the environment variable SPARK_MASTER_URL has |

Under `spark-submit` a JVM runs already: what it was told, its master among it, goes before the engine's configuration.
"""

from __future__ import annotations

import atexit
import logging
import os
import pickle
import subprocess
import sys
import tempfile
import threading
import warnings
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pyarrow.parquet as pq
from fsspec.core import url_to_fs

from hm_kedro.blas import keep_to_one_thread
from hm_kedro.errors import HmKedroError
from hm_kedro.java import java_home
from hm_kedro.processes import cores

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pyarrow as pa
    from pyspark import SparkConf
    from pyspark.sql import DataFrame, SparkSession

# What the JVM and its workers print past any log configuration, whether all is well or not.
NOISE = (
    b"Using incubator modules",
    b"netlib-blas: JNI_OnLoad",
    b"netlib-lapack: JNI_OnLoad",
    b"package sun.security.action not in java.base",
    # LightGBM's, from a thread of a worker's that its verbosity doesn't reach.
    b"[LightGBM] [Info] Listening...",
)
# Spark 4.2.1 takes a union of equally partitioned tables for partitioned itself and leaves out a shuffle after it;
# a grouping can then yield keys twice, whatever adaptive execution does (of the kind of
# https://github.com/apache/spark/pull/58473).
CORRECT_RESULTS = {"spark.sql.unionOutputPartitioning": "false"}
MOST_BYTES_IN_A_PLAN = 1 << 20
ENGINES = ("spark", "sail", "cluster")
# Seconds after which Sail forgets a session that asks for nothing, by itself a quarter of an hour: less than a ranker
# may take to be trained. A session ends with the process in any case.
SAIL_IDLE, LONGEST_IDLE = "SAIL_SPARK__SESSION_TIMEOUT_SECS", 365 * 24 * 3600

logger = logging.getLogger(__name__)


class _Engine:
    """What is chosen and what is running; one of each a process, as Spark itself has it."""

    name: str = "spark"
    conf: Mapping[str, Any] = {}
    session: SparkSession | None = None
    sail_server: Any = None
    carried: tempfile.TemporaryDirectory[str] | None = None


def configure(name: str, conf: Mapping[str, Any]) -> None:
    """Choose the engine for the sessions to come.

    Args:
        name: one of `ENGINES`.
        conf: Spark's configuration (spark.yml of the environment); Sail takes none of it.

    Raises:
        HmKedroError: no such engine.
    """
    if name not in ENGINES:
        raise HmKedroError(f"engine '{name}' is not known: choose one of {', '.join(ENGINES)}")
    if _Engine.session is not None and (name, dict(conf)) != (_Engine.name, dict(_Engine.conf)):
        stop()
    _Engine.name, _Engine.conf = name, dict(conf)


def configuration() -> Mapping[str, Any]:
    """What the run's environment tells Apache Spark, whichever engine was chosen."""
    return _Engine.conf


def has_spark_ml() -> bool:
    """Whether the engine brings Spark ML (`pyspark.ml`)."""
    return _Engine.name != "sail"


def has_barrier_stages() -> bool:
    """Whether tasks of the engine can run all at once and wait for each other."""
    return _Engine.name != "sail"


def check_barrier_stages(what: str) -> None:
    """Refuse what needs barrier stages on an engine without; nothing is started.

    Raises:
        HmKedroError: the engine has none.
    """
    if not has_barrier_stages():
        raise HmKedroError(
            f"{what} needs tasks that wait for each other, which engine '{_Engine.name}' lacks: "
            "choose engine=spark or engine=cluster, or leave it out"
        )


def tasks_at_once() -> int:
    """How many tasks a barrier stage may have; Spark waits ten minutes for machines that more would need.

    They are the cores of the workers that are there; a cluster of one core passes for two.
    """
    return int(session().sparkContext.defaultParallelism)


def partitions(pieces: int) -> int:
    """How many partitions pieces of work are spread over: Sail works on all at once, Spark on one a core."""
    return min(pieces, cores()) if _Engine.name == "sail" else pieces


def on_this_machine() -> bool:
    """Whether the workers are processes of this machine."""
    return _Engine.name != "cluster"


def session() -> SparkSession:
    """Give the running session, started now if there is none."""
    if _Engine.session is None:
        logger.info("Starting the engine %s", _Engine.name)
        keep_to_one_thread()
        _Engine.session = _start_sail() if _Engine.name == "sail" else _start_spark()
    return _Engine.session


def from_arrow(table: pa.Table) -> DataFrame:
    """Make a table of the engine from rows that this process holds.

    They travel within the plan, whose size is bounded (128 MB, all tables of a plan together), or, if many, through
    a file that is gone when the engine ends. To a cluster, whose workers don't see this machine's files, they travel
    with the tasks in any case.
    """
    if table.nbytes <= MOST_BYTES_IN_A_PLAN or _Engine.name == "cluster":
        return session().createDataFrame(table)
    running = session()
    handle, path = _carried_file(".parquet")
    with os.fdopen(handle, "wb") as file:
        pq.write_table(table, file)
    return running.read.parquet(path)


def share(value: Any) -> Callable[[], Any]:
    """Carry a value to the workers, past the plan, whose size is bounded.

    Returns:
        What gives the value, here and in the functions that workers run; read once in a process of theirs.
    """
    if _Engine.name == "cluster":  # whose workers don't see this machine's files
        return partial(_broadcast_value, session().sparkContext.broadcast(value))
    handle, path = _carried_file(".pickle")
    with os.fdopen(handle, "wb") as file:
        pickle.dump(value, file, protocol=pickle.HIGHEST_PROTOCOL)
    return partial(_read_shared, path)


def release(shared: Callable[[], Any]) -> None:
    """Let go of a value that was shared and is needed no more, here and, when they next read one, on the workers."""
    if not isinstance(shared, partial):
        raise TypeError(f"{shared} was not given by `share`")
    (carrier,) = shared.args
    if not isinstance(carrier, str):
        carrier.unpersist()
        return
    Path(carrier).unlink(missing_ok=True)
    _SHARED.pop(carrier, None)


def _broadcast_value(broadcast: Any) -> Any:
    return broadcast.value


# What this process has read of shared values, by their files.
_SHARED: dict[str, Any] = {}


def _read_shared(path: str) -> Any:
    if path not in _SHARED:
        for released in [other for other in list(_SHARED) if not Path(other).exists()]:
            _SHARED.pop(released, None)
        with Path(path).open("rb") as file:
            _SHARED[path] = pickle.load(file)
    return _SHARED[path]


def _carried_file(suffix: str) -> tuple[int, str]:
    return tempfile.mkstemp(suffix=suffix, dir=_carried_folder())


def _carried_folder() -> Path:
    """Give the folder of this engine's own files, gone when it ends."""
    _Engine.carried = _Engine.carried or tempfile.TemporaryDirectory(prefix="hm-kedro-")
    return Path(_Engine.carried.name)


def stop() -> None:
    """End the session and what serves it; safe to call when none runs."""
    carried, _Engine.carried = _Engine.carried, None
    _SHARED.clear()
    running, _Engine.session = _Engine.session, None
    server, _Engine.sail_server = _Engine.sail_server, None
    if running is not None:
        if _Engine.name == "cluster":
            _remove_checkpoints(running)
        running.stop()
    if server is not None:
        # After the session: a client whose server is gone retries for ten minutes.
        server.stop()
        for variable in ("SPARK_REMOTE", "SPARK_CONNECT_MODE_ENABLED"):
            os.environ.pop(variable, None)
    if carried is not None:
        carried.cleanup()


# Registered before pyspark is imported, hence run after its own clean-up, which finds nothing left.
atexit.register(stop)


def _start_spark() -> SparkSession:
    submitted = _submitted_conf()
    # Empty ones are left to Spark, as the address at which workers answer the driver.
    conf = {key: value for key, value in _Engine.conf.items() if value not in (None, "")}
    if _Engine.name == "cluster":
        conf["spark.master"] = os.environ.get("SPARK_MASTER_URL", "")
        if not (conf["spark.master"] or submitted):
            raise HmKedroError(
                "engine 'cluster' needs the environment variable SPARK_MASTER_URL, such as spark://host:7077"
            )
        # Workers on other machines may have another Python: whoever knows it has set the variable.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    else:
        master = submitted.get("spark.master", "local")
        if not master.startswith("local"):
            raise HmKedroError(f"engine 'spark' works within one JVM, not on '{master}': add `--params engine=cluster`")
        # Else the plan of many iterations of ALS grows without end.
        conf.setdefault("spark.checkpoint.dir", str(_carried_folder() / "checkpoints"))
        # Else workers start whatever `python3` the PATH has.
        os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    conf |= submitted | CORRECT_RESULTS
    if not submitted:
        _launch_jvm(conf)
    from pyspark.sql import SparkSession

    builder: Any = SparkSession.builder
    started: SparkSession = builder.config(conf=_spark_conf(conf)).getOrCreate()
    return started


def _submitted_conf() -> dict[str, str]:
    """Give what `spark-submit` told the JVM that it started; nothing where this is no application of its."""
    if "PYSPARK_GATEWAY_PORT" not in os.environ:
        return {}
    from pyspark import SparkConf, SparkContext

    # Attaches to that JVM without starting a context, for which pyspark has no public call.
    SparkContext._ensure_initialized()  # noqa: SLF001
    return dict(SparkConf().getAll())


def _spark_conf(conf: Mapping[str, Any]) -> SparkConf:
    from pyspark import SparkConf

    settings = SparkConf(loadDefaults=False)
    for key, value in conf.items():
        settings.set(key, str(value).lower() if isinstance(value, bool) else str(value))
    return settings


def _launch_jvm(conf: dict[str, Any]) -> None:
    """Launch the JVM as pyspark would, but read what it prints; it serves every session of the process."""
    home = java_home()
    if home is None:
        raise HmKedroError(
            "engine 'spark' needs Java 17 or later and none was found: run `python -m hm_kedro.java`, "
            "or choose `--params engine=sail`, which needs none"
        )
    os.environ["JAVA_HOME"] = str(home)
    log_conf = Path(str(files("hm_kedro") / "log4j2.properties")).as_uri()
    conf.setdefault("spark.driver.extraJavaOptions", f"-Dlog4j2.configurationFile={log_conf}")
    from pyspark import SparkContext
    from pyspark.java_gateway import launch_gateway

    if SparkContext._gateway is not None:  # noqa: SLF001
        return
    gateway = launch_gateway(  # type: ignore[no-untyped-call]
        conf=_spark_conf(conf), popen_kwargs={"stderr": subprocess.PIPE}
    )
    SparkContext._gateway, SparkContext._jvm = gateway, gateway.jvm  # noqa: SLF001
    threading.Thread(target=_relay, args=(gateway.proc.stderr,), daemon=True).start()


def _remove_checkpoints(session: SparkSession) -> None:
    """Remove what ALS saved between iterations, which Spark leaves on the shared storage."""
    if folder := session.sparkContext.getCheckpointDir():
        fs, path = url_to_fs(folder)
        if fs.exists(path):
            fs.rm(path, recursive=True)


def _relay(stderr: IO[bytes]) -> None:
    """Pass on what the JVM says, but for the lines that it says on every machine."""
    for line in iter(stderr.readline, b""):
        if not any(noise in line for noise in NOISE):
            sys.stderr.write(line.decode(errors="replace"))
            sys.stderr.flush()


def _start_sail() -> SparkSession:
    os.environ.setdefault("RUST_LOG", "error")
    os.environ.setdefault(SAIL_IDLE, str(LONGEST_IDLE))
    from pysail.spark import SparkConnectServer

    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    _, port = server.listening_address
    _Engine.sail_server = server
    # kedro-datasets' Spark datasets look for the session by this variable.
    os.environ["SPARK_REMOTE"] = f"sc://127.0.0.1:{port}"
    # Row numbers over a whole small table are meant: ids are dense and ordered.
    warnings.filterwarnings("ignore", message=".*No Partition Defined for Window operation.*")
    from pyspark.sql import SparkSession

    return SparkSession.builder.remote(os.environ["SPARK_REMOTE"]).getOrCreate()
