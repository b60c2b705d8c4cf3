"""Tiny H&M-shaped raw files, made by arithmetic: the same on every machine, with all that real files have."""

from __future__ import annotations

import csv
import gzip
import hashlib
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from hm_kedro.schemas import RAW

FIRST_DAY = date(2020, 6, 1)
DAYS = 84
CUSTOMERS = 70
ARTICLES = 48
Row = list[Any]


def customer_id(number: int) -> str:
    """The id of a customer, 64 hex digits; ids are not in the order of the numbers."""
    return hashlib.sha256(f"customer {number}".encode()).hexdigest()


def article_id(number: int) -> str:
    """The id of an article, ten digits; three variants a product."""
    return f"{100_000 + (number // 3) * 37:07d}{number % 3 + 1:03d}"


def make_transactions(seed: int = 7, first_day: date = FIRST_DAY, idle: int = 6) -> list[Row]:
    """Six customers in seven buy, each from a taste of their own, some articles again and again.

    Args:
        seed: what the dice are thrown with.
        first_day: the first of the DAYS on which they buy.
        idle: the one of each seven customers, from 0, who buys nothing.
    """
    dice = random.Random(seed)
    lines = []
    for customer in range(CUSTOMERS):
        if customer % 7 == idle:
            continue
        taste = [(customer * 5 + step * 7) % ARTICLES for step in range(8)]
        for _ in range(dice.randint(1, 9)):
            day = first_day + timedelta(days=dice.randrange(DAYS))
            for _ in range(dice.randint(1, 4)):
                article = dice.choice(taste) if dice.random() < 0.8 else dice.randrange(ARTICLES)
                price = (100 + article * 13) / 59_000
                lines.append([day.isoformat(), customer_id(customer), article_id(article), price, 1 + customer % 2])
    return sorted(lines)


def make_articles() -> list[Row]:
    """Every article, its attributes by arithmetic; some descriptions hold commas, quotes and line ends."""
    names = [column.name for column in RAW["articles"].columns]
    rows = []
    for number in range(ARTICLES):
        values: dict[str, Any] = dict.fromkeys(names, number % 5)
        values |= {name: f"{name} {number % 5}" for name in names if name.endswith("_name")}
        values |= {"article_id": article_id(number), "product_code": article_id(number)[:7]}
        values["detail_desc"] = ["plain", 'a "quoted", word', "two\nlines", ""][number % 4]
        rows.append([values[name] for name in names])
    return sorted(rows)


def make_customers() -> list[Row]:
    """Every customer; ages, FN and Active are missing for some."""
    rows = []
    for number in range(CUSTOMERS):
        age = "" if number % 9 == 0 else float(16 + number)
        flag = 1.0 if number % 3 == 0 else ""
        rows.append([customer_id(number), flag, flag, "ACTIVE", "NONE", age, f"{number % 4:064x}"])
    return sorted(rows)


def write_raw(folder: Path, transactions: list[Row], *, gzipped: bool = False) -> Path:
    """Write the four files; the sample submission's order is not that of the customers."""
    tables = {"articles": make_articles(), "customers": make_customers(), "transactions_train": transactions}
    headers = {name: [column.name for column in RAW[name].columns] for name in tables}
    ids = [row[0] for row in reversed(tables["customers"])]
    tables["sample_submission"] = [[identity, " ".join([article_id(0)] * 12)] for identity in ids]
    headers["sample_submission"] = ["customer_id", "prediction"]
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in tables.items():
        path = folder / (f"{name}.csv.gz" if gzipped else f"{name}.csv")
        with gzip.open(path, "wt", newline="") if gzipped else path.open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(headers[name])
            writer.writerows(lines)
    return folder
