"""From rows of text to typed columns, and to the rows that break the contract."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hm_kedro.raw.chunks import read_rows
from hm_kedro.raw.files import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from hm_kedro.raw.files import Chunk
    from hm_kedro.raw.rows import Rows
    from hm_kedro.schemas import Column, Table

ARROW_TYPES = {
    "string": pa.string(),
    "float": pa.float32(),
    "int": pa.int32(),
    "tinyint": pa.int8(),
    "date": pa.date32(),
}
# What is known of every raw row beside its values. On the first row of a chunk: the file and the lines that the
# chunk has; on every row its chunk and its line in it, from 1, by which `locate_rows` finds its line in the file.
PLACE = {
    "rule": "string",
    "column": "string",
    "value": "string",
    "file": "string",
    "chunk": "int",
    "line": "int",
    "chunk_lines": "int",
}
BATCH_ROWS = 1 << 16
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"
DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


def arrow_schema(table: Table) -> pa.Schema:
    """The columns of a table's checked rows."""
    own = [(column.name, ARROW_TYPES[column.type]) for column in table.columns]
    return pa.schema(own + [(name, ARROW_TYPES[kind]) for name, kind in PLACE.items()])


def read_checked(chunk: Chunk, number: int, table: Table) -> Iterator[pa.RecordBatch]:
    """Read a chunk and hold its rows to the contract, as far as a row tells by itself.

    Args:
        number: of the chunk, among all of the table's.

    Returns:
        One row per raw row: the typed columns, and `PLACE`. A row that breaks a rule has `rule`, the `column` at
        fault (missing where it is the row as a whole), and the `value` that stands there.
    """
    schema = arrow_schema(table)
    begun = False
    for rows in read_rows(chunk, table):
        checked = check_rows(rows, table)
        count = checked.num_rows
        name, lines = (None, None) if begun else (name_of(chunk.path), rows.line_count)
        begun = begun or count > 0
        checked = (
            checked.append_column("file", _on_first_row(name, count, pa.string()))
            .append_column("chunk", pa.repeat(pa.scalar(number, pa.int32()), count))
            .append_column("chunk_lines", _on_first_row(lines, count, pa.int32()))
        )
        yield from checked.select(schema.names).cast(schema).to_batches(BATCH_ROWS)


def _on_first_row(value: Any, count: int, kind: pa.DataType) -> pa.Array:
    return pa.concat_arrays([pa.array([value], kind), pa.nulls(count - 1, kind)]) if count else pa.array([], kind)


def check_rows(rows: Rows, table: Table) -> pa.Table:
    """Type the fields of rows and find what breaks the contract; the broken rows follow the others.

    Returns:
        The typed columns, `rule`, `column`, `value` and `line`.
    """
    typed: dict[str, Any] = {}
    faults: list[tuple[Column, str, npt.NDArray[np.bool_]]] = []
    for column in table.columns:
        typed[column.name], found = _check_values(rows.fields[column.name].combine_chunks(), column)
        faults += [(column, rule, where) for rule, where in found.items()]
    whole = pa.table({**typed, **_blame(rows, faults), "line": pa.array(rows.lines, pa.int32())})
    if not rows.broken:
        return whole
    told = {
        "rule": [fault.rule for fault in rows.broken],
        "value": [fault.text for fault in rows.broken],
        "line": [fault.line for fault in rows.broken],
    }
    count = len(rows.broken)
    broken = pa.table({name: pa.array(told[name]) if name in told else pa.nulls(count) for name in whole.column_names})
    return pa.concat_tables([whole, broken.cast(whole.schema)])


def _blame(rows: Rows, faults: list[tuple[Column, str, npt.NDArray[np.bool_]]]) -> dict[str, pa.Array]:
    """Tell of each row the first rule that it breaks, the column and the value."""
    count = rows.fields.num_rows
    names = ("rule", "column", "value")
    if not faults:
        return {name: pa.nulls(count, pa.string()) for name in names}
    told = {name: np.full(count, None, object) for name in names}
    for column, rule, where in reversed(faults):
        told["rule"][where], told["column"][where] = rule, column.name
        told["value"][where] = rows.fields[column.name].combine_chunks().filter(pa.array(where)).to_pylist()
    return {name: pa.array(values, pa.string()) for name, values in told.items()}


def _check_values(text: pa.Array, column: Column) -> tuple[pa.Array, dict[str, npt.NDArray[np.bool_]]]:
    """Type the values of a column; where a rule is broken the value is missing.

    Returns:
        The values, and per broken rule, in the order in which they are tried, the rows that break it.
    """
    faults: dict[str, npt.NDArray[np.bool_]] = {}
    if column.required and text.null_count:
        faults["missing"] = _mask(pc.is_null(text))
    if column.type == "string":
        if column.form and not column.references:
            matches = pc.match_substring_regex(text, f"^(?:{column.form})$")
            _note(faults, "malformed", pc.invert(matches))
        return text, faults
    values = _parse_days(text) if column.type == "date" else _parse_numbers(text, whole=column.type != "float")
    unreadable = text.is_valid() if values.null_count != text.null_count else None
    if unreadable is not None:
        _note(faults, "unreadable", pc.and_(unreadable, values.is_null()))
    outside = _outside(values, column)
    if outside is not None:
        _note(faults, "out_of_range", outside)
        values = pc.if_else(pc.fill_null(outside, False), pa.scalar(None, values.type), values)
    return values.cast(ARROW_TYPES[column.type]), faults


def _mask(truth: pa.Array) -> npt.NDArray[np.bool_]:
    return np.asarray(pc.fill_null(truth, False).to_numpy(zero_copy_only=False), bool)


def _note(faults: dict[str, npt.NDArray[np.bool_]], rule: str, truth: pa.Array) -> None:
    mask = _mask(truth)
    if mask.any():
        faults[rule] = mask


def _parse_days(text: pa.Array) -> pa.Array:
    try:
        return text.cast(pa.date32())
    except pa.ArrowInvalid:
        # One by one of the different texts; there are as many days as the log has, and a few that are none.
        encoded = text.dictionary_encode()
        days = pa.array([_day(word) for word in encoded.dictionary.to_pylist()], pa.date32())
        return days.take(encoded.indices)


def _day(word: str) -> date | None:
    if len(word) != len("2020-09-16"):
        return None
    try:
        return date.fromisoformat(word)
    except ValueError:
        return None


def _parse_numbers(text: pa.Array, *, whole: bool) -> pa.Array:
    """Parse numbers as doubles; what is none, not finite, or has a fraction where it may not is missing."""
    try:
        values = text.cast(pa.float64())
    except pa.ArrowInvalid:
        looks_right = pc.match_substring_regex(text, NUMBER)
        values = pc.if_else(looks_right, text, pa.scalar(None, pa.string())).cast(pa.float64())
    sound = pc.is_finite(values)
    if whole:
        sound = pc.and_(sound, pc.equal(values, pc.trunc(values)))
    return values if pc.all(sound).as_py() is not False else pc.if_else(sound, values, pa.scalar(None, pa.float64()))


# Of a 32-bit integer, where the contract has no narrower bounds; floats of 32 bits hold what the contract allows.
INT_BOUNDS = (-(2**31), 2**31 - 1)
FLOAT_BOUNDS = (-3.4e38, 3.4e38)


def _outside(values: pa.Array, column: Column) -> pa.Array | None:
    """Which values are beyond the column's bounds; None where none is."""
    low, high = column.low, column.high
    if column.type != "date":
        widest = FLOAT_BOUNDS if column.type == "float" else INT_BOUNDS
        low, high = (widest[0] if low is None else low), (widest[1] if high is None else high)
    bounds = pc.min_max(values).as_py()
    if bounds["min"] is None or ((low is None or bounds["min"] >= low) and (high is None or bounds["max"] <= high)):
        return None
    low_scalar, high_scalar = pa.scalar(low, values.type), pa.scalar(high, values.type)
    return pc.or_(pc.less(values, low_scalar), pc.greater(values, high_scalar))
