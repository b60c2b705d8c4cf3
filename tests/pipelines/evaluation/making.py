"""The time line of these tests."""

from datetime import timedelta
from typing import Any

from tests.conftest import day

from hm_kedro.timeline import Timeline

CUTOFF, JUDGED, EARLIER = day("2020-09-16"), day("2020-09-09"), day("2020-09-02")


def line(log_end: str = "2020-09-15", first_day: str = "2020-01-01") -> dict[str, Any]:
    """A time line as a run saves it, of a log that may go on behind CUTOFF."""
    return Timeline(
        raw_dir="raw",
        asked_cutoff=CUTOFF,
        cutoff=CUTOFF,
        first_day=day(first_day),
        last_day=CUTOFF - timedelta(days=1),
        log_end=day(log_end),
    ).model_dump(mode="json")
