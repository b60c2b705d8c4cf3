"""From the bytes of a CSV file to rows of text, and to the rows that can't be taken apart.

A row is a line, whatever stands in it, but for tables whose texts may hold line ends (`multi_line`). Lines end with
a line feed, with or without a carriage return before it; empty lines are no rows. Nearly all lines are taken apart by
Arrow; those with a quote, with a stray carriage return or not in UTF-8 one by one, so that a fault costs its own row
and no other.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from hm_kedro.schemas import Table

# A row that can't be taken apart is told by so much of its text; the file and the line have the rest.
MOST_TEXT = 4096


class Broken(NamedTuple):
    """A row that can't be taken apart: where it begins, from 1, the rule that it breaks, and its text."""

    line: int
    rule: str
    text: str


class Rows(NamedTuple):
    """Rows of text.

    Attributes:
        fields: a text column for each column wanted; empty fields are missing.
        lines: for each row of `fields` the line on which it begins, from 1.
        broken: the other rows.
        line_count: how many lines the bytes have.
    """

    fields: pa.Table
    lines: npt.NDArray[np.int64]
    broken: list[Broken]
    line_count: int


def split_rows(data: bytes, columns: Sequence[str], wanted: Sequence[str], row_start: re.Pattern[bytes] | None) -> Rows:
    """Take the rows of some bytes apart.

    Args:
        data: whole lines, without the header.
        columns: the names of the columns, in the order of the fields.
        wanted: those to keep.
        row_start: for texts that may hold line ends: what a row begins with (see `row_start`); None where a row is
            a line.
    """
    if row_start is None and _is_plain(data):
        return _split_plain(data, columns, wanted)
    lines = data.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    lines = [line.removesuffix(b"\r") for line in lines]
    records = _one_a_line(lines) if row_start is None else _join_quoted(lines, row_start)
    clean = b"\r" not in data and _is_utf8(data)
    places: list[int] = []
    simple: list[bytes] = []
    quoted: list[tuple[int, str]] = []
    broken: list[Broken] = []
    for place, record, whole in records:
        if not clean and not _is_utf8(record):
            broken.append(Broken(place, "wrong_encoding", _shown(record)))
        elif not whole:
            broken.append(Broken(place, "unclosed_quote", _shown(record)))
        elif b'"' in record or (not clean and b"\r" in record):
            quoted.append((place, record.decode()))
        else:
            places.append(place)
            simple.append(record)
    quoted_places, quoted_fields, malformed = _split_quoted(quoted, len(columns))
    broken += malformed
    rows = _split_plain(b"\n".join(simple), columns, wanted)
    own = np.array(places, np.int64)
    broken += [Broken(int(own[fault.line - 1]), fault.rule, fault.text) for fault in rows.broken]
    indices = [columns.index(name) for name in wanted]
    texts = pa.table(
        {
            name: pa.array([fields[index] or None for fields in quoted_fields], pa.string())
            for name, index in zip(wanted, indices, strict=True)
        }
    )
    begun = np.concatenate([own[rows.lines - 1], np.array(quoted_places, np.int64)])
    return Rows(pa.concat_tables([rows.fields, texts]), begun, broken, len(lines))


def row_start(table: Table, columns: Sequence[str]) -> re.Pattern[bytes] | None:
    """Tell the start of a row by the form of its first field, where rows may hold line ends.

    A quote that is opened and not closed would take all that follows for one text; it ends at the latest before a
    line that begins as a row does. Where the first field has no form, no line does.
    """
    if not table.multi_line:
        return None
    form = next((column.form for column in table.columns if column.name == columns[0]), "")
    return re.compile(f'"?(?:{form})"?,'.encode()) if form else re.compile(b"(?!)")


def _is_plain(data: bytes) -> bool:
    """Whether Arrow's reader, told that there are no quotes, takes the bytes apart as meant."""
    if b'"' in data or (b"\r" in data and data.count(b"\r") != data.count(b"\r\n")):
        return False
    return data.isascii() or _is_utf8(data)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _split_plain(data: bytes, columns: Sequence[str], wanted: Sequence[str]) -> Rows:
    text = pa.string()
    if len(columns) == 1 or data.isspace() or not data:
        return _split_single(data, columns, wanted)
    faults: list[tuple[int, str]] = []

    def note(row: arrow_csv.InvalidRow) -> str:
        faults.append((row.number, row.text))
        return "skip"

    fields = arrow_csv.read_csv(
        pa.py_buffer(data),
        read_options=arrow_csv.ReadOptions(
            column_names=list(columns), use_threads=False, block_size=min(len(data) + 1, (1 << 31) - 1)
        ),
        parse_options=arrow_csv.ParseOptions(
            quote_char=False, ignore_empty_lines=False, invalid_row_handler=note, newlines_in_values=False
        ),
        convert_options=arrow_csv.ConvertOptions(
            include_columns=list(wanted),
            column_types=dict.fromkeys(columns, text),
            strings_can_be_null=True,
            null_values=[""],
            check_utf8=False,
        ),
    )
    line_count = fields.num_rows + len(faults)
    lines = np.arange(1, line_count + 1)
    if faults:
        lines = np.delete(lines, [line - 1 for line, _ in faults])
    broken = [Broken(line, "wrong_number_of_fields", text[:MOST_TEXT]) for line, text in faults if text]
    # Arrow gives an empty line as a row of empty fields.
    void = np.ones(fields.num_rows, bool)
    for name in wanted:
        void &= pc.is_null(fields[name]).to_numpy() if fields[name].null_count else False
    if void.any():
        texts = data.split(b"\n")
        void[void] = [not texts[line - 1].removesuffix(b"\r") for line in lines[void]]
        fields, lines = fields.filter(pa.array(~void)), lines[~void]
    return Rows(fields, lines, broken, line_count)


def _split_single(data: bytes, columns: Sequence[str], wanted: Sequence[str]) -> Rows:
    """Take lines of one field apart, which Arrow can't tell from empty lines; or lines of white space."""
    lines = [line.removesuffix(b"\r").decode() for line in data.split(b"\n")]
    if not lines[-1]:
        lines.pop()
    full = [(place, line) for place, line in enumerate(lines, 1) if line]
    sound = [(place, line) for place, line in full if len(columns) == line.count(",") + 1]
    broken = [
        Broken(place, "wrong_number_of_fields", line[:MOST_TEXT])
        for place, line in full
        if len(columns) != line.count(",") + 1
    ]
    places = np.array([place for place, _ in sound], np.int64)
    values = pa.array([line for _, line in sound], pa.string())
    return Rows(pa.table(dict.fromkeys(wanted, values)), places, broken, len(lines))


def _one_a_line(lines: list[bytes]) -> Iterator[tuple[int, bytes, bool]]:
    return ((place, line, line.count(b'"') % 2 == 0) for place, line in enumerate(lines, 1) if line)


def _join_quoted(lines: list[bytes], row_start: re.Pattern[bytes]) -> Iterator[tuple[int, bytes, bool]]:
    """Join the lines of a row, give where it begins and whether its quotes are closed."""
    at = 0
    while at < len(lines):
        begin, open_quote = at, lines[at].count(b'"') % 2 == 1
        at += 1
        while open_quote and at < len(lines) and not row_start.match(lines[at]):
            open_quote ^= lines[at].count(b'"') % 2 == 1
            at += 1
        record = b"\n".join(lines[begin:at])
        if record:
            yield begin + 1, record, not open_quote


def _split_quoted(records: list[tuple[int, str]], width: int) -> tuple[list[int], list[list[str]], list[Broken]]:
    """Take rows with quotes apart strictly, as RFC 4180 has it."""
    places: list[int] = []
    rows: list[list[str]] = []
    broken: list[Broken] = []
    at = 0
    while at < len(records):
        # A reader that met a fault is spent; the next begins behind it.
        reader = csv.reader((records[number][1] for number in range(at, len(records))), strict=True)
        begin, rule = at, ""
        try:
            for fields in reader:
                if reader.line_num > at - begin + 1:
                    rule = "unclosed_quote"  # and the reader went on into the next row
                    break
                if len(fields) == width:
                    places.append(records[at][0])
                    rows.append(fields)
                else:
                    broken.append(Broken(records[at][0], "wrong_number_of_fields", records[at][1][:MOST_TEXT]))
                at += 1
        except csv.Error:
            rule = (
                "unclosed_quote" if reader.line_num > at - begin + 1 or _ends_open(records[at][1]) else "malformed_row"
            )
        if rule:
            broken.append(Broken(records[at][0], rule, records[at][1][:MOST_TEXT]))
            at += 1
    return places, rows, broken


def _ends_open(text: str) -> bool:
    try:
        next(csv.reader([text], strict=True))
    except csv.Error as error:
        return "unexpected end" in str(error)
    return False


def _shown(record: bytes) -> str:
    return record[:MOST_TEXT].decode(errors="backslashreplace")
