"""What is known of a week's articles by number, for looking candidates up; carried to every worker."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hm_kedro.pipelines.als_candidates.block import read_factors
from hm_kedro.pipelines.als_candidates.knowledge import UNKNOWN_AGE, Knowledge
from hm_kedro.pipelines.lgbm_ranking.values import Values, ratio

if TYPE_CHECKING:
    from datetime import date

    from hm_kedro.pipelines.als_candidates.proposals import Integers, Scores


@dataclass(frozen=True)
class Shop:
    """A week's articles; every array's first axis is the article's number.

    Attributes:
        knowledge: what the retrievers know.
        article_features: the columns of that table, NaN of articles that it lacks.
        factors: of ALS, a row each, on sale or not; NaN of articles without.
    """

    knowledge: Knowledge
    article_features: dict[str, Values]
    factors: Scores

    @property
    def codes(self) -> dict[str, Integers]:
        """By attribute, the number of each article's value; -1 where it has none."""
        return self.knowledge.codes

    @cached_property
    def factor_lengths(self) -> Values:
        """Lengths of the factors."""
        lengths: Values = np.linalg.norm(self.factors, axis=1)
        return lengths

    def group_sales(self, groups: Integers, articles: Integers) -> tuple[Values, Values]:
        """Give the latest sales of articles to age groups, and the groups' shares of a longer time's sales.

        Args:
            groups: age group of each candidate's customer, UNKNOWN_AGE.
            articles: of each candidate.
        """
        lately, recently = self._by_group
        known = groups != UNKNOWN_AGE
        of_group = np.where(known, lately[groups, articles], np.nan).astype(np.float32)
        share = ratio(recently[groups, articles], recently.sum(axis=0)[articles])
        return of_group, np.where(known, share, np.nan).astype(np.float32)

    @cached_property
    def _by_group(self) -> tuple[Values, Values]:
        sales = self.knowledge.sales
        shape = len(self.knowledge.age_edges) + 1, self.knowledge.width
        lately, recently = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        known = sales.groups != UNKNOWN_AGE
        places = sales.groups[known], sales.articles[known]
        lately[places] = sales.lately[known]
        recently[places] = sales.lately[known] + sales.before[known]
        return lately, recently


def read_shop(week: date, knowledge: Knowledge, article_features: pa.Table, item_factors: pa.Table) -> Shop:
    """Put together what is known of a week's articles.

    Args:
        article_features: of any weeks.
        item_factors: of any weeks.
    """
    sold, items = (_of_week(table, week) for table in (article_features, item_factors))
    columns = {
        name: _spread(sold["article"].to_numpy(), sold[name].to_numpy(), knowledge.width)
        for name in sold.column_names
        if name not in ("week", "article")
    }
    of_items = read_factors(items["factors"].combine_chunks())
    return Shop(knowledge, columns, _spread(items["article"].to_numpy(), of_items, knowledge.width))


def _spread(articles: Integers, values: Scores, width: int) -> Values:
    """Lay the rows of some articles out by number; NaN of the others."""
    laid = np.full((width, *values.shape[1:]), np.nan, np.float32)
    laid[articles] = values
    return laid


def _of_week(table: pa.Table, week: date) -> pa.Table:
    return table.filter(pc.field("week") == pa.scalar(week, pa.date32())).combine_chunks()
