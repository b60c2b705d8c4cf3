"""The table of measurements: a row for every run that was tried, those that failed among them."""

from __future__ import annotations

import pyarrow as pa

# One thread each, on the same work with the same result.
YARDSTICKS = ("pandas", "duckdb", "implicit", "lightgbm")
OK = "ok"
OUT_OF_MEMORY = "out of memory"
OUT_OF_TIME = "out of time"
FAILED = "failed"
STATUSES = (OK, OUT_OF_MEMORY, OUT_OF_TIME, FAILED)

# What is varied, one at a time, the others staying as the study's base has them.
AXES = ("data", "cores", "factors", "blocks", "candidates", "history_weeks")

# What tells one measurement from another.
KEY = ("data", "stage", "contestant", "cores", "factors", "blocks", "candidates", "history_weeks", "repeat")

SCHEMA = pa.schema(
    [
        # The data: a name such as "synthetic 0.1", of which kind (synthetic or sample), and how large.
        ("data", pa.string()),
        ("kind", pa.string()),
        ("size", pa.float64()),  # the scale, or the share of the customers
        ("transactions", pa.int64()),
        ("customers", pa.int64()),
        # What was done, by whom (an engine or a yardstick), on how many cores.
        ("stage", pa.string()),
        ("contestant", pa.string()),
        ("cores", pa.int32()),
        # The settings: factors and blocks of ALS, candidates a customer, weeks of history (missing: all).
        ("factors", pa.int32()),
        ("blocks", pa.int32()),
        ("candidates", pa.int32()),
        ("history_weeks", pa.int32()),
        ("repeat", pa.int32()),  # from 1
        # What came of it.
        ("status", pa.string()),
        ("seconds", pa.float64()),  # wall time from first load to last save; of what did not end, all of it
        ("cpu_seconds", pa.float64()),  # of all processes together, in that time
        ("peak_bytes", pa.int64()),  # of all processes together, shared pages once, from start to end
        ("start_seconds", pa.float64()),  # from the start of the process to the end of the warm-up
        ("rows", pa.int64()),  # of the tables made
        ("shuffle_bytes", pa.int64()),  # written by shuffles; missing where the engine does not tell
        ("spill_bytes", pa.int64()),  # spilled to disk; likewise
        ("message", pa.string()),  # the last words of what failed
        # Where and when.
        ("machine", pa.string()),
        ("machine_cores", pa.int32()),
        ("machine_bytes", pa.int64()),
        ("versions", pa.string()),
        ("spark", pa.string()),  # memory and shuffle partitions of the study's environment; the cluster has its own
        ("date", pa.date32()),
    ]
)
