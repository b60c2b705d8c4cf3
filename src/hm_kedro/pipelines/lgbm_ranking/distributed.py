"""Training by several workers, each a task of one barrier stage with the examples of its own customers.

LightGBM's data-parallel learner: every worker bins and counts its own examples, the histograms are summed over the
network, and all grow the same trees. Nobody holds all examples, the driver none.
"""

from __future__ import annotations

import json
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import lightgbm as lgb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark import BarrierTaskContext
from pyspark.sql import functions as F

from hm_kedro import engine
from hm_kedro.errors import HmKedroError
from hm_kedro.pipelines.lgbm_ranking import ranker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt
    from pyspark.sql import Column, DataFrame

    from hm_kedro.parameters import RankerParameters

MODEL = "model string"
# Of the older weeks, a worker: each finds the bins of some features, and finds them in its own examples alone.
LEAST_ROWS = 1_000
# How long a worker waits for another's part of a sum; Spark ends all at once where one fails.
TIMEOUT_MINUTES = 30


def check_engine(workers: int) -> None:
    """Refuse an engine that can't run so many workers at once.

    Raises:
        HmKedroError: it can't.
    """
    engine.check_barrier_stages("ranker.training=distributed")
    most = engine.tasks_at_once()
    if workers > most:
        raise HmKedroError(
            f"ranker.workers {workers} is more than the {most} tasks that the engine runs at once: choose fewer"
        )


def is_enough(examples: DataFrame, workers: int) -> bool:
    """Whether every worker has examples of the newest week, and enough of those that it finds bins by."""
    counted = examples.groupBy("week", _worker(workers).alias("worker")).count().toArrow()
    if not counted.num_rows:
        return False
    newest = pc.equal(counted["week"], pc.max(counted["week"]))
    of_newest, of_older = (_add_up(counted.filter(of), workers) for of in (newest, pc.invert(newest)))
    if not of_older.any():
        return bool(of_newest.min() >= LEAST_ROWS)
    return bool(of_newest.all() and of_older.min() >= LEAST_ROWS)


def _add_up(counted: pa.Table, workers: int) -> npt.NDArray[np.int64]:
    return np.bincount(counted["worker"].to_numpy(), counted["count"].to_numpy(), workers).astype(np.int64)


def _worker(workers: int) -> Column:
    """Number a customer's worker, from 0: customers' numbers tell nothing of them."""
    return F.col("customer") % workers


def share(examples: DataFrame, workers: int) -> DataFrame:
    """Give each worker a partition: all examples of its customers, so that no (week, customer) is split."""
    return examples.repartitionById(workers, _worker(workers))


def train(examples: DataFrame, params: RankerParameters) -> lgb.Booster:
    """Train a ranker as `ranker.train` does, by `params.workers` workers.

    The same seed, workers and threads give the same bytes.

    One booster, whatever `params.boosters`: there are many examples.

    Args:
        examples: one row per (week, customer, article) with `bought` and the features; enough (see `is_enough`).
    """
    params = params.of_a_run()
    trained = share(examples, params.workers).mapInArrow(_trainer(params), MODEL, barrier=True)
    # Past an exchange the stage is not the last, which Spark would not do again where a worker is lost or a port taken.
    return lgb.Booster(model_str=trained.repartition(1).toArrow()["model"][0].as_py())


def _trainer(params: RankerParameters) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Make what each worker does: it trains with the others on its examples, and the first yields the model's text."""

    def train_part(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        task = BarrierTaskContext.get()
        examples = pa.Table.from_batches(batches)
        settings = {"tree_learner": "data", "num_machines": params.workers, "pre_partition": True}
        with _linked(task):
            booster = ranker.train(examples, params, ranker.Learner(settings, [_pool(task, params)]))
        if task.partitionId() == 0:
            yield pa.RecordBatch.from_pydict({"model": [booster.model_to_string()]})

    return train_part


@contextmanager
def _linked(task: BarrierTaskContext) -> Iterator[None]:
    """Link the LightGBM of this process with those of the stage's other tasks, ranked by partition."""
    quiet = {"verbosity": -1}
    # The network is the process's: any booster opens it, and those trained meanwhile don't have ports in their text.
    link = lgb.Booster(quiet, lgb.Dataset(np.zeros((2, 1)), np.zeros(2), params=quiet))
    # Held until everybody has a port, so that no two tasks of a machine have the same.
    with socket.socket() as held:
        held.bind(("", 0))
        port = held.getsockname()[1]
        machines = task.allGather(f"{_own_address(task)}:{port}")
    link.set_network(machines, port, TIMEOUT_MINUTES, len(machines))
    try:
        yield
    finally:
        link.free_network()


def _own_address(task: BarrierTaskContext) -> str:
    """Give the address by which the other tasks reach this one: loopback where one machine has all of them."""
    hosts = [info.address.rpartition(":")[0] for info in task.getTaskInfos()]
    others = [host for host in hosts if host != hosts[task.partitionId()]]
    if not others:
        return "127.0.0.1"
    # LightGBM knows addresses, not names; a connection of this kind sends nothing.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as towards:
        towards.connect((others[0], 9))
        return str(towards.getsockname()[0])


def _pool(task: BarrierTaskContext, params: RankerParameters) -> ranker.Callback:
    """Make one measure of the workers' own ones; LightGBM has each stop by its own, which breaks its links to all.

    A loss is a mean over examples, MAP over customers, so the mean of all is theirs, weighed by their numbers.
    """

    def pool(env: lgb.callback.CallbackEnv) -> None:
        model: Any = env.model
        reached: Any = env.evaluation_result_list
        [own], [judged] = reached, model.valid_sets
        weight = judged.num_data() if params.objective in ranker.METRICS else len(judged.get_group())
        told = [json.loads(message) for message in task.allGather(json.dumps([own.metric_value, weight]))]
        mean = sum(value * of for value, of in told) / sum(of for _, of in told)
        reached[:] = [lgb.EvalResult(own.dataset_name, own.metric_name, mean, own.maximize)]

    return pool
