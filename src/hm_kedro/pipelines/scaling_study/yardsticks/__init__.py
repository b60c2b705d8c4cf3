"""One good thread each: what plain single-machine tools need for the same work with the same result.

Every module has `STAGES`: the function of each stage that it knows, which reads the files of a `Work` and writes the
tables that the project's nodes write, with the same rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from hm_kedro.parameters import Parameters


@dataclass(frozen=True)
class Work:
    """What a stage is done on.

    Attributes:
        raw: folder of the raw files, plain CSV.
        tables: an output_dir of the project's with all tables that the stage reads.
        output: an output_dir to which the stage writes its own tables, in the same layout: a folder of Parquet files
            for a table, such as `04_feature/related_articles`; `week`, where it has one, is a column of theirs.
        params: the parameters of the run that is measured.
        threads: how many the tool may use.
    """

    raw: Path
    tables: Path
    output: Path
    params: Parameters
    threads: int
