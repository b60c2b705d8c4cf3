"""What a run does when it is told to end."""

import signal
import subprocess
import sys

import pytest
from tests.awaiting import ends, wait_for

# Starts a run as a study does one of its own, and says so.
INNER = "import os, time; print(os.getpid(), file=open({told!r}, 'w'), flush=True); time.sleep(1000)"
WAYS = {
    "run_watched": "processes.run_watched([sys.executable, '-c', {inner!r}], Path('.'), os.environ)",
    "run_kedro": "subruns.kedro_command = lambda *_: [sys.executable, '-c', {inner!r}]; subruns.run_kedro('', {{}})",
}
# Signals as a shell starts it with, also where the tests themselves run under nohup.
PROGRAM = """
import os, signal, sys
from pathlib import Path
from hm_kedro import cli, processes, subruns

signal.signal({number}, signal.SIG_DFL)

def work():
    {way}

cli.RunCommand("run", callback=work).main([])
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("way", WAYS)
def test_a_run_that_is_told_to_end_ends_the_runs_that_it_has_started(way, number, tmp_path):
    told = tmp_path / "pid"
    inner = INNER.format(told=str(told))
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(number=int(number), way=WAYS[way].format(inner=inner))]
    )
    started = int(wait_for(told))
    process.send_signal(number)
    assert process.wait(60) == 128 + number
    assert ends(started)
