"""The work of data_processing in pandas, on one thread.

As the notebooks of the competition do it, and held to the contract: duplicates, references, values by rule, ids as
dense numbers in the order of the ids, equal purchases counted as quantity. Purchases are read in pieces of which only
numbers are kept, and counted a week at a time. It does less than the project where damage is concerned: rows that break
a rule are counted and left out, without their lines; a row with a field too few is taken for one with missing values,
one with a field too many is left out and not counted; a file not in UTF-8 ends it.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from hm_kedro.raw.values import ARROW_TYPES, DAY, NUMBER
from hm_kedro.schemas import ATTRIBUTES, PRIMARY, RAW
from hm_kedro.timeline import EPOCH, WEEK, week_days

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from hm_kedro.schemas import Column

    Mask = npt.NDArray[np.bool_]
    Numbers = npt.NDArray[np.floating[Any]]

# Rows of the purchases that are text at a time.
PIECE = 1 << 20
TEXT: dict[str, Any] = {"keep_default_na": False, "na_values": [""], "on_bad_lines": "skip"}
TYPES = ARROW_TYPES | {"smallint": pa.int16(), "boolean": pa.bool_()}
PURCHASE = ["customer", "t_dat", "article", "sales_channel_id", "price"]
NO_CHANNEL = 0


def process(raw: Path, output: Path, cutoff: date | None = None, history_weeks: int | None = None) -> None:
    """Read, check, encode and write.

    Args:
        raw: folder of the raw files, plain CSV.
        output: an output_dir. Beside the primary tables it gets the counts of rejected rows by table and rule,
            `02_intermediate/rejected_by_rule.json`.
        cutoff: purchases from it on are left out; None for the day after the last.
        history_weeks: weeks before the cutoff that are kept; None for all.
    """
    rejected: dict[str, Counter[str]] = {table: Counter() for table in RAW}
    tables = {
        name: _one_row_a_key(raw, name, rejected[name]) for name in ("articles", "customers", "sample_submission")
    }
    articles, customers = (
        tables[name].sort_values(RAW[name].key[0], ignore_index=True) for name in ("articles", "customers")
    )
    keys = {"article_id": pd.Index(articles["article_id"]), "customer_id": pd.Index(customers["customer_id"])}
    pieces = list(_read_purchases(raw, keys, rejected["transactions_train"]))
    purchases = {name: np.concatenate([piece.pop(name) for piece in pieces]) for name in PURCHASE}
    end = week_days(cutoff) if cutoff else int(purchases["t_dat"].max()) + 1
    first = end - WEEK.days * history_weeks if history_weeks else 0
    if cutoff or history_weeks:
        kept = (purchases["t_dat"] < end) & (purchases["t_dat"] >= first)
        purchases = {name: values[kept] for name, values in purchases.items()}
    _write_purchases(output / "03_primary/transactions", purchases, end)
    _write(output, "articles", _describe_articles(articles, purchases))
    _write(output, "customers", _describe_customers(customers, purchases))
    lines = tables["sample_submission"].reset_index(drop=True)
    _write(output, "submission_lines", lines.assign(line=lines.index))
    (output / "02_intermediate").mkdir(exist_ok=True)
    (output / "02_intermediate/rejected_by_rule.json").write_text(json.dumps(rejected), encoding="utf-8")


def _one_row_a_key(raw: Path, name: str, rejected: Counter[str]) -> pd.DataFrame:
    """Read a table of one row a key: equal rows are one, of those that differ none is kept."""
    table = RAW[name]
    names = [column.name for column in table.columns]
    text = pd.read_csv(raw / f"{name}.csv", dtype=str, usecols=names, **TEXT)
    values: dict[str, Any] = {}
    faults: dict[str, Mask] = {}
    for column in table.columns:
        values[column.name], broken = _judge(text[column.name], column)
        faults |= broken
    sound = pd.DataFrame(values)[_find_sound(faults, len(text), rejected)]
    different = sound.drop_duplicates()
    contradictory = different.duplicated(list(table.key), keep=False)
    rejected["contradictory"] += int(contradictory.sum())
    return different[~contradictory]


def _read_purchases(
    raw: Path, keys: dict[str, pd.Index[str]], rejected: Counter[str]
) -> Iterator[dict[str, npt.NDArray[Any]]]:
    """Read the sound purchases, a piece at a time.

    Yields:
        Of each purchase `t_dat`, days from 1970; the numbers `customer` and `article`; `price`, NaN where missing;
        `sales_channel_id`, NO_CHANNEL where missing.
    """
    columns = RAW["transactions_train"].columns
    # Whose texts are few are parsed once a text.
    kinds: dict[Any, Any] = {column.name: str if column.name == "customer_id" else "category" for column in columns}
    for text in pd.read_csv(raw / "transactions_train.csv", dtype=kinds, usecols=list(kinds), chunksize=PIECE, **TEXT):
        values: dict[str, Any] = {}
        faults: dict[str, Mask] = {}
        for column in columns:
            name = column.name
            if column.references:
                values[name] = _look_up(text[name], keys[name])
                broken = {f"{name} missing": text[name].isna().to_numpy(), f"{name} unknown": values[name] < 0}
            else:
                values[name], broken = _judge(text[name], column)
            faults |= broken
        sound = _find_sound(faults, len(text), rejected)
        kept = {name: found if sound.all() else found[sound] for name, found in values.items()}
        yield {
            "t_dat": kept["t_dat"].astype(np.int32),
            "customer": kept["customer_id"],
            "article": kept["article_id"],
            "price": kept["price"].astype(np.float32),
            "sales_channel_id": np.nan_to_num(kept["sales_channel_id"], nan=NO_CHANNEL).astype(np.int8),
        }


def _look_up(ids: pd.Series[str], known: pd.Index[str]) -> npt.NDArray[np.int32]:
    """Give the places of ids among those known, rising; -1 of those that are not among them."""
    if isinstance(ids.dtype, pd.CategoricalDtype):
        places = np.append(known.get_indexer(ids.cat.categories), -1)[ids.cat.codes]
    else:
        places = known.get_indexer(pd.Index(ids))
    return places.astype(np.int32)


def _judge(texts: pd.Series[str], column: Column) -> tuple[Any, dict[str, Mask]]:
    """Type the values of a column, and tell which rows break which rule, in the order in which rules are tried.

    Numbers and days, which come from 1970, are parsed once a text. Missing values are NaN.
    """
    name = column.name
    faults = {f"{name} missing": texts.isna().to_numpy()} if column.required else {}
    if column.type == "string":
        if column.form:
            faults[f"{name} malformed"] = ~(texts.str.fullmatch(column.form) | texts.isna()).to_numpy(bool)
        return texts, faults
    held = texts.astype("category").cat
    words = pd.Series(held.categories.to_numpy(object))
    values = _parse_days(words) if column.type == "date" else _parse_numbers(words, whole=column.type != "float")
    low, high = (week_days(bound) if isinstance(bound, date) else bound for bound in (column.low, column.high))
    outside = np.zeros(len(values), bool)
    if low is not None:
        outside |= values < low
    if high is not None:
        outside |= values > high
    # A last place for missing texts, whose code is -1.
    codes = held.codes.to_numpy()
    faults[f"{name} unreadable"] = np.append(np.isnan(values), False)[codes]
    faults[f"{name} out_of_range"] = np.append(outside, False)[codes]
    return np.append(values, np.nan)[codes], faults


def _parse_days(words: pd.Series[str]) -> Numbers:
    """Give days from 1970; NaN of what is none."""
    days = pd.to_datetime(words.where(words.str.fullmatch(DAY)), format="%Y-%m-%d", errors="coerce")
    return ((days - pd.Timestamp(EPOCH)) / pd.Timedelta(days=1)).to_numpy(float)


def _parse_numbers(words: pd.Series[str], *, whole: bool) -> Numbers:
    numbers = pd.to_numeric(words.where(words.str.match(NUMBER)), errors="coerce").to_numpy(float)
    sound = np.isfinite(numbers) & (numbers % 1 == 0 if whole else True)
    return np.where(sound, numbers, np.nan)


def _find_sound(faults: dict[str, Mask], rows: int, rejected: Counter[str]) -> Mask:
    """Tell which rows break no rule, and count the others by the first that they break."""
    sound = np.ones(rows, bool)
    for rule, broken in faults.items():
        if broken.any():
            rejected[rule] += int((sound & broken).sum())
            sound &= ~broken
    return sound


def _write_purchases(folder: Path, purchases: dict[str, npt.NDArray[Any]], end: int) -> None:
    """Count equal purchases and write them, a folder a week before the end."""
    weeks = (-((purchases["t_dat"] - end) // WEEK.days)).astype(np.int16)
    order = np.argsort(weeks, kind="stable")
    newest_first = weeks[order]
    for week in np.unique(newest_first):
        places = order[slice(*np.searchsorted(newest_first, [week, week + 1]))]
        frame = pd.DataFrame({name: purchases[name][places] for name in PURCHASE})
        counted = frame.groupby(PURCHASE, dropna=False).size().reset_index(name="quantity")
        channel = counted["sales_channel_id"].to_numpy()
        rows = {
            "t_dat": pa.array(counted["t_dat"].to_numpy()).cast(pa.date32()),
            "customer": pa.array(counted["customer"].to_numpy()),
            "article": pa.array(counted["article"].to_numpy()),
            "price": pa.array(counted["price"].to_numpy(), from_pandas=True),
            "sales_channel_id": pa.array(channel, mask=channel == NO_CHANNEL),
            "quantity": pa.array(counted["quantity"].to_numpy(), pa.int32()),
        }
        part = folder / f"weeks_to_cutoff={week}/part.parquet"
        part.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(rows), part, compression="zstd")


def _describe_articles(articles: pd.DataFrame, purchases: dict[str, npt.NDArray[Any]]) -> pd.DataFrame:
    """Add codes of product and attributes, and the days of the first and the last sale."""
    days = pd.DataFrame({name: purchases[name] for name in ("article", "t_dat")}).groupby("article")["t_dat"]
    sold = days.agg(["min", "max"]).reindex(articles.index).astype("Int32")
    names = {"product": "product_code"} | {name: f"{name}_name" for name in ATTRIBUTES}
    codes = {code: articles[name].astype("category").cat.codes.astype("Int32") for code, name in names.items()}
    return articles.assign(
        article=articles.index,
        **{code: numbers.mask(numbers < 0) for code, numbers in codes.items()},
        first_day=sold["min"],
        last_day=sold["max"],
    )


def _describe_customers(customers: pd.DataFrame, purchases: dict[str, npt.NDArray[Any]]) -> pd.DataFrame:
    """Tell who bought."""
    buyer = np.zeros(len(customers), bool)
    buyer[purchases["customer"]] = True
    named = customers.rename(columns=str.lower)
    return named.assign(customer=named.index, buyer=buyer)


def _write(output: Path, table: str, frame: pd.DataFrame) -> None:
    """Write a primary table with the types of the contract."""
    columns = {
        column.name: pa.array(frame[column.name], pa.int32() if column.type == "date" else None, from_pandas=True).cast(
            TYPES[column.type]
        )
        for column in PRIMARY[table].columns
    }
    folder = output / "03_primary" / table
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), folder / "part.parquet", compression="zstd")
