"""The contract: the raw files and the primary tables, what each column holds and which values it may have.

The readers hold the raw files to it (`hm_kedro.raw`), the tests the primary tables; docs/tables.md is made from it by
`python -m hm_kedro.schemas`.
"""

import sys
from datetime import date
from typing import NamedTuple

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2029, 12, 31)
ATTRIBUTES = (
    "product_type",
    "product_group",
    "graphical_appearance",
    "colour_group",
    "perceived_colour_value",
    "perceived_colour_master",
    "department",
    "index",
    "index_group",
    "section",
    "garment_group",
)


class Column(NamedTuple):
    """A column and what may stand in it.

    Attributes:
        type: its SQL type once read.
        unit: of numbers.
        required: whether a value must be there; all others may be missing and stay so.
        form: regular expression that a text matches as a whole.
        low, high: bounds of numbers and dates, both allowed.
        references: the column whose values it takes; then the form is looked at where a value is not among them.
    """

    name: str
    type: str
    meaning: str
    unit: str = ""
    required: bool = False
    form: str = ""
    low: float | date | None = None
    high: float | date | None = None
    references: str = ""


class Table(NamedTuple):
    """A table of the contract.

    Attributes:
        grain: what a row is.
        key: the columns that tell rows apart; empty where several equal rows mean something.
        multi_line: whether a quoted text may hold line ends.
        order: what it is partitioned and sorted by.
        unread: columns of the file that nothing here needs.
    """

    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    multi_line: bool = False
    order: str = ""
    unread: tuple[str, ...] = ()


ARTICLE_ID, CUSTOMER_ID = r"[0-9]{10}", r"[0-9a-f]{64}"


def _number(name: str, of: str) -> Column:
    return Column(name, "int", f"number of the {of}")


_ARTICLE_ATTRIBUTES = (
    Column("product_code", "string", "product; its variants share it", form=r"[0-9]{7}"),
    Column("prod_name", "string", "name of the product"),
    _number("product_type_no", "product type"),
    Column("product_type_name", "string", "product type, such as Vest top"),
    Column("product_group_name", "string", "group of product types, such as Garment Upper body"),
    _number("graphical_appearance_no", "pattern"),
    Column("graphical_appearance_name", "string", "pattern, such as Stripe"),
    _number("colour_group_code", "colour"),
    Column("colour_group_name", "string", "colour, such as Dark Blue"),
    _number("perceived_colour_value_id", "lightness"),
    Column("perceived_colour_value_name", "string", "lightness, such as Dusty Light"),
    _number("perceived_colour_master_id", "main colour"),
    Column("perceived_colour_master_name", "string", "main colour, such as Blue"),
    _number("department_no", "department"),
    Column("department_name", "string", "department"),
    Column("index_code", "string", "letter of the index"),
    Column("index_name", "string", "index, such as Ladieswear"),
    _number("index_group_no", "index group"),
    Column("index_group_name", "string", "index group, such as Baby/Children"),
    _number("section_no", "section"),
    Column("section_name", "string", "section, such as Womens Everyday Basics"),
    _number("garment_group_no", "garment group"),
    Column("garment_group_name", "string", "garment group, such as Jersey Basic"),
    Column("detail_desc", "string", "description; may hold commas, quotes and line ends"),
)

RAW: dict[str, Table] = {
    "articles": Table(
        "an article that is or was sold",
        (
            Column("article_id", "string", "ten digits: product code and variant", required=True, form=ARTICLE_ID),
            *_ARTICLE_ATTRIBUTES,
        ),
        key=("article_id",),
        multi_line=True,
    ),
    "customers": Table(
        "a customer, whether they ever bought or not",
        (
            Column("customer_id", "string", "64 hex digits", required=True, form=CUSTOMER_ID),
            Column("FN", "float", "1 for those who get fashion news, else missing", low=0, high=1),
            Column("Active", "float", "1 for those active for communication, else missing", low=0, high=1),
            Column("club_member_status", "string", "ACTIVE, PRE-CREATE or LEFT CLUB"),
            Column("fashion_news_frequency", "string", "NONE, Regularly or Monthly"),
            Column("age", "int", "age", unit="years", low=0, high=120),
            Column("postal_code", "string", "hashed; shared by customers of a place"),
        ),
        key=("customer_id",),
    ),
    "transactions_train": Table(
        "an article bought by a customer on a day; several equal rows are quantity",
        (
            Column("t_dat", "date", "day of the purchase", required=True, low=FIRST_DAY, high=LAST_DAY),
            Column(
                "customer_id",
                "string",
                "who bought",
                required=True,
                form=CUSTOMER_ID,
                references="customers.customer_id",
            ),
            Column(
                "article_id",
                "string",
                "what was bought",
                required=True,
                form=ARTICLE_ID,
                references="articles.article_id",
            ),
            Column("price", "float", "price paid", unit="the publisher's: 1 is about 590 of a currency", low=0),
            Column("sales_channel_id", "tinyint", "1 = store, 2 = online", low=1, high=2),
        ),
    ),
    "sample_submission": Table(
        "a customer who is to get recommendations, in the order of the submission",
        (Column("customer_id", "string", "64 hex digits", required=True, form=CUSTOMER_ID),),
        key=("customer_id",),
        unread=("prediction",),
    ),
}

_CUSTOMER = Column("customer", "int", "key of customer_id: dense from 0, in the order of the ids", required=True)
_ARTICLE = Column("article", "int", "key of article_id: dense from 0, in the order of the ids", required=True)

PRIMARY: dict[str, Table] = {
    "articles": Table(
        "an article of the file",
        (
            _ARTICLE,
            Column("article_id", "string", "ten digits", required=True),
            Column("product", "int", "key of product_code: dense from 0, in the order of the codes"),
            *_ARTICLE_ATTRIBUTES,
            *(Column(name, "smallint", f"code of {name}_name: dense from 0, by name") for name in ATTRIBUTES),
            Column("first_day", "date", "day of its first sale before the cutoff; no feature of an earlier week"),
            Column("last_day", "date", "day of its last sale before the cutoff; no feature of an earlier week"),
        ),
        key=("article",),
    ),
    "customers": Table(
        "a customer of the file",
        (
            _CUSTOMER,
            Column("customer_id", "string", "64 hex digits", required=True),
            Column("fn", "float", "1 for those who get fashion news"),
            Column("active", "float", "1 for those active for communication"),
            Column("club_member_status", "string", "ACTIVE, PRE-CREATE or LEFT CLUB"),
            Column("fashion_news_frequency", "string", "NONE, Regularly or Monthly"),
            Column("age", "int", "age", unit="years"),
            Column("postal_code", "string", "hashed; shared by customers of a place"),
            Column("buyer", "boolean", "bought before the cutoff; no feature of an earlier week", required=True),
        ),
        key=("customer",),
    ),
    "transactions": Table(
        "an article bought by a customer on a day at a price in a channel, before the cutoff; `later_transactions` "
        "holds those from the cutoff on, which nothing reads but the evaluation's truth",
        (
            Column("t_dat", "date", "day of the purchase", required=True),
            _CUSTOMER,
            _ARTICLE,
            Column("price", "float", "price paid for one", unit="the publisher's"),
            Column("sales_channel_id", "tinyint", "1 = store, 2 = online"),
            Column("quantity", "int", "equal rows of the file", unit="pieces", required=True),
            Column(
                "weeks_to_cutoff",
                "int",
                "1 for the seven days before the cutoff, 2 for those before them; 0 and less from the cutoff on",
                unit="weeks",
                required=True,
            ),
        ),
        key=("t_dat", "customer", "article", "price", "sales_channel_id"),
        order="a folder per `weeks_to_cutoff`, in it sorted by customer, day, article",
    ),
    "submission_lines": Table(
        "a customer who is to get recommendations",
        (
            Column("line", "int", "place in the submission, from 0", required=True),
            Column("customer_id", "string", "64 hex digits", required=True),
        ),
        key=("line",),
        order="by line",
    ),
    "rejected_rows": Table(
        "a row of a raw file that is in no primary table",
        (
            Column("file", "string", "name of the file, or of its part in a folder", required=True),
            Column("line", "bigint", "line of the file on which the row begins, from 1; in Parquet its row"),
            Column("column", "string", "the column at fault; missing where it is the row as a whole"),
            Column("rule", "string", "the rule that it breaks, the first where it breaks several", required=True),
            Column("value", "string", "what stands there; the row's text where it is the row as a whole"),
        ),
        key=("file", "line"),
        order="by file and line",
    ),
}

# Why a row is rejected, in the order in which rules are tried.
RULES: dict[str, str] = {
    "wrong_encoding": "the row is not UTF-8",
    "unclosed_quote": "a quote is opened and not closed",
    "malformed_row": "the row can't be taken apart: text after a closing quote, a field beyond 128 KiB",
    "wrong_number_of_fields": "the row has fewer or more fields than the header",
    "missing": "a required value is not there",
    "unreadable": "no number, no whole number or no day of the calendar (year-month-day)",
    "out_of_range": "below or above what the column allows",
    "malformed": "an id or code that has not its form",
    "unknown": "an id that its own file has not, or has only in rejected rows",
    "contradictory": "rows of one id that differ: none of them is kept",
}


def column_of(table: Table, name: str) -> Column:
    """Find a column of a table by its name."""
    return next(column for column in table.columns if column.name == name)


def ddl(table: Table) -> str:
    """Write a table's columns as Spark does: names and types."""
    return ", ".join(f"`{column.name}` {column.type}" for column in table.columns)


def to_markdown() -> str:
    """Write the contract as the page docs/tables.md."""
    lines = [
        "# The tables: what stands in them",
        "",
        "Made from `hm_kedro/schemas.py` by `make docs`. Reading finds columns by their names, in any order; other",
        "columns are left out. A row that breaks the contract is in `rejected_rows`, with the rule that it breaks; all",
        "others are in a primary table. Equal rows of articles, customers and the submission are one.",
        "",
        "## Raw files",
        "`.csv`, `.csv.gz`, `.parquet`, or a folder of that name with such parts.",
    ]
    for name, table in RAW.items():
        lines += ["", f"### {name}", *_describe(table)]
    lines += ["", "## Primary tables"]
    for name, table in PRIMARY.items():
        lines += ["", f"### {name}", *_describe(table)]
    lines += ["", "## Rules", "| rule | a row is rejected where |", "|---|---|"]
    lines += [f"| {rule} | {meaning} |" for rule, meaning in RULES.items()]
    return "\n".join(lines) + "\n"


def _describe(table: Table) -> list[str]:
    key = f" Key: {', '.join(table.key)}." if table.key else ""
    order = f" Stored in {table.order}." if table.order.startswith("a ") else f" Sorted {table.order}."
    lines = [
        f"A row: {table.grain}.{key}{order if table.order else ''}",
        "",
        "| column | type | meaning | values |",
        "|---|---|---|---|",
    ]
    return lines + [f"| {c.name} | {c.type} | {c.meaning} | {_values(c)} |" for c in table.columns]


def _values(column: Column) -> str:
    said = ["required" if column.required else "may be missing"]
    if column.unit:
        said.append(column.unit)
    if column.low is not None:
        said.append(f"{column.low} to {column.high}" if column.high is not None else f"{column.low} or more")
    if column.form:
        said.append(f"`{column.form}`")
    if column.references:
        said.append(f"one of {column.references}")
    return "; ".join(said)


if __name__ == "__main__":
    sys.stdout.write(to_markdown())
