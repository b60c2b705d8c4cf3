"""How articles sell, in pandas and numpy: by day and before each target week."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hm_kedro.pipelines.scaling_study.yardsticks.tables import FRACTION, ONLINE

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

    from hm_kedro.parameters import FeatureParameters

    Numbers = npt.NDArray[Any]


def count_days(transactions: pa.Table, ages: Numbers) -> pd.DataFrame:
    """Count what was sold of each article on each day, as `lgbm_ranking.article_features.count_days` does.

    Args:
        transactions: primary `transactions`, `t_dat` as days from 1970.
        ages: of the customers, by number; NaN where unknown.

    Returns:
        A row per (article, day with sales), by both; `t_dat` as days from 1970.
    """
    days, customers, articles = (transactions[name].to_numpy() for name in ("t_dat", "customer", "article"))
    quantity = transactions["quantity"].to_numpy()
    first_day, width = int(days.min()), int(articles.max()) + 1
    span = int(days.max()) - first_day + 1
    days = days - first_day
    lines = _distinct((customers.astype(np.int64) * width + articles) * span + days)
    pairs = lines // span
    is_first = np.diff(pairs, prepend=-1) != 0
    of_line = pairs % width * span + lines % span
    cells, counts = np.unique(of_line, return_counts=True)
    # A table of all cells, sold or not, finds them in a fifth of the time that hashing them takes.
    numbers = np.zeros(width * span, np.int32)
    numbers[cells] = np.arange(len(cells), dtype=np.int32)
    new = np.bincount(numbers[of_line[is_first]], minlength=len(cells))
    place = numbers[articles.astype(np.int64) * span + days]

    def summed(values: Numbers) -> Numbers:
        return np.bincount(place, values, len(cells))

    channel, price, age = transactions["sales_channel_id"], transactions["price"].to_numpy(), ages[customers]
    aged = np.where(np.isnan(age), 0, quantity)
    age = np.nan_to_num(age)
    exact = np.nan_to_num(np.floor(price.astype(float) * FRACTION + 0.5) / FRACTION)
    sums = {
        "pieces": summed(quantity),
        "online": summed(quantity * (channel.fill_null(0).to_numpy() == ONLINE)),
        "channelled": summed(quantity * channel.is_valid().to_numpy()),
        "priced": summed(quantity * ~np.isnan(price)),
        "aged": summed(aged),
    }
    return pd.DataFrame(
        {
            "article": (cells // span).astype(np.int32),
            "t_dat": (cells % span + first_day).astype(np.int32),
            **{name: values.astype(np.int32) for name, values in sums.items()},
            "buyers": new.astype(np.int32),
            "repeats": (counts - new).astype(np.int32),
            "price": summed(exact * quantity),
            "age": summed(aged * age),
            "age_squares": summed(aged * age * age),
        }
    )


def _distinct(values: Numbers) -> Numbers:
    """Sort numbers in their place and keep each once."""
    values.sort()
    distinct: Numbers = values[np.diff(values, prepend=-1) != 0]
    return distinct


def describe_week(
    article_days: pd.DataFrame, products: pd.Series[int], week: int, params: FeatureParameters
) -> pd.DataFrame:
    """Describe how each article sold before a week, as `lgbm_ranking.article_features.describe_weeks` does.

    Args:
        article_days: what `count_days` gives.
        products: by article; NaN where it has none.
        week: days from 1970.

    Returns:
        A row per article sold in the window.
    """
    age_days = week - article_days["t_dat"].to_numpy()
    inside = (age_days >= 1) & (age_days <= params.window_days)
    sold, age_days = article_days[inside], age_days[inside]
    starts = np.flatnonzero(np.diff(sold["article"].to_numpy(), prepend=-1))
    ends = np.append(starts[1:], len(sold))

    def summed(name: str, days: int = params.window_days) -> Numbers:
        return np.add.reduceat(np.where(age_days <= days, sold[name].to_numpy(), 0).astype(float), starts)

    few, many = params.sales_days[-2:]
    sales = {days: summed("pieces", days) for days in params.sales_days}
    articles = sold["article"].to_numpy()[starts]
    of_product = products.reindex(articles).to_numpy()
    in_product = pd.Series(sales[many]).groupby(of_product).transform("sum").to_numpy()
    price = _ratio(summed("price", many), summed("priced", many))
    ever = _ratio(summed("price"), summed("priced"))
    aged = summed("aged", many)
    mean_age = _ratio(summed("age", many), aged)
    buyers, repeats = summed("buyers"), summed("repeats")
    features = {
        **{f"article_sales_{days}d": pieces for days, pieces in sales.items()},
        "article_sales": summed("pieces"),
        "article_trend": _ratio(sales[few], sales[many]) * (many / few),
        "article_rank": pd.Series(sales[few]).rank(method="min", ascending=False),
        "article_days_on_sale": age_days[starts],
        "article_days_since_sale": age_days[ends - 1],
        "article_price": price,
        "article_price_change": _ratio(price, ever),
        "article_online_share": _ratio(summed("online"), summed("channelled")),
        "article_buyers_age": mean_age,
        "article_buyers_age_spread": np.sqrt(np.maximum(_ratio(summed("age_squares", many), aged) - mean_age**2, 0)),
        "article_buyers": buyers,
        "article_repeats": repeats,
        f"article_buyers_{few}d": summed("buyers", few) + summed("repeats", few),
        f"article_repeats_{few}d": summed("repeats", few),
        f"article_new_buyers_{many}d": summed("buyers", many),
        "article_repeat_share": repeats / (buyers + repeats),
        "product_sales": in_product,
        "product_share": _ratio(sales[many], in_product),
    }
    return pd.DataFrame({"article": articles} | {n: np.asarray(v, np.float32) for n, v in features.items()})


def _ratio(dividend: Numbers, divisor: Numbers) -> Numbers:
    """Divide; NaN where the divisor is not above 0."""
    quotient: Numbers = np.divide(dividend, divisor, out=np.full(len(dividend), np.nan), where=divisor > 0)
    return quotient
