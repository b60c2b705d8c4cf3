"""Raw files of a few lines, checked as the pipeline does it."""

import csv
import io
from typing import NamedTuple

import pytest
from pyspark.sql import DataFrame

from hm_kedro.datasets import RawTable
from hm_kedro.parameters import DataProcessingParameters
from hm_kedro.pipelines.data_processing import checks
from hm_kedro.pipelines.data_processing.quality import count_rows
from hm_kedro.schemas import RAW

ANN, BOB, CAT, DAN = (letter * 64 for letter in "abcd")
TOP, TOP_RED, SOCKS = "0108775015", "0108775044", "0663713001"
ALL = DataProcessingParameters(max_rejected_share=1, history_weeks=None)


class Checked(NamedTuple):
    """The checked tables."""

    articles: DataFrame
    customers: DataFrame
    transactions: DataFrame
    submission_lines: DataFrame

    def quality(self, cutoff: str = "", params: DataProcessingParameters = ALL):
        return count_rows(*self, cutoff, params)[0]


def csv_text(table: str, lines) -> str:
    """Write lines as CSV: dicts of some columns, sequences of all, or text as it stands."""
    names = [column.name for column in RAW[table].columns]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for line in lines:
        if isinstance(line, str):
            text.write(line + "\n")
        else:
            writer.writerow([line.get(name, "") for name in names] if isinstance(line, dict) else line)
    return text.getvalue()


@pytest.fixture
def checked(session, tmp_path):
    """Write raw files, a line each where nothing is said, and check them."""

    def check(articles=({"article_id": TOP},), customers=({"customer_id": ANN},), transactions=(), submission=None):
        content = {
            "articles": articles,
            "customers": customers,
            "transactions_train": transactions,
            "sample_submission": [{"customer_id": ANN}] if submission is None else submission,
        }
        read = {}
        for name, lines in content.items():
            (tmp_path / f"{name}.csv").write_text(csv_text(name, lines))
            read[name] = RawTable(path=str(tmp_path), names=[name], table=name).load()

        # Saved once, as the pipeline does, not made anew by whatever reads them.
        def saved(frame: DataFrame) -> DataFrame:
            return session.createDataFrame(frame.toArrow(), frame.schema)

        found_articles = saved(checks.check_articles(read["articles"]))
        found_customers = saved(checks.check_customers(read["customers"]))
        found = checks.check_transactions(read["transactions_train"], found_customers, found_articles)
        lines = checks.check_submission_lines(read["sample_submission"])
        return Checked(found_articles, found_customers, saved(found), saved(lines))

    return check
