"""What tests of processes wait for."""

import os
import time
from pathlib import Path


def wait_for(path: Path) -> str:
    """Read a file that a process is about to write a line into."""
    deadline = time.monotonic() + 60
    while not (path.is_file() and path.read_text().endswith("\n")):
        assert time.monotonic() < deadline, f"{path} was not written"
        time.sleep(0.01)
    return path.read_text()


def ends(pid: int) -> bool:
    """Whether a process that is no child of this one ends."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
            if "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text():
                return True
        except (ProcessLookupError, FileNotFoundError):  # gone, whichever of the two finds out
            return True
        time.sleep(0.01)
    return False
