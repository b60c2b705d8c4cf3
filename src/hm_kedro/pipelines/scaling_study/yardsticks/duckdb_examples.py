"""The examples that rankers learn from and all their features, in SQL, a week at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hm_kedro.pipelines.als_candidates.retrievers import RETRIEVERS
from hm_kedro.pipelines.lgbm_ranking.examples import MODULUS
from hm_kedro.pipelines.lgbm_ranking.features import list_features
from hm_kedro.pipelines.lgbm_ranking.features.article import list_article_features
from hm_kedro.pipelines.lgbm_ranking.features.own_history import FADING, VISITS
from hm_kedro.pipelines.lgbm_ranking.features.repeats import PRIOR
from hm_kedro.pipelines.scaling_study.yardsticks.tables import ONLINE
from hm_kedro.timeline import week_days

if TYPE_CHECKING:
    from datetime import date

    from duckdb import DuckDBPyConnection

    from hm_kedro.parameters import FeatureParameters, Parameters, TrainingParameters


def select_examples(con: DuckDBPyConnection, week: date, params: Parameters, affinities: tuple[str, ...]) -> str:
    """Make the tables that describe a week's examples, and give the query that joins them.

    Args:
        con: a database with the project's tables by their own names.
        week: one that is learned from.
        affinities: the attributes whose affinities are features (see `lgbm_ranking.nodes.choose_affinities`).
    """
    attributes = dict.fromkeys(("product", *affinities))
    made = {
        "picked": _pick(week, params.training),
        "lines": _lines(week),
        "sold": f"select * exclude (week) from article_features where week = '{week}'",
        "habits": _habits(week, params.features),
        "seen_article": SEEN_ARTICLE,
        "likeness": _likeness(week),
        **{f"seen_{name}": _seen(name) for name in attributes},
        **{
            f"all_{name}": f"select customer, sum(pieces) as pieces, sum(faded) as faded from seen_{name} group by 1"
            for name in attributes
        },
    }
    for table, rows in made.items():
        con.execute(f"create or replace temp table {table} as {rows}")
    _draw_repeats(con, affinities)
    columns = _columns(params, affinities)
    features = ", ".join(f"({columns[name]})::float as {name}" for name in list_features(params.features, affinities))
    of_attributes = " ".join(
        f"left join seen_{name} on seen_{name}.customer = p.customer and seen_{name}.code = a.{name} "
        f"left join all_{name} on all_{name}.customer = p.customer"
        for name in attributes
    )
    edges = ", ".join(map(str, params.sales.age_edges))
    return f"""
        with of_groups as (
            select article, age_group, lately, lately + before as recently from article_sales
            where week = '{week}' and age_group >= 0
        ), of_articles as (
            select article, sum(recently) as everyone from of_groups group by article
        )
        select date '{week}' as week, p.customer, p.article, p.bought, {features}
        from picked p
        join articles a on a.article = p.article
        join habits h on h.customer = p.customer
        join rates on rates.article = p.article
        left join sold f on f.article = p.article
        left join seen_article own on own.customer = p.customer and own.article = p.article
        left join likeness on likeness.customer = p.customer and likeness.article = p.article
        left join item_factors i on i.article = p.article and i.week = '{week}'
        left join user_factors u on u.customer = p.customer and u.week = '{week}'
        left join of_articles e on e.article = p.article
        left join of_groups g on g.article = p.article
            and g.age_group = len(list_filter([{edges}], lambda edge: edge <= h.age))
        {of_attributes}
    """


def _draw_repeats(con: DuckDBPyConnection, affinities: tuple[str, ...]) -> None:
    """Make the table of shares of repeated days of purchase, each drawn to the coarser one before it."""
    con.execute("""
        create or replace temp table rates as
        select articles.*, coalesce(article_repeats, 0)::double as again,
            coalesce(article_repeats + article_buyers, 0)::double as days,
            (select sum(article_repeats) / greatest(sum(article_repeats + article_buyers), 1) from sold) as share
        from articles left join sold using (article)
    """)
    counts = {
        name: con.execute(f"select count(distinct {name}), count({name}) from rates where days > 0").fetchone()
        or (0, 0)
        for name in affinities
    }
    share = "coalesce(share, 0)"
    for name in (*sorted(affinities, key=lambda name: (counts[name][0], name)), "article"):
        values, known = counts.get(name, (0, 1))
        of_value = f"over (partition by {name})"
        drawn = f"(sum(again) {of_value} + {PRIOR} * {share}) / (sum(days) {of_value} + {PRIOR})"
        made = f"case when {name} is null then {share} else {drawn} end" if values < known else share
        con.execute(f"create or replace temp table rates as select *, {made} as {name}_repeat_rate from rates")
        share = f"{name}_repeat_rate"


def _pick(week: date, params: TrainingParameters) -> str:
    """Pick the candidates that were bought, and some others of their customers, as `examples.pick` does."""
    of_week = week_days(week) * 83_492_791 + params.seed
    summed = f"article::bigint * 19349663 + customer::bigint * 73856093 + {of_week}"
    return f"""
        with proposed as (
            select c.*, coalesce(b.bought, 0) as bought, (({summed}) % {MODULUS} + {MODULUS}) % {MODULUS} as number
            from candidates c left join (
                select distinct customer, article, 1 as bought from transactions
                where t_dat >= date '{week}' and t_dat < date '{week}' + 7
            ) b using (customer, article)
            where week = '{week}'
        ), hits as (
            select customer, sum(bought) as hits, count(*) - sum(bought) as others
            from proposed group by customer having hits > 0 or {params.misses} > 0
        ), totals as (
            select sum(hits) / greatest(sum(others), 1) as alike from hits
        )
        select proposed.* from proposed join hits using (customer), totals
        where bought = 1 or number * number % {MODULUS} / {MODULUS} < {params.negatives}
            * ({1 - params.misses} * hits / greatest(others, 1) + {params.misses} * alike)
    """


def _lines(week: date) -> str:
    """What the customers bought before the week; `visit` counts shopping days back from the latest, 0."""
    return f"""
        select *, age_days ** {-FADING} as faded,
            dense_rank() over (partition by customer order by age_days) - 1 as visit
        from (
            select customer, unnest(lines, recursive := true) from histories
            where week = '{week}' and customer in (select customer from picked)
        )
    """


SEEN_ARTICLE = f"""
    select customer, article, sum(quantity) as pieces, count(distinct age_days) as days, min(age_days) as latest,
        max(age_days) as earliest, min(visit) as back, count(distinct visit) / (max(visit) + 1) as share,
        sum(quantity * faded) as faded,
        {", ".join(f"count(distinct visit) filter (visit < {count}) as in_{count}" for count in VISITS)}
    from lines group by customer, article
"""


def _seen(attribute: str) -> str:
    """What the customers bought of each value of an attribute."""
    return f"""
        select customer, {attribute} as code, sum(quantity) as pieces, count(distinct age_days) as days,
            min(age_days) as latest, max(age_days) as earliest, sum(quantity * faded) as faded
        from lines join articles using (article) where {attribute} is not null group by customer, code
    """


def _habits(week: date, params: FeatureParameters) -> str:
    """How the customers shop, whether they had bought before or not."""
    lately = ", ".join(
        f"coalesce(sum(quantity) filter (age_days <= {days}), 0) as pieces_{days}d" for days in params.sales_days
    )
    return f"""
        with prices as (
            select customer, (sum(quantity * price::double) / sum(quantity))::float as price
            from lines where price is not null group by customer
        ), spreads as (
            select customer, any_value(mean.price) as price, sqrt((sum(
                quantity * ((lines.price - mean.price) * (lines.price - mean.price))::double) / sum(quantity))::float
            ) as price_spread
            from lines join prices mean using (customer) where lines.price is not null group by customer
        ), tastes as (
            select customer, (sum(faded * ln(1 + greatest(article_days_on_sale - age_days, 0))) / sum(faded))::float
                as freshness, (sum(faded * ln(1 + article_sales)) / sum(faded))::float as popularity
            from lines join sold using (article) group by customer
        ), sums as (
            select customer, {lately}, sum(quantity) as pieces, min(age_days) as latest, max(age_days) as earliest,
                count(distinct age_days) as days, count(distinct article) as articles,
                sum(quantity) filter (sales_channel_id = {ONLINE}) as online,
                sum(quantity) filter (sales_channel_id is not null) as channelled
            from lines group by customer
        )
        select customer, h.age, (club_member_status = 'ACTIVE')::int as club,
            (upper(fashion_news_frequency) != 'NONE')::int as news, sums.* exclude (customer),
            price, price_spread, freshness, popularity,
            case when channelled > 0 then coalesce(online, 0) / channelled end as online_share
        from (select customer, age from histories where week = '{week}' and customer in (select customer from picked)) h
        join customers using (customer) left join sums using (customer) left join spreads using (customer)
        left join tastes using (customer)
    """


def _likeness(week: date) -> str:
    """How like what was picked is to what the customer bought."""
    return f"""
        select p.customer, p.article, sum(bought.faded * similarity) as history, sum(last * similarity) as basket
        from picked p
        join (
            select customer, article, sum(faded) as faded, count(*) filter (visit = 0) as last
            from lines group by customer, article
        ) bought on bought.customer = p.customer
        join related_articles r on r.week = '{week}' and r.article = bought.article and r.related = p.article
        group by p.customer, p.article
    """


def _columns(params: Parameters, affinities: tuple[str, ...]) -> dict[str, str]:
    """Say how each feature is made."""
    ranks = [f"{name}_rank" for name in RETRIEVERS]
    scores = [f"{name}_score" for name in RETRIEVERS]
    of_article = [feature.name for feature in list_article_features(params.features)]
    product = "list_dot_product(u.factors, i.factors)"
    lengths = "(sqrt(list_dot_product(u.factors, u.factors)) * sqrt(list_dot_product(i.factors, i.factors)))"
    return {
        **{name: f"p.{name}" for name in ("blend_score", "blend_rank", *scores, *ranks)},
        "retrievers": " + ".join(f"(p.{name} is not null)::int" for name in ranks),
        **_seen_columns("article", "own"),
        **_seen_columns("product", "seen_product"),
        "article_repeat_strength": "own.faded * rates.article_repeat_rate",
        "article_visits_since": "own.back",
        "article_visit_share": "own.share",
        **{f"article_in_{count}_visits": f"coalesce(own.in_{count}, 0)" for count in VISITS},
        **{
            f"{prefix}_{name}": f"case when a.{name} is not null and all_{name}.{counted} > 0 "
            f"then coalesce(seen_{name}.{counted}, 0) / all_{name}.{counted} end"
            for name in affinities
            for prefix, counted in (("affinity", "pieces"), ("recent_affinity", "faded"))
        },
        **{f"{name}_days_since_bought": f"seen_{name}.latest" for name in affinities},
        **{name: f"f.{name}" for name in of_article},
        "article_never_sold": "(f.article is null)::int",
        **{f"{name}_repeat_rate": f"rates.{name}_repeat_rate" for name in ("article", *affinities)},
        "customer_age": "h.age",
        "customer_club": "h.club",
        "customer_news": "h.news",
        **{f"customer_purchases_{days}d": f"coalesce(h.pieces_{days}d, 0)" for days in params.features.sales_days},
        "customer_purchases": "coalesce(h.pieces, 0)",
        "customer_days_since_purchase": "h.latest",
        "customer_days_known": "h.earliest",
        "customer_shopping_days": "coalesce(h.days, 0)",
        "customer_days_between": _ratio("(h.earliest - h.latest)", "(h.days - 1)"),
        "customer_basket": _ratio("h.pieces", "h.days"),
        "customer_variety": _ratio("h.articles", "h.pieces"),
        "customer_price": "h.price",
        "customer_price_spread": "h.price_spread",
        "customer_online_share": "h.online_share",
        "age_distance": "h.age - f.article_buyers_age",
        "age_distance_spreads": _ratio("(h.age - f.article_buyers_age)", "f.article_buyers_age_spread"),
        "age_group_share": f"case when h.age is not null then {_ratio('coalesce(g.recently, 0)', 'e.everyone')} end",
        "age_group_sales": "case when h.age is not null then coalesce(g.lately, 0) end",
        "price_ratio": _ratio("f.article_price", "h.price"),
        "price_distance_spreads": _ratio("(f.article_price - h.price)", "h.price_spread"),
        "channel_distance": "h.online_share::float - f.article_online_share",
        "freshness_distance": "ln(1 + f.article_days_on_sale) - h.freshness",
        "popularity_distance": "ln(1 + f.article_sales) - h.popularity",
        "factors_product": product,
        "factors_cosine": _ratio(product, lengths),
        "basket_similarity": "coalesce(likeness.basket, 0)",
        "history_similarity": "coalesce(likeness.history, 0)",
    }


def _seen_columns(what: str, table: str) -> dict[str, str]:
    """How often and how lately the customer bought the article or its product."""
    between = _ratio(f"({table}.earliest - {table}.latest)", f"({table}.days - 1)")
    return {
        f"{what}_times_bought": f"coalesce({table}.pieces, 0)",
        f"{what}_days_bought": f"coalesce({table}.days, 0)",
        f"{what}_days_since_bought": f"{table}.latest",
        f"{what}_days_between": between,
        f"{what}_due": _ratio(f"{table}.latest", f"({between})"),
    }


def _ratio(dividend: str, divisor: str) -> str:
    return f"case when {divisor} > 0 then {dividend} / {divisor} end"
