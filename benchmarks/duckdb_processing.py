"""The work of data_processing in one thread pool of DuckDB: what a good single-machine engine needs for it.

    python -m benchmarks.duckdb_processing RAW_DIR OUTPUT_DIR

The same reading, checking, encoding and writing, from plain CSV files to the same primary tables: duplicates,
references, values against the contract, counts by rule, rejected rows with their line where DuckDB tells it. It does
less where damage is concerned: a line not in UTF-8 ends it, and it does not part rows at an unclosed quote.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import duckdb

from hm_kedro.schemas import ATTRIBUTES, RAW, Column

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
        cases.append(f"when {name} is not null and {typed} is null then '{column.name} unreadable'")
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


def process(raw: Path, output: Path) -> None:
    """Read, check, encode and write."""
    con = duckdb.connect()
    con.execute(f"set threads={os.cpu_count()}")
    for table, number in KEYS.items():
        key = RAW[table].key[0]
        others = [f'"{column.name}"' for column in RAW[table].columns if column.name != key]
        version = f"hash({', '.join(others)})" if others else "0"
        order = "first_row" if number == "line" else key
        con.execute(
            f"create table raw_{table} as select {typed(table)}, {first_fault(table)} as rule from {read(raw, table)}"
        )
        con.execute(f"""
            create table keys_{table} as
            select *, sum((not differs)::int) over (order by {order})::int - 1 as {number} from (
                select {key}, min(rowid) as first_row, min({version}) != max({version}) as differs
                from raw_{table} where rule is null group by {key})
        """)
    con.execute("set preserve_insertion_order=false")
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
    counts = {
        table: con.execute(f"select rule, count(*) from {name} group by rule").fetchall()
        for table, name in {**{t: f"raw_{t}" for t in KEYS}, "transactions_train": "checked"}.items()
    }
    end = con.execute("select max(t_dat) + 1 from checked where rule is null").fetchone()
    output.mkdir(parents=True, exist_ok=True)
    (output / "counts.json").write_text(json.dumps(counts))
    zstd = "(format parquet, compression zstd)"
    con.execute(f"copy (select * from checked where rule is not null) to '{output}/rejected.parquet' {zstd}")
    con.execute(f"""
        create table transactions as
        select t_dat, customer, article, price, sales_channel_id, count(*)::int as quantity,
            ceil((date '{end[0]}' - t_dat) / 7.0)::int as weeks_to_cutoff
        from checked where rule is null group by t_dat, customer, article, price, sales_channel_id
    """)
    con.execute(f"""
        copy (from transactions order by weeks_to_cutoff, customer, t_dat, article, sales_channel_id, price)
        to '{output}/transactions' (format parquet, compression zstd, partition_by (weeks_to_cutoff), overwrite)
    """)
    con.execute(f"""
        copy (select k.customer, r.* exclude (rule), k.customer in (select customer from transactions) as buyer
            from keys_customers k join raw_customers r on r.rowid = k.first_row where not differs order by 1)
        to '{output}/customers.parquet' {zstd}
    """)
    codes = ", ".join(f"dense_rank() over (order by {name}_name)::smallint - 1 as code_{name}" for name in ATTRIBUTES)
    con.execute(f"""
        copy (select k.article, dense_rank() over (order by product_code)::int - 1 as product,
                r.* exclude (rule), {codes}, s.first_day, s.last_day
            from keys_articles k join raw_articles r on r.rowid = k.first_row
            left join (select article, min(t_dat) as first_day, max(t_dat) as last_day from transactions group by 1) s
                on s.article = k.article where not differs order by 1)
        to '{output}/articles.parquet' {zstd}
    """)
    con.execute(f"copy (select line, customer_id from keys_{SUBMISSION} order by 1) to '{output}/lines.parquet' {zstd}")


if __name__ == "__main__":
    process(Path(sys.argv[1]), Path(sys.argv[2]))
