"""The contract and its page."""

import re

import pytest
from tests.runs import PROJECT

from hm_kedro import schemas


def test_the_page_is_made_from_the_contract():
    page = (PROJECT / "docs/tables.md").read_text()
    assert page == schemas.to_markdown(), "make docs"


def test_every_column_and_rule_is_on_the_page():
    page = schemas.to_markdown()
    for table in [*schemas.RAW.values(), *schemas.PRIMARY.values()]:
        for column in table.columns:
            assert f"| {column.name} | {column.type} | {column.meaning} |" in page
    assert all(f"| {rule} |" in page for rule in schemas.RULES)


@pytest.mark.parametrize("table", [*schemas.RAW.values(), *schemas.PRIMARY.values()])
def test_a_contract_is_of_one_piece(table):
    names = [column.name for column in table.columns]
    assert len(set(names)) == len(names)
    assert set(table.key) <= set(names)
    for column in table.columns:
        re.compile(column.form)
        if column.references:
            other, name = column.references.split(".")
            assert schemas.column_of(schemas.RAW[other], name).form == column.form
