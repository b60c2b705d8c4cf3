"""Ways to damage raw files at random, as files are damaged in life: cells, lines and bytes."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import strategies as st

KINDS = ("byte", "remove", "insert", "join", "cell", "field", "copy", "short", "long", "end")
THINGS = (b'"', b",", b"\n", b"\r", b"\xff", b"\xc3\x28", b"-1", b"2020-13-45", b"x", b"\0", b" ", b"", b"NaN", b"1e9")


class Damage(NamedTuple):
    """One fault.

    Attributes:
        kind: a byte changed; some removed; something inserted; two lines joined; a cell replaced; a field too many;
            a line repeated with a cell replaced; a line cut short; a line too long; the end of the file cut off.
        where: a number that says where, of any size.
        thing: what is put there.
    """

    kind: str
    where: int
    thing: bytes

    def apply(self, content: bytes) -> bytes:
        """Damage a file behind its header."""
        begin = content.index(b"\n") + 1
        if begin >= len(content):
            return content
        at = begin + self.where % (len(content) - begin)
        line = max(content.rfind(b"\n", 0, at) + 1, begin)
        end = content.find(b"\n", at)
        end = len(content) if end < 0 else end
        cells = content[line:end].split(b",")
        replaced = b",".join(
            self.thing if place == self.where % len(cells) else cell for place, cell in enumerate(cells)
        )
        new = {
            "byte": lambda: content[:at] + self.thing + content[at + 1 :],
            "remove": lambda: content[:at] + content[at + 1 + self.where % 50 :],
            "insert": lambda: content[:at] + self.thing + content[at:],
            "join": lambda: content[:end] + self.thing.replace(b"\n", b"") + content[end + 1 :],
            "cell": lambda: content[:line] + replaced + content[end:],
            "field": lambda: content[:end] + b"," + self.thing + content[end:],
            "copy": lambda: content[:line] + replaced + b"\n" + content[line:],
            "short": lambda: content[:at] + content[end:],
            "long": lambda: content[:at] + self.thing * 1000 + content[at:],
            "end": lambda: content[: len(content) - self.where % 300 - 1] if len(content) - begin > 300 else content,
        }
        return new[self.kind]()


def damages(most: int) -> st.SearchStrategy[list[Damage]]:
    """Draw up to so many faults."""
    return st.lists(
        st.builds(Damage, st.sampled_from(KINDS), st.integers(0, 1 << 40), st.sampled_from(THINGS)),
        min_size=1,
        max_size=most,
    )


def damage(content: bytes, faults: list[Damage]) -> bytes:
    """Apply faults one after the other."""
    for fault in faults:
        content = fault.apply(content)
    return content


def count_lines(content: bytes) -> int:
    """Count the lines behind the header that are not empty."""
    return sum(bool(line.removesuffix(b"\r")) for line in content.split(b"\n")[1:])
