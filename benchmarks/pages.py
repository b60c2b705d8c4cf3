"""Tables that the commands write into the docs."""

from __future__ import annotations

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


def insert(path: Path, name: str, table: str) -> None:
    """Put a table between the marks of its name on a page."""
    text = path.read_text(encoding="utf-8")
    marks = f"<!-- {name} -->", f"<!-- /{name} -->"
    pattern = re.compile(re.escape(marks[0]) + ".*?" + re.escape(marks[1]), re.DOTALL)
    if not pattern.search(text):
        raise SystemExit(f"'{path}' has no place for the table: it needs the marks {marks[0]} and {marks[1]}")
    path.write_text(pattern.sub(f"{marks[0]}\n{table}\n{marks[1]}", text), encoding="utf-8")


def rows(header: list[str], lines: list[list[str]]) -> str:
    """A table in Markdown."""
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join("| " + " | ".join(line) + " |" for line in [header, rule, *lines])
