"""The time line: which weeks are predicted, and from what. Time is sacred, so it is drawn once, here."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hm_kedro.errors import HmKedroError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hm_kedro.parameters import TrainingParameters

WEEK = timedelta(days=7)
EPOCH = date(1970, 1, 1)


def week_days(week: date) -> int:
    """Give the days from 1970 to a week, by which Arrow knows it."""
    return (week - EPOCH).days


def newest_days(most: int, counts: Mapping[date, int], week: date, window_days: int) -> int:
    """Give the number of days before a week that hold no more than so many transactions, and a day with some.

    >>> newest_days(3, {date(2020, 9, 1): 2, date(2020, 8, 31): 1, date(2020, 8, 30): 1}, date(2020, 9, 2), 30)
    2
    """
    total = 0
    for age in range(1, window_days + 1):
        sold = counts.get(week - timedelta(days=age), 0)
        if total and total + sold > most:
            return age - 1
        total += sold
    return window_days


class Timeline(BaseModel):
    """The days of a purchase log and the cutoff that parts history from what is to be predicted.

    Attributes:
        raw_dir: the folder that the log was read from.
        asked_cutoff: the cutoff that the run was given; None for the day after the last transaction.
        history_weeks: how many weeks of history are kept; None for all.
        cutoff: first day of the submission's target week.
        first_day: day of the first transaction that is kept.
        last_day: day of the last transaction before the cutoff.
        log_end: day of the last transaction of the log, which may lie after the cutoff.
        purchases: transactions of each week before the cutoff that has some, by its first day.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    raw_dir: str
    asked_cutoff: date | None
    history_weeks: int | None = None
    cutoff: date
    first_day: date
    last_day: date
    log_end: date
    purchases: dict[date, int] = Field(default_factory=dict)

    @classmethod
    def read(cls, saved: dict[str, Any]) -> Timeline:
        """Read a saved time line.

        Raises:
            HmKedroError: it is of another version of the project.
        """
        try:
            return cls.model_validate(saved)
        except ValidationError:
            raise HmKedroError(
                "timeline.json in 03_primary is not of this version: run `--pipeline data_processing` again"
            ) from None

    def weeks_before(self, week: date, count: int) -> list[date]:
        """Give the last `count` complete weeks before a week that have a day of history before them.

        >>> days = {"first_day": date(2020, 8, 1), "last_day": date(2020, 8, 31), "log_end": date(2020, 8, 31)}
        >>> line = Timeline(raw_dir="", asked_cutoff=None, cutoff=date(2020, 9, 1), **days)
        >>> [str(week) for week in line.weeks_before(date(2020, 9, 1), 2)]
        ['2020-08-25', '2020-08-18']
        >>> len(line.weeks_before(date(2020, 9, 1), 50))
        4
        """
        weeks = (week - WEEK * back for back in range(1, count + 1))
        return [earlier for earlier in weeks if earlier > self.first_day]

    def judged_weeks(self, count: int) -> list[date]:
        """Give the judged weeks, newest first: the cutoff's own where the log reaches to its end, then earlier ones."""
        known = [self.cutoff] if self.log_end >= self.cutoff + WEEK - timedelta(days=1) else []
        return known + self.weeks_before(self.cutoff, count)

    def predicted_weeks(self, judged: int) -> list[date]:
        """Give the weeks that get recommendations, newest first: the submission's and the judged ones."""
        return [self.cutoff, *self.weeks_before(self.cutoff, judged)]

    def learned_weeks(self, week: date, training: TrainingParameters) -> list[date]:
        """Give the weeks that a week's ranker learns from, newest first: as many as have enough purchases.

        At the least `training.weeks`, at the most `training.most_weeks`, as far as the history goes.
        """
        weeks = self.weeks_before(week, max(training.weeks, training.most_weeks))
        bought = accumulate(self.purchases.get(earlier, 0) for earlier in weeks)
        poor = sum(total < training.enough_purchases for total in bought)
        return weeks[: max(training.weeks, poor + 1)]

    def target_weeks(self, judged: int, training: TrainingParameters) -> list[date]:
        """Give every week that needs candidates, newest first: those predicted and those learned from."""
        weeks = set(self.predicted_weeks(judged))
        for week in list(weeks):
            weeks.update(self.learned_weeks(week, training))
        return sorted(weeks, reverse=True)
