"""The work of data_processing in one thread pool of DuckDB, in SQL.

The same reading, checking, encoding and writing, from plain CSV files to the same primary tables: duplicates,
references, values against the contract, counts by rule, rejected rows. It does less where damage is concerned: a line
not in UTF-8 ends it, it does not part rows at an unclosed quote, and it does not know the lines of the rows that break
a rule.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hm_kedro.schemas import ATTRIBUTES, PRIMARY, RAW, Column

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from duckdb import DuckDBPyConnection

ZSTD = "format parquet, compression zstd"
SUBMISSION = "sample_submission"
KEYS = {"articles": "article", "customers": "customer", SUBMISSION: "line"}
SQL_TYPES = {"int": "integer", "tinyint": "tinyint", "float": "float", "date": "date"}


def fault(column: Column) -> str:
    """The first rule that a value of a column breaks, or null."""
    name = f'"{column.name}"'
    cases = [f"when {name} is null then '{column.name} missing'"] if column.required else []
    if column.type == "string":
        if column.form and not column.references:
            cases.append(f"when not regexp_full_match({name}, '{column.form}') then '{column.name} malformed'")
    else:
        typed = f"try_cast({name} as {SQL_TYPES[column.type]})"
        unreadable = f"{typed} is null"
        if column.type == "float":
            unreadable += f" or not isfinite({typed})"
        elif column.type != "date":
            unreadable += f" or (contains({name}, '.') and try_cast({name} as double) % 1 != 0)"
        cases.append(f"when {name} is not null and ({unreadable}) then '{column.name} unreadable'")
        bounds = [
            f"{typed} {sign} '{bound}'" for sign, bound in (("<", column.low), (">", column.high)) if bound is not None
        ]
        if bounds:
            cases.append(f"when {' or '.join(bounds)} then '{column.name} out_of_range'")
    return f"case {' '.join(cases)} end" if cases else "null"


def read(raw: Path, table: str) -> str:
    """Read a file as text columns."""
    names = ", ".join(f"'{column.name}': 'varchar'" for column in RAW[table].columns)
    if table == SUBMISSION:
        names += ", 'prediction': 'varchar'"
    return (
        f"read_csv('{raw / table}.csv', header=true, columns={{{names}}}, quote='\"', escape='\"', store_rejects=true)"
    )


def typed(table: str, *, keys: bool = True) -> str:
    """The columns of a table with their types; on demand without those that keys take the place of."""
    columns = [
        f'"{c.name}"' if c.type == "string" else f'try_cast("{c.name}" as {SQL_TYPES[c.type]}) as "{c.name}"'
        for c in RAW[table].columns
        if keys or not c.references
    ]
    return ", ".join(columns)


def first_fault(table: str) -> str:
    """The first rule that a row breaks, or null."""
    return f"coalesce({', '.join(fault(column) for column in RAW[table].columns)}, null)"


def connect(threads: int, spill: Path) -> DuckDBPyConnection:
    """Open a database in memory.

    Args:
        threads: how many it may use.
        spill: folder for what does not fit in the memory.
    """
    import duckdb

    return duckdb.connect(config={"threads": threads, "temp_directory": str(spill), "preserve_insertion_order": False})


def process(
    raw: Path, output: Path, threads: int, cutoff: date | None = None, history_weeks: int | None = None
) -> None:
    """Read, check, encode and write.

    Args:
        raw: folder of the raw files, plain CSV.
        output: an output_dir. Beside the primary tables it gets `02_intermediate/rejected_purchases.parquet` and the
            counts of rows by table and rule, `02_intermediate/rows_by_rule.json`.
        threads: how many DuckDB may use.
        cutoff: purchases from it on are left out; None for the day after the last.
        history_weeks: weeks before the cutoff that are kept; None for all.
    """
    primary, aside = output / "03_primary", output / "02_intermediate"
    for folder in (aside, *(primary / name for name in PRIMARY if name != "rejected_rows")):
        folder.mkdir(parents=True, exist_ok=True)
    with connect(threads, output / "spilled") as con:
        for table in KEYS:
            _number_keys(con, raw, table)
        _check_transactions(con, raw)
        tables = {**{table: f"raw_{table}" for table in KEYS}, "transactions_train": "checked"}
        counts = {
            table: dict(con.execute(f"select coalesce(rule, 'sound'), count(*) from {name} group by 1").fetchall())
            for table, name in tables.items()
        }
        (aside / "rows_by_rule.json").write_text(json.dumps(counts), encoding="utf-8")
        con.execute(f"copy (from checked where rule is not null) to '{aside}/rejected_purchases.parquet' ({ZSTD})")
        _count_purchases(con, cutoff, history_weeks)
        con.execute(f"""
            copy (from transactions order by weeks_to_cutoff, customer, t_dat, article, sales_channel_id, price)
            to '{primary}/transactions' ({ZSTD}, partition_by (weeks_to_cutoff), overwrite)
        """)
        for table, rows in (("customers", CUSTOMERS), ("articles", ARTICLES), ("submission_lines", LINES)):
            con.execute(f"copy ({rows}) to '{primary}/{table}/part.parquet' ({ZSTD})")


def _number_keys(con: DuckDBPyConnection, raw: Path, table: str) -> None:
    """Check a table of one row a key, and number the keys whose rows do not differ."""
    key, number = RAW[table].key[0], KEYS[table]
    others = [f'"{column.name}"' for column in RAW[table].columns if column.name != key]
    version = f"hash({', '.join(others)})" if others else "0"
    order = "first_row" if number == "line" else key
    con.execute("set preserve_insertion_order=true")
    con.execute(
        f"create table raw_{table} as select {typed(table)}, {first_fault(table)} as rule from {read(raw, table)}"
    )
    con.execute("set preserve_insertion_order=false")
    con.execute(f"""
        create table keys_{table} as
        select *, sum((not differs)::int) over (order by {order})::int - 1 as {number} from (
            select {key}, min(rowid) as first_row, min({version}) != max({version}) as differs
            from raw_{table} where rule is null group by {key})
    """)


def _check_transactions(con: DuckDBPyConnection, raw: Path) -> None:
    con.execute(f"""
        create table checked as
        select {typed("transactions_train", keys=False)}, customer, article, coalesce(
            {first_fault("transactions_train")},
            case when customer is null then 'customer_id unknown' when article is null then 'article_id unknown' end
        ) as rule
        from {read(raw, "transactions_train")}
        left join (select customer_id, customer from keys_customers where not differs) using (customer_id)
        left join (select article_id, article from keys_articles where not differs) using (article_id)
    """)


def _count_purchases(con: DuckDBPyConnection, cutoff: date | None, history_weeks: int | None) -> None:
    """Count equal purchases of the history as quantity."""
    last = con.execute("select max(t_dat) + 1 from checked where rule is null").fetchone()
    end = cutoff or (last[0] if last else None)
    kept = f"t_dat < date '{end}'" + (f" and t_dat >= date '{end}' - {7 * history_weeks}" if history_weeks else "")
    con.execute(f"""
        create table transactions as
        select t_dat, customer, article, price, sales_channel_id, count(*)::int as quantity,
            ceil((date '{end}' - t_dat) / 7.0)::int as weeks_to_cutoff
        from checked where rule is null and {kept} group by t_dat, customer, article, price, sales_channel_id
    """)


def _code(name: str, kind: str) -> str:
    """Number the values of a column in their order; null of none."""
    return f'case when "{name}" is not null then dense_rank() over (order by "{name}" nulls last)::{kind} - 1 end'


_SAID = ", ".join(f'r."{column.name}" as "{column.name.lower()}"' for column in RAW["customers"].columns)
CUSTOMERS = f"""
    select k.customer, {_SAID}, k.customer in (select customer from transactions) as buyer
    from keys_customers k join raw_customers r on r.rowid = k.first_row where not differs order by 1
"""
_CODES = ", ".join(f'({_code(f"{name}_name", "smallint")})::smallint as "{name}"' for name in ATTRIBUTES)
_COLUMNS = ", ".join(f'"{column.name}"' for column in PRIMARY["articles"].columns)
ARTICLES = f"""
    select {_COLUMNS} from (
        select k.article, r.* exclude (rule), {_code("product_code", "int")} as product, {_CODES}
        from keys_articles k join raw_articles r on r.rowid = k.first_row where not differs
    ) left join (select article, min(t_dat) as first_day, max(t_dat) as last_day from transactions group by 1)
    using (article) order by article
"""
LINES = f"select line, customer_id from keys_{SUBMISSION} order by 1"
