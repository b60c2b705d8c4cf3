"""What processes take, and where they are stopped."""

import os
import sys
from pathlib import Path

import pytest

from hm_kedro.processes import can_measure, cores, family, run_watched

pytestmark = pytest.mark.skipif(not can_measure(), reason="read from Linux's /proc")
# A process whose child works on when it is not ended, too.
CHILD = "import time; print('up', flush=True); time.sleep(60)"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}])"


def run(code, tmp_path, **limits):
    return run_watched([sys.executable, "-c", code], tmp_path, os.environ, **limits)


def test_a_command_that_takes_too_long_is_stopped_with_its_children(tmp_path):
    ended = run(PARENT, tmp_path, most_seconds=1.5)
    assert (ended.stopped_by, ended.code) == ("time", -9)
    assert "up" in ended.said
    assert not [pid for pid in family(os.getpid()) if CHILD in command_of(pid)]


def command_of(pid):
    return Path(f"/proc/{pid}/cmdline").read_text()


def test_a_command_that_takes_too_much_memory_is_stopped(tmp_path):
    ended = run("import time; held = b'x' * (200 << 20); time.sleep(60)", tmp_path, most_bytes=100 << 20)
    assert ended.stopped_by == "memory"
    assert ended.peak_bytes > 100 << 20


def test_a_command_within_its_limits_ends_by_itself(tmp_path):
    ended = run("print('done'); raise SystemExit(3)", tmp_path, most_seconds=60, most_bytes=1 << 40)
    assert (ended.code, ended.said.strip(), ended.stopped_by) == (3, "done", "")


def test_the_processor_time_of_children_that_ended_counts(tmp_path):
    """In a process of its own: an engine that other tests left to this one may end processes meanwhile."""
    code = (
        "import os, subprocess, sys; from hm_kedro.processes import processor_seconds; "
        "before = processor_seconds(os.getpid()); "
        "work = 'import time\\nwhile time.process_time() < 0.5: pass'; "
        "subprocess.run([sys.executable, '-c', work], check=True); "
        "print(processor_seconds(os.getpid()) - before)"
    )
    assert float(run(code, tmp_path).said) > 0.4


def test_fewer_cores_are_kept_by_all_that_a_process_starts(tmp_path):
    code = (
        "import subprocess, sys; from hm_kedro.processes import keep_to_cores; keep_to_cores(1); "
        "subprocess.run([sys.executable, '-c', 'from hm_kedro.processes import cores; print(cores())'])"
    )
    assert run(code, tmp_path).said.strip() == "1"
    assert cores() >= 1


def test_threads_that_run_already_keep_to_fewer_cores_too(tmp_path):
    code = (
        "import os, threading; from hm_kedro.processes import keep_to_cores; "
        "begun, told = threading.Event(), threading.Event(); "
        "thread = threading.Thread(target=lambda: (begun.set(), told.wait(), print(len(os.sched_getaffinity(0))))); "
        "thread.start(); begun.wait(); keep_to_cores(1); told.set(); thread.join()"
    )
    assert run(code, tmp_path).said.strip() == "1"


def test_more_cores_than_there_are_are_refused(tmp_path):
    ended = run("from hm_kedro.processes import keep_to_cores; keep_to_cores(100_000)", tmp_path)
    assert "100000 cores are asked for" in ended.said
