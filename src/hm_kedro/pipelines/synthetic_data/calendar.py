"""The days of the synthetic log: H&M's 734, their weeks, and how busy each day is."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from hm_kedro.parameters import VisitParameters

FIRST_DAY = date(2018, 9, 20)
DAYS = 734  # to 2020-09-22
# Wednesday to Tuesday, as the weeks that are predicted; the first begins the day before FIRST_DAY.
WEEKS = 105
LAST_WEEK = WEEKS - 1
YEAR = 365.25


def day_number(day: date | str) -> int:
    """Count a date from FIRST_DAY, which is 0."""
    return ((date.fromisoformat(day) if isinstance(day, str) else day) - FIRST_DAY).days


def iso_dates() -> list[str]:
    """The log's days in ISO form."""
    return [(FIRST_DAY + timedelta(day)).isoformat() for day in range(DAYS)]


def season(swing: NDArray[np.float64], peak: NDArray[np.float64], day: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much more sells on a day than on the mean of a year (log), by broadcasting.

    Args:
        swing: the log at the height of the season.
        peak: its day of the year.
        day: counted from FIRST_DAY.
    """
    in_year = day + FIRST_DAY.timetuple().tm_yday
    return np.asarray(swing * np.cos(2 * np.pi * (in_year - peak) / YEAR))


def demand(params: VisitParameters) -> NDArray[np.float64]:
    """How many visits each day of the log gets, against an even share; mean 1.

    Returns:
        (WEEKS * 7,) from the first week's Wednesday; days out of the log are 0.
    """
    days = np.arange(-1, WEEKS * 7 - 1)
    busy = np.array([1 + season(np.array(params.summer), np.array(165), days.astype(float))]).ravel()
    busy *= np.resize(np.array(params.weekdays) / np.mean(params.weekdays), len(days))
    for event in params.events:
        first, last = day_number(event.first), day_number(event.last)
        busy[(days >= first) & (days <= last)] *= event.factor
    busy[(days < 0) | (days >= DAYS)] = 0
    return np.asarray(busy * DAYS / busy.sum())
