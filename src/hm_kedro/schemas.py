"""The raw files and the primary tables: columns, types and meaning, in one place.

Raw columns are read as text, so that what does not parse can be counted instead of vanishing; the
types below are what data_processing makes of them.
"""

from typing import NamedTuple


class Column(NamedTuple):
    """A column: its SQL type once parsed, and what it says."""

    name: str
    type: str
    meaning: str


RAW: dict[str, tuple[Column, ...]] = {
    "articles": (
        Column("article_id", "string", "ten digits: product_code and three digits of the variant"),
        Column("product_code", "string", "seven digits; the variants of a product share it"),
        Column("prod_name", "string", "name of the product"),
        Column("product_type_no", "int", "number of the product type"),
        Column("product_type_name", "string", "product type, such as Vest top"),
        Column("product_group_name", "string", "group of product types, such as Garment Upper body"),
        Column("graphical_appearance_no", "int", "number of the pattern"),
        Column("graphical_appearance_name", "string", "pattern, such as Stripe"),
        Column("colour_group_code", "int", "number of the colour"),
        Column("colour_group_name", "string", "colour, such as Dark Blue"),
        Column("perceived_colour_value_id", "int", "number of the lightness"),
        Column("perceived_colour_value_name", "string", "lightness, such as Dusty Light"),
        Column("perceived_colour_master_id", "int", "number of the main colour"),
        Column("perceived_colour_master_name", "string", "main colour, such as Blue"),
        Column("department_no", "int", "number of the department"),
        Column("department_name", "string", "department"),
        Column("index_code", "string", "letter of the index"),
        Column("index_name", "string", "index, such as Ladieswear"),
        Column("index_group_no", "int", "number of the index group"),
        Column("index_group_name", "string", "index group, such as Ladieswear, Baby/Children"),
        Column("section_no", "int", "number of the section"),
        Column("section_name", "string", "section, such as Womens Everyday Basics"),
        Column("garment_group_no", "int", "number of the garment group"),
        Column("garment_group_name", "string", "garment group, such as Jersey Basic"),
        Column("detail_desc", "string", "description; may hold commas, quotes and line ends"),
    ),
    "customers": (
        Column("customer_id", "string", "64 hex digits"),
        Column("FN", "float", "1 for those who get fashion news, else missing"),
        Column("Active", "float", "1 for those active for communication, else missing"),
        Column("club_member_status", "string", "ACTIVE, PRE-CREATE, LEFT CLUB or missing"),
        Column("fashion_news_frequency", "string", "NONE, Regularly, Monthly or missing"),
        Column("age", "float", "years"),
        Column("postal_code", "string", "hashed; shared by customers of a place"),
    ),
    "transactions_train": (
        Column("t_dat", "date", "day of the purchase"),
        Column("customer_id", "string", "who bought"),
        Column("article_id", "string", "what was bought; equal lines of a day are quantity"),
        Column("price", "float", "price paid, scaled by the publisher"),
        Column("sales_channel_id", "int", "1 = store, 2 = online"),
    ),
}

# The keys of every table: dense from 0, in the order of the ids that they stand for.
KEYS = {"customer": "customer_id", "article": "article_id"}
