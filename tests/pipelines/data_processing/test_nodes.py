"""Parsing, numbering, checking and the time line, on the engine under test."""

import pyarrow as pa
import pytest
from tests.conftest import day, rows

from hm_kedro.errors import HmKedroError
from hm_kedro.parameters import DataProcessingParameters
from hm_kedro.pipelines.data_processing.nodes import (
    check_transactions,
    draw_timeline,
    encode_transactions,
    number_articles,
    number_customers,
    number_submission_lines,
    parsed,
)
from hm_kedro.schemas import RAW

PRIMARY = "t_dat date, customer int, article int, price float, sales_channel_id int"
FIRST, LAST = "0108775015", "0663713001"
ANY_SHARE, NO_SHARE = DataProcessingParameters(max_rejected_share=1), DataProcessingParameters(max_rejected_share=0)


def raw_schema(name: str) -> str:
    return ", ".join(f"{column.name} string" for column in RAW[name])


@pytest.fixture
def raw_customers(table):
    """Make raw customers of (customer_id, FN, Active, club status, news frequency, age, postal code)."""
    return lambda *lines: table(raw_schema("customers"), list(lines))


@pytest.fixture
def raw_articles(table):
    """Make raw articles of some columns; the others are missing."""
    names = [column.name for column in RAW["articles"]]
    return lambda *known: table(raw_schema("articles"), [tuple(line.get(name) for name in names) for line in known])


@pytest.fixture
def raw_transactions(table):
    """Make raw lines of (t_dat, customer_id, article_id, price, sales_channel_id)."""
    return lambda *lines: table(raw_schema("transactions_train"), list(lines))


@pytest.fixture
def customers(table):
    return table("customer_id string, customer int", [("aa", 0), ("bb", 1)])


@pytest.fixture
def articles(table):
    return table("article_id string, article int", [(FIRST, 0), (LAST, 1)])


@pytest.fixture
def check(customers, articles):
    """Encode and check raw lines."""

    def checked(lines, params=ANY_SHARE, cutoff=""):
        kept, later = encode_transactions(lines, customers, articles, cutoff)
        return check_transactions(lines, customers, articles, kept, later, params)

    return checked


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2020-09-16", day("2020-09-16")),
        (" 2020-09-16 ", day("2020-09-16")),
        ("2020-13-01", None),
        ("2020-02-30", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_a_day_is_parsed_and_what_is_none_is_missing(table, text, value):
    assert rows(table("t_dat string", [(text,)]).select(parsed("transactions_train", "t_dat"))) == [(value,)]


@pytest.mark.parametrize(
    ("age", "years"),
    [("49.0", 49), ("49", 49), ("", None), (None, None), ("old", None), ("NaN", None), ("1e20", None)],
)
def test_an_age_is_years_and_what_is_none_is_missing(raw_customers, age, years):
    numbered = number_customers(raw_customers(("aa", None, None, None, None, age, None)))
    assert rows(numbered, "age") == [(years,)]
    assert dict(numbered.dtypes)["age"] == "int"


@pytest.mark.parametrize(("text", "value"), [("1.0", 1.0), ("1", 1.0), ("", None), (None, None)])
def test_fashion_news_and_activity_are_one_or_missing(raw_customers, text, value):
    numbered = number_customers(raw_customers(("aa", text, text, None, None, None, None)))
    assert rows(numbered, "fn", "active") == [(value, value)]


def test_customers_out_of_order_get_dense_keys_in_the_order_of_their_ids(raw_customers):
    empty = (None,) * 6
    numbered = number_customers(raw_customers(("cc", *empty), ("aa", *empty), ("bb", *empty)))
    assert rows(numbered, "customer", "customer_id") == [(0, "aa"), (1, "bb"), (2, "cc")]
    assert dict(numbered.dtypes)["customer"] == "int"


def test_a_customer_keeps_what_is_known_of_him(raw_customers):
    numbered = number_customers(raw_customers(("aa", "1.0", "1.0", "ACTIVE", "Regularly", "49.0", "52043e")))
    columns = ["customer_id", "fn", "active", "club_member_status", "fashion_news_frequency", "age", "postal_code"]
    assert rows(numbered, *columns) == [("aa", 1.0, 1.0, "ACTIVE", "Regularly", 49, "52043e")]


@pytest.mark.parametrize("nameless", ["", "  ", None])
def test_a_customer_without_an_id_is_left_out(raw_customers, nameless):
    empty = (None,) * 6
    assert rows(number_customers(raw_customers((nameless, *empty), ("aa", *empty))), "customer", "customer_id") == [
        (0, "aa")
    ]


def test_articles_out_of_order_get_dense_keys_in_the_order_of_their_ids(raw_articles):
    numbered = number_articles(raw_articles({"article_id": LAST}, {"article_id": FIRST}))
    assert rows(numbered, "article", "article_id") == [(0, FIRST), (1, LAST)]


def test_the_variants_of_a_product_share_its_dense_key(raw_articles):
    numbered = number_articles(
        raw_articles(
            {"article_id": LAST, "product_code": "0663713"},
            {"article_id": "0108775044", "product_code": "0108775"},
            {"article_id": FIRST, "product_code": "0108775"},
        )
    )
    assert rows(numbered, "article", "product") == [(0, 0), (1, 0), (2, 1)]


def test_an_article_without_a_product_code_is_kept(raw_articles):
    numbered = number_articles(raw_articles({"article_id": FIRST}))
    assert rows(numbered, "article_id", "product_code") == [(FIRST, None)]


def test_the_numbers_of_an_article_are_ints_and_its_ids_stay_text(raw_articles):
    numbered = number_articles(
        raw_articles({"article_id": FIRST, "product_type_no": "253", "index_code": "A", "section_no": "x"})
    )
    assert rows(numbered, "article_id", "product_type_no", "index_code", "section_no") == [(FIRST, 253, "A", None)]


def test_ids_become_keys(raw_transactions, customers, articles):
    kept, _ = encode_transactions(
        raw_transactions(("2020-09-01", "bb", FIRST, "0.5", "2")), customers, articles, cutoff=""
    )
    assert rows(kept) == [(day("2020-09-01"), 1, 0, 0.5, 2)]
    assert kept.dtypes == [
        ("t_dat", "date"),
        ("customer", "int"),
        ("article", "int"),
        ("price", "float"),
        ("sales_channel_id", "int"),
    ]


def test_equal_lines_are_kept_as_they_are_quantity(raw_transactions, customers, articles):
    line = ("2020-09-01", "bb", FIRST, "0.5", "2")
    kept, _ = encode_transactions(raw_transactions(line, line, line), customers, articles, cutoff="")
    assert rows(kept) == [(day("2020-09-01"), 1, 0, 0.5, 2)] * 3


def test_transactions_are_ordered_by_day_customer_and_article(raw_transactions, customers, articles):
    lines = raw_transactions(
        ("2020-09-02", "aa", FIRST, "0.5", "2"),
        ("2020-09-01", "bb", FIRST, "0.5", "2"),
        ("2020-09-01", "aa", LAST, "0.5", "2"),
        ("2020-09-01", "aa", FIRST, "0.5", "2"),
    )
    kept, _ = encode_transactions(lines, customers, articles, cutoff="")
    assert [(row.t_dat.day, row.customer, row.article) for row in kept.collect()] == [
        (1, 0, 0),
        (1, 0, 1),
        (1, 1, 0),
        (2, 0, 0),
    ]


def test_the_cutoff_parts_the_transactions_exactly_at_its_day(raw_transactions, customers, articles):
    lines = raw_transactions(*[(f"2020-09-{number}", "aa", FIRST, "0.5", "2") for number in (15, 16, 17)])
    kept, later = encode_transactions(lines, customers, articles, cutoff="2020-09-16")
    assert rows(kept, "t_dat") == [(day("2020-09-15"),)]
    assert rows(later, "t_dat") == [(day("2020-09-16"),), (day("2020-09-17"),)]


def test_without_a_cutoff_everything_lies_before_it(raw_transactions, customers, articles):
    kept, later = encode_transactions(
        raw_transactions(("2020-09-15", "aa", FIRST, "0.5", "2")), customers, articles, cutoff=""
    )
    assert rows(kept, "t_dat") == [(day("2020-09-15"),)]
    assert rows(later) == []
    assert later.dtypes == kept.dtypes


@pytest.mark.parametrize(
    "unusable",
    [
        ("2020-13-01", "aa", FIRST, "0.5", "2"),
        ("", "aa", FIRST, "0.5", "2"),
        ("2020-09-01", "zz", FIRST, "0.5", "2"),
        ("2020-09-01", None, FIRST, "0.5", "2"),
        ("2020-09-01", "aa", "0000000000", "0.5", "2"),
        ("2020-09-01", "aa", "", "0.5", "2"),
    ],
)
def test_a_line_without_a_day_or_a_known_id_is_left_out(raw_transactions, customers, articles, unusable):
    lines = raw_transactions(unusable, ("2020-09-01", "aa", FIRST, "0.5", "2"))
    kept, _ = encode_transactions(lines, customers, articles, cutoff="")
    assert rows(kept) == [(day("2020-09-01"), 0, 0, 0.5, 2)]


def test_a_line_without_a_price_is_kept(raw_transactions, customers, articles):
    kept, _ = encode_transactions(raw_transactions(("2020-09-01", "aa", FIRST, "", "")), customers, articles, "")
    assert rows(kept) == [(day("2020-09-01"), 0, 0, None, None)]


def test_lines_are_counted_by_the_rule_that_they_break(raw_transactions, check):
    lines = raw_transactions(
        ("2020-09-01", "aa", FIRST, "0.5", "2"),
        ("2020-13-01", "aa", FIRST, "0.5", "2"),
        ("", "bb", FIRST, "0.5", "2"),
        ("2020-09-01", "zz", FIRST, "0.5", "2"),
        ("2020-09-01", "aa", "0000000000", "0.5", "2"),
    )
    assert check(lines) == {
        "rows": 5,
        "date_missing_or_unreadable": 2,
        "customer_unknown": 1,
        "article_unknown": 1,
        "kept": 1,
    }


def test_a_line_that_breaks_every_rule_is_counted_by_each(raw_transactions, check):
    assert check(raw_transactions(("x", "zz", "0000000000", "0.5", "2"))) == {
        "rows": 1,
        "date_missing_or_unreadable": 1,
        "customer_unknown": 1,
        "article_unknown": 1,
        "kept": 0,
    }


def test_lines_from_the_cutoff_on_count_as_kept(raw_transactions, check):
    lines = raw_transactions(("2020-09-15", "aa", FIRST, "0.5", "2"), ("2020-09-16", "aa", FIRST, "0.5", "2"))
    assert check(lines, NO_SHARE, cutoff="2020-09-16")["kept"] == 2


def test_equal_lines_are_each_counted(raw_transactions, check):
    line = ("2020-09-01", "aa", FIRST, "0.5", "2")
    quality = check(raw_transactions(line, line), NO_SHARE)
    assert (quality["rows"], quality["kept"]) == (2, 2)


def test_a_share_of_unusable_lines_at_the_limit_is_accepted(raw_transactions, check):
    lines = raw_transactions(("2020-09-01", "aa", FIRST, "0.5", "2"), ("2020-09-01", "zz", FIRST, "0.5", "2"))
    assert check(lines, DataProcessingParameters(max_rejected_share=0.5))["kept"] == 1


def test_a_share_of_unusable_lines_above_the_limit_stops_the_run_with_the_counts(raw_transactions, check):
    lines = raw_transactions(("2020-09-01", "aa", FIRST, "0.5", "2"), ("2020-09-01", "zz", FIRST, "0.5", "2"))
    with pytest.raises(HmKedroError) as caught:
        check(lines, DataProcessingParameters(max_rejected_share=0.49))
    assert str(caught.value) == (
        "transactions_train: 1 of 2 rows can't be used (date_missing_or_unreadable 0, customer_unknown 1, "
        "article_unknown 0): mend the files or raise data_processing.max_rejected_share"
    )


def test_an_empty_log_has_nothing_to_count(raw_transactions, check):
    assert check(raw_transactions(), NO_SHARE) == {
        "rows": 0,
        "date_missing_or_unreadable": 0,
        "customer_unknown": 0,
        "article_unknown": 0,
        "kept": 0,
    }


@pytest.fixture
def drawn(table):
    """Draw the time line of purchases on some days, parted at a cutoff as the log is."""

    def draw(days: list[str], cutoff: str = ""):
        known = [(day(text), 0, 0, 0.5, 2) for text in days]
        before = [line for line in known if not cutoff or line[0] < day(cutoff)]
        later = [line for line in known if cutoff and line[0] >= day(cutoff)]
        return draw_timeline(table(PRIMARY, before), table(PRIMARY, later), cutoff, raw_dir="raw")

    return draw


def test_without_a_cutoff_it_is_the_day_after_the_last_transaction(drawn):
    assert drawn(["2020-09-01", "2020-08-01", "2020-09-15"]) == {
        "raw_dir": "raw",
        "asked_cutoff": None,
        "cutoff": "2020-09-16",
        "first_day": "2020-08-01",
        "last_day": "2020-09-15",
        "log_end": "2020-09-15",
    }


def test_with_a_cutoff_the_log_may_end_after_it(drawn):
    assert drawn(["2020-08-01", "2020-09-10", "2020-09-16", "2020-09-22"], cutoff="2020-09-16") == {
        "raw_dir": "raw",
        "asked_cutoff": "2020-09-16",
        "cutoff": "2020-09-16",
        "first_day": "2020-08-01",
        "last_day": "2020-09-10",
        "log_end": "2020-09-22",
    }


def test_a_cutoff_on_the_day_after_the_last_transaction_is_accepted(drawn):
    assert drawn(["2020-09-15"], cutoff="2020-09-16")["cutoff"] == "2020-09-16"


@pytest.mark.parametrize("later", [(), ("2020-10-15", "2021-01-01")])
def test_a_cutoff_far_past_its_history_is_named_with_the_last_that_is_not(drawn, later):
    message = r"cutoff 2020-10-15 lies 30 days past .* 2020-09-15: .* up to 2020-10-14"
    with pytest.raises(HmKedroError, match=message):
        drawn(["2020-09-15", *later], cutoff="2020-10-15")


@pytest.mark.parametrize("later", [(), ("2020-10-14", "2021-01-01")])
def test_days_without_a_sale_before_the_cutoff_are_no_fault(drawn, later):
    assert drawn(["2020-09-15", *later], cutoff="2020-10-14")["cutoff"] == "2020-10-14"


@pytest.mark.parametrize("cutoff", ["2020-09-15", "2019-01-01"])
def test_a_cutoff_before_all_data_is_named_with_the_first_that_is_not(drawn, cutoff):
    with pytest.raises(HmKedroError, match=f"cutoff {cutoff} leaves no history.* 2020-09-15: .* from 2020-09-16 on"):
        drawn(["2020-09-15"], cutoff=cutoff)


@pytest.mark.parametrize("cutoff", ["", "2020-09-15"])
def test_an_empty_log_is_named_by_its_folder(drawn, cutoff):
    with pytest.raises(HmKedroError, match="transactions_train in raw_dir 'raw' has no purchase"):
        drawn([], cutoff=cutoff)


def test_the_lines_of_the_submission_are_numbered_on_over_batches():
    schema = pa.schema([("customer_id", pa.string())])
    batches = [pa.record_batch([pa.array(ids, pa.string())], schema=schema) for ids in (["b", "a"], [], ["c"])]
    numbered = number_submission_lines(pa.RecordBatchReader.from_batches(schema, batches)).read_all()
    assert numbered.to_pylist() == [
        {"line": 0, "customer_id": "b"},
        {"line": 1, "customer_id": "a"},
        {"line": 2, "customer_id": "c"},
    ]


def test_a_submission_without_lines_has_none_numbered():
    schema = pa.schema([("customer_id", pa.string())])
    numbered = number_submission_lines(pa.RecordBatchReader.from_batches(schema, []))
    assert numbered.read_all().to_pylist() == []
