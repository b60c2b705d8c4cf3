"""Statistics of a purchase log that a synthetic one has to share with the real one.

The statistics of H&M's own log, of a 0.8 % sample of its customers up to 2020-06-30 (behaviour) and of its last week
with all articles (attributes, prices, channels), are in `REAL`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Shape = dict[str, Any]
WEEKS = 8  # the last ones, over which the statistics of weeks are means


@dataclass(frozen=True)
class Files:
    """The lines of a log, and its customers and articles."""

    lines: pd.DataFrame  # t_dat, customer_id, article_id, price, sales_channel_id
    customers: pd.DataFrame
    articles: pd.DataFrame


def read(folder: Path, keep: Callable[[pa.Table], pa.Array] | None = None, customers: pd.Series | None = None) -> Files:
    """Read Kaggle's files, or part of them, a block at a time.

    Args:
        folder: of the files.
        keep: which lines of a block of transactions to keep.
        customers: ids of the customers to keep; None: all.
    """
    people = pd.read_csv(_find(folder, "customers"), dtype={"customer_id": str, "postal_code": str})
    if customers is not None:
        people = people[people["customer_id"].isin(customers)]
    things = pd.read_csv(_find(folder, "articles"), dtype=str, keep_default_na=False)
    types = {
        "t_dat": pa.date32(),
        "customer_id": pa.string(),
        "article_id": pa.string(),
        "price": pa.float64(),
        "sales_channel_id": pa.string(),
    }
    convert = arrow_csv.ConvertOptions(column_types=types, include_columns=list(types), strings_can_be_null=True)
    wanted = None if customers is None else pa.array(customers, pa.string())
    blocks = []
    for batch in arrow_csv.open_csv(_find(folder, "transactions_train"), convert_options=convert):
        block = pa.Table.from_batches([batch])
        if keep is not None:
            block = block.filter(keep(block))
        if wanted is not None:
            block = block.filter(pc.is_in(block["customer_id"], value_set=wanted))
        blocks.append(block)
    return Files(pa.concat_tables(blocks).to_pandas(), people, things)


def _find(folder: Path, name: str) -> Path:
    return next(folder.glob(f"{name}.csv*"))


def share(part: float, whole: float) -> float:
    """A share, to four digits."""
    return round(part / whole, 4) if whole else float("nan")


def of_behaviour(files: Files) -> Shape:
    """Who buys how much and what again."""
    lines = files.lines.assign(day=pd.to_datetime(files.lines["t_dat"]))
    last = lines["day"].max()
    lines["customer"], lines["article"] = pd.factorize(lines["customer_id"])[0], pd.factorize(lines["article_id"])[0]
    lines["week"] = (last - lines["day"]).dt.days // 7
    lines["product"] = lines["article_id"].str[:7]
    per_customer = lines.groupby("customer").size()
    baskets = lines.groupby(["customer", "day"])["article"].agg(["size", "nunique"])
    quantiles = per_customer.quantile([0.1, 0.5, 0.9, 0.99], interpolation="nearest")
    shape: Shape = {
        "transactions": len(lines),
        "customers": len(files.customers),
        "customers who bought": len(per_customer),
        "articles sold": lines["article"].nunique(),
        "transactions a buyer": round(per_customer.mean(), 2),
        "… quantiles 10, 50, 90, 99 %": [int(value) for value in quantiles],
        "lines a basket": round(baskets["size"].mean(), 3),
        "articles a basket": round(baskets["nunique"].mean(), 3),
        "shopping days a buyer": round(len(baskets) / len(per_customer), 2),
    }
    pairs = lines.drop_duplicates(["customer", "article", "week"])
    weeks = [of_week(pairs, lines, week) for week in range(WEEKS)]
    shape |= {name: round(float(np.mean([week[name] for week in weeks])), 4) for name in weeks[0]}
    sales = lines.groupby("article")["day"].agg(["size", "min", "max"])
    shape |= of_popularity(sales["size"].to_numpy())
    month = pd.Timedelta(28, "D")
    inner = sales[(sales["size"] >= 5) & (sales["min"] > lines["day"].min() + month) & (sales["max"] < last - month)]
    life = (inner["max"] - inner["min"]).dt.days / 7
    named = "weeks from an article's first to last sale, quantiles 10, 50, 90 %"
    shape[named] = [round(life.quantile(q, interpolation="nearest"), 1) for q in (0.1, 0.5, 0.9)]
    return shape


def of_week(pairs: pd.DataFrame, lines: pd.DataFrame, week: int) -> dict[str, float]:
    """A week against what came before it."""
    now, before = pairs[pairs["week"] == week], lines[lines["week"] > week]
    previous = before[before["week"] == week + 1]
    buyers = now["customer"].unique()
    top = previous.groupby("article_id").size().reset_index(name="n")
    top = top.sort_values(["n", "article_id"], ascending=[False, True])["article_id"].head(12)
    gap = now.groupby("customer")["day"].min() - before.groupby("customer")["day"].max()

    def known(*columns: str) -> float:
        earlier = pd.MultiIndex.from_frame(before[list(columns)].drop_duplicates())
        return share(pd.MultiIndex.from_frame(now[list(columns)]).isin(earlier).sum(), len(now))

    return {
        "buyers a week": len(buyers),
        "… who bought before": share(np.isin(buyers, before["customer"].unique()).sum(), len(buyers)),
        "… in the four weeks before": share(
            np.isin(buyers, before.loc[before["week"] <= week + 4, "customer"].unique()).sum(), len(buyers)
        ),
        "pairs that the customer bought before": known("customer", "article"),
        "… another article of the product, too": known("customer", "product"),
        "pairs of last week's twelve bestsellers": share(now["article_id"].isin(top).sum(), len(now)),
        "pairs of articles sold last week": share(now["article"].isin(previous["article"].unique()).sum(), len(now)),
        "pairs of articles never sold before": share(
            (~now["article"].isin(before["article"].unique())).sum(), len(now)
        ),
        "articles sold a week": now["article"].nunique(),
        "articles a week's buyer": round(len(now) / len(buyers), 3),
        "days since the last purchase, median": float(gap.dropna().dt.days.median()),
    }


def of_popularity(sales: np.ndarray) -> Shape:
    """How unevenly articles sell."""
    rising = np.sort(sales).astype(float)
    count = len(rising)
    gini = 2 * (np.arange(1, count + 1) * rising).sum() / (count * rising.sum()) - (count + 1) / count
    return {
        "sales of the top 1 % of articles": share(rising[::-1][: max(1, count // 100)].sum(), rising.sum()),
        "Gini of articles' sales": round(float(gini), 4),
    }


def of_customers(files: Files) -> Shape:
    """Ages and what the club knows."""
    age = files.customers["age"].dropna()
    quantiles = [float(age.quantile(q, interpolation="nearest")) for q in (0.1, 0.25, 0.5, 0.75, 0.9)]
    return {
        "age, quantiles 10, 25, 50, 75, 90 %": quantiles,
        "age missing": share(len(files.customers) - len(age), len(files.customers)),
        **{f"club {status}": _of(files.customers["club_member_status"], status) for status in ("ACTIVE", "PRE-CREATE")},
        "club status missing": share(files.customers["club_member_status"].isna().sum(), len(files.customers)),
        "fashion news Regularly": _of(files.customers["fashion_news_frequency"], "Regularly"),
        "FN": share(files.customers["FN"].notna().sum(), len(files.customers)),
        "Active": share(files.customers["Active"].notna().sum(), len(files.customers)),
    }


def _of(column: pd.Series, value: str) -> float:
    return share((column == value).sum(), len(column))


def of_assortment(files: Files) -> Shape:
    """Attributes of all articles."""
    articles = files.articles
    shape: Shape = {"products an article": share(articles["product_code"].nunique(), len(articles))}
    for column, values in (
        ("index_group_name", ("Ladieswear", "Baby/Children", "Divided", "Menswear", "Sport")),
        (
            "product_group_name",
            ("Garment Upper body", "Garment Lower body", "Garment Full body", "Accessories", "Underwear"),
        ),
        ("colour_group_name", ("Black", "Dark Blue", "White", "Light Pink", "Grey")),
    ):
        shape |= {f"articles: {value}": _of(articles[column], value) for value in values}
    return shape


def of_last_week(files: Files) -> Shape:
    """Prices, channels and baskets of the last week of a whole log."""
    lines = files.lines
    baskets = lines.groupby(["customer_id", "t_dat"])["article_id"].agg(["size", "nunique"])
    sales = lines.groupby("article_id").size().sort_values(ascending=False)
    prices = [round(lines["price"].quantile(q, interpolation="nearest"), 5) for q in (0.01, 0.1, 0.5, 0.9, 0.99)]
    return {
        "lines": len(lines),
        "buyers": lines["customer_id"].nunique(),
        "articles sold": len(sales),
        "lines a basket": round(baskets["size"].mean(), 3),
        "articles a basket": round(baskets["nunique"].mean(), 3),
        "sales of the twelve bestsellers": share(sales.head(12).sum(), len(lines)),
        **of_popularity(sales.to_numpy()),
        "online": _of(lines["sales_channel_id"], "2"),
        "price, quantiles 1, 10, 50, 90, 99 %": prices,
    }
