"""What a run of a command takes."""

import sys
from pathlib import Path

import pytest
from benchmarks.measure import measure

CHILD = "import time; held = bytearray(60 << 20); held[::4096] = b'x' * len(held[::4096]); time.sleep(1)"
PARENT = (
    f"import subprocess, sys; [p.wait() for p in [subprocess.Popen([sys.executable, '-c', {CHILD!r}]) for _ in '12']]"
)


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="memory is read from Linux's /proc")
def test_the_memory_of_all_processes_counts_together(tmp_path):
    taken = measure([sys.executable, "-c", PARENT], tmp_path)
    assert taken.peak_bytes > 120 << 20
    assert taken.cpu_seconds > 0


def test_a_command_that_fails_says_why(tmp_path):
    with pytest.raises(RuntimeError, match="no such luck"):
        measure([sys.executable, "-c", "raise SystemExit('no such luck')"], tmp_path)
