"""The tables of docs/synthetic_data.md."""

import json

import pytest
from benchmarks.pages import insert, rows
from benchmarks.synthetic_data import PAGE, README, REAL, number
from tests import tiny

from benchmarks import shape


def test_a_table_takes_the_place_between_its_marks(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- one -->\nold\n<!-- /one -->\nafter\n")
    insert(page, "one", rows(["a", "b"], [["x", "1"]]))
    assert page.read_text() == "before\n<!-- one -->\n| a | b |\n| --- | ---: |\n| x | 1 |\n<!-- /one -->\nafter\n"
    with pytest.raises(SystemExit, match="no place for the table"):
        insert(page, "two", "")


def test_figures_are_short():
    assert [number(value) for value in (31_788_324, 0.12345678, [2.0, 9.0], 36.1875, None)] == [
        "31,788,324",
        "0.12346",
        "2 9",
        "36.188",
        "–",
    ]


def test_the_page_and_the_readme_have_a_place_for_each_table():
    for page, names in ((PAGE, ("shape", "order", "speed")), (README, ("shape",))):
        for name in names:
            assert f"<!-- {name} -->" in page.read_text()
            assert f"<!-- /{name} -->" in page.read_text()


def test_the_shape_of_a_tiny_log(tmp_path):
    files = shape.read(tiny.write_raw(tmp_path / "raw", tiny.make_transactions()))
    found = shape.of_behaviour(files) | shape.of_customers(files)
    assert found["customers"] == tiny.CUSTOMERS
    assert found["customers who bought"] == 60
    assert found["transactions"] == len(tiny.make_transactions())
    assert found["age missing"] == round(8 / 70, 4)
    assert set(json.loads(REAL.read_text())["behaviour"]) == set(found)


def test_a_part_of_a_log_can_be_read(tmp_path):
    raw = tiny.write_raw(tmp_path / "raw", tiny.make_transactions())
    some = [tiny.customer_id(3), tiny.customer_id(6)]
    files = shape.read(raw, customers=some)
    assert sorted(files.customers["customer_id"]) == sorted(some)
    assert set(files.lines["customer_id"]) == {tiny.customer_id(3)}
