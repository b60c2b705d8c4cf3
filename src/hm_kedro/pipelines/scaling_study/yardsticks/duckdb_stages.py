"""Stages in SQL, in one thread pool of DuckDB."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pandas as pd

from hm_kedro.pipelines.scaling_study.yardsticks import duckdb_reading
from hm_kedro.pipelines.scaling_study.yardsticks.duckdb_reading import ZSTD, connect
from hm_kedro.pipelines.scaling_study.yardsticks.tables import (
    FRACTION,
    LEAST,
    ONLINE,
    make_folder,
    read_timeline,
    target_weeks,
)
from hm_kedro.timeline import newest_days

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from duckdb import DuckDBPyConnection

    from hm_kedro.pipelines.scaling_study.yardsticks import Work


def read(work: Work) -> None:
    """Make the primary tables of plain CSV files (see `duckdb_reading`)."""
    params = work.params
    duckdb_reading.process(work.raw, work.output, work.threads, params.cutoff, params.data_processing.history_weeks)


def relate_articles(work: Work) -> None:
    """Find the articles that are bought by the same customers, as `als_candidates.related.relate_articles` does.

    A week at a time the purchases are joined with themselves by customer, each pair of articles in one direction. Sums
    are of doubles in any order, so similarities may differ in their last bits, and where they do the ranks of equals.
    """
    related = work.params.related
    with _database(work) as con:
        sold = dict(con.execute("select t_dat, count(*) from transactions group by 1").fetchall())
        con.execute(f"create table related_articles ({RELATED})")
        for week in target_weeks(work):
            days = newest_days(related.max_purchases, sold, week, related.window_days)
            con.execute(f"""
                create or replace temp table bought as
                select customer, article,
                    greatest(power(2, -age_days / {related.half_life_days:f}), {LEAST})
                        / power(count(*) over (partition by customer), {related.history_power}) as weight
                from (
                    select customer, article, date '{week}' - max(t_dat) as age_days from transactions
                    where t_dat < date '{week}' and t_dat >= date '{week}' - {days} group by customer, article
                )
            """)
            con.execute(f"""
                create or replace temp table pairs as
                select one.article as article, two.article as related, sum(one.weight * two.weight) as product,
                    count(*)::int as customers
                from bought one join bought two on one.customer = two.customer and one.article < two.article
                group by all having count(*) >= {related.min_customers}
            """)
            con.execute(f"""
                insert into related_articles
                with sizes as (
                    select article, power(size, {related.popularity_power - 1}) as of_article,
                        power(size, {-related.popularity_power}) as of_related
                    from (select article, sum(weight * weight) as size from bought group by article)
                ), directed as (
                    from pairs union all select related, article, product, customers from pairs
                )
                select date '{week}', article, related, (product * i.of_article * j.of_related)::float as similarity,
                    customers, row_number() over (partition by article order by similarity desc, related)::int as rank
                from directed join sizes i using (article) join sizes j on j.article = related
                qualify rank <= {related.neighbours}
            """)
        _save(con, work, "04_feature/related_articles", "from related_articles")


RELATED = "week date, article int, related int, similarity float, customers int, rank int"


def describe_articles(work: Work) -> None:
    """Describe how each article sold, as the nodes `count_days` and `describe_articles` of lgbm_ranking do.

    Whose first purchase of an article it is, is told by the days of first purchases, without an order of all purchases.
    """
    with _database(work) as con:
        con.execute(f"create table article_days as {ARTICLE_DAYS}")
        _save(con, work, "04_feature/article_days", "from article_days")
        features = " union all ".join(_features(work, str(week)) for week in target_weeks(work))
        _save(con, work, "04_feature/article_features", features)


def sample_examples(work: Work) -> None:
    """Pick the examples that rankers learn from and describe them, as the node `sample_training_examples` does.

    Floats differ from the project's by rounding in single precision.
    """
    # These bring the project's list of features, and an engine's library with it.
    from hm_kedro.pipelines.lgbm_ranking.nodes import choose_affinities
    from hm_kedro.pipelines.scaling_study.yardsticks.duckdb_examples import select_examples

    line, params = read_timeline(work), work.params
    relevance = pd.read_parquet(work.tables / "08_reporting/eda/feature_relevance.parquet")
    affinities = choose_affinities(relevance, params.features)
    predicted = line.predicted_weeks(params.evaluation.weeks)
    weeks = {week for ahead in predicted for week in line.learned_weeks(ahead, params.training)}
    folder = make_folder(work, "05_model_input/training_examples")
    with _database(work) as con:
        for table in WEEKLY:
            con.execute(f"""
                create view {table.split("/")[1]} as
                from read_parquet('{work.tables}/{table}/**/*.parquet', hive_partitioning = true)
            """)
        for week in sorted(weeks):
            con.execute(
                f"copy ({select_examples(con, week, params, affinities)}) to '{folder}/{week}.parquet' ({ZSTD})"
            )


WEEKLY = (
    "04_feature/candidates",
    "04_feature/histories",
    "04_feature/article_sales",
    "04_feature/article_features",
    "04_feature/related_articles",
    "06_models/item_factors",
    "06_models/user_factors",
)


# Prices are rounded to 2^-30, as `tables.exact` does, so that their sums do not depend on their order.
ARTICLE_DAYS = f"""
    with sold as (
        select article, t_dat, sum(quantity)::int as pieces,
            coalesce(sum(quantity) filter (sales_channel_id = {ONLINE}), 0)::int as online,
            coalesce(sum(quantity) filter (sales_channel_id is not null), 0)::int as channelled,
            coalesce(sum(quantity) filter (price is not null), 0)::int as priced,
            coalesce(sum(quantity) filter (age is not null), 0)::int as aged,
            coalesce(sum(round(price::double * {FRACTION}) / {FRACTION} * quantity), 0)::double as price,
            coalesce(sum(quantity * age), 0)::double as age,
            coalesce(sum(quantity * age * age), 0)::double as age_squares
        from transactions join customers using (customer) group by article, t_dat
    ), buying as (
        select article, t_dat, count(*) as lines
        from (select distinct customer, article, t_dat from transactions) group by article, t_dat
    ), first as (
        select article, t_dat, count(*) as buyers
        from (select article, min(t_dat) as t_dat from transactions group by customer, article) group by article, t_dat
    )
    select sold.*, coalesce(buyers, 0)::int as buyers, (lines - coalesce(buyers, 0))::int as repeats
    from sold join buying using (article, t_dat) left join first using (article, t_dat)
"""


def _features(work: Work, week: str) -> str:
    """Select the features of articles before a week."""
    params = work.params.features
    few, many = params.sales_days[-2:]
    sales = ", ".join(
        f"coalesce(sum(pieces) filter (age_days <= {days}), 0) as article_sales_{days}d" for days in params.sales_days
    )
    lately = ", ".join(
        f"coalesce(sum({name}) filter (age_days <= {many}), 0) as {name}_lately"
        for name in ("priced", "price", "aged", "age", "age_squares")
    )
    price = f"({_ratio('price_lately', 'priced_lately')})"
    made = {
        **{f"article_sales_{days}d": f"article_sales_{days}d" for days in params.sales_days},
        "article_sales": "pieces",
        "article_trend": f"{_ratio(f'article_sales_{few}d', f'article_sales_{many}d')} * {many / few!r}",
        "article_rank": f"rank() over (order by article_sales_{few}d desc)",
        "article_days_on_sale": "oldest",
        "article_days_since_sale": "newest",
        "article_price": price,
        "article_price_change": f"case when price > 0 then {price} / (price / priced) end",
        "article_online_share": _ratio("online", "channelled"),
        "article_buyers_age": _ratio("age_lately", "aged_lately"),
        "article_buyers_age_spread": "case when aged_lately > 0 then sqrt(greatest("
        "age_squares_lately / aged_lately - (age_lately / aged_lately) ** 2, 0)) end",
        "article_buyers": "buyers",
        "article_repeats": "repeats",
        f"article_buyers_{few}d": "buyers_few",
        f"article_repeats_{few}d": "repeats_few",
        f"article_new_buyers_{many}d": "new_buyers_many",
        "article_repeat_share": "repeats / (buyers + repeats)",
        "product_sales": "product_sales",
        "product_share": _ratio(f"article_sales_{many}d", "product_sales"),
    }
    columns = ", ".join(f"({value})::float as {name}" for name, value in made.items())
    return f"""
        select date '{week}' as week, article, {columns} from (
            select *, case when product is not null
                then sum(article_sales_{many}d) over (partition by product) end as product_sales
            from (
                select article, {sales}, {lately}, sum(pieces) as pieces, sum(online) as online,
                    sum(channelled) as channelled, sum(priced) as priced, sum(price) as price, sum(buyers) as buyers,
                    sum(repeats) as repeats, max(age_days) as oldest, min(age_days) as newest,
                    coalesce(sum(buyers + repeats) filter (age_days <= {few}), 0) as buyers_few,
                    coalesce(sum(repeats) filter (age_days <= {few}), 0) as repeats_few,
                    coalesce(sum(buyers) filter (age_days <= {many}), 0) as new_buyers_many
                from (
                    select *, date '{week}' - t_dat as age_days from article_days
                    where t_dat < date '{week}' and t_dat >= date '{week}' - {params.window_days}
                ) group by article
            ) join articles using (article)
        )
    """


def _ratio(dividend: str, divisor: str) -> str:
    return f"case when {divisor} > 0 then {dividend} / {divisor} end"


@contextmanager
def _database(work: Work) -> Iterator[DuckDBPyConnection]:
    """Open a database that sees the primary tables."""
    primary = work.tables / "03_primary"
    with connect(work.threads, work.output / "spilled") as con:
        for table in ("transactions", "articles", "customers"):
            con.execute(f"""
                create view {table} as
                from read_parquet('{primary}/{table}/**/*.parquet', hive_partitioning = false)
            """)
        yield con


def _save(con: DuckDBPyConnection, work: Work, table: str, rows: str) -> None:
    con.execute(f"copy ({rows}) to '{make_folder(work, table)}/part.parquet' ({ZSTD})")


STAGES: dict[str, Callable[[Work], None]] = {
    "read": read,
    "bought_together": relate_articles,
    "article_features": describe_articles,
    "examples": sample_examples,
}
