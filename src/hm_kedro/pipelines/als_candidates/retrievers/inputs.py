"""What every retriever is given."""

from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame


@dataclass(frozen=True)
class RetrievalInputs:
    """What a retriever may read.

    Attributes:
        weeks: first days of the target weeks.
        transactions: primary `transactions`; read them through `history_by_week` only.
        targets: one row per (week, customer) that is to get candidates.
        articles: primary `articles`.
        user_factors: one row per (week, customer) with `factors`.
        item_factors: one row per (week, article) with `factors` and `on_sale`.
    """

    weeks: list[date]
    transactions: DataFrame
    targets: DataFrame
    articles: DataFrame
    user_factors: DataFrame
    item_factors: DataFrame
