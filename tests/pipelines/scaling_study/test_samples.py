"""The log of some of a log's customers."""

import gzip
from functools import partial

import pandas as pd
import pytest
from tests import tiny

from hm_kedro.pipelines.scaling_study.samples import is_sampled, sample_log

read = partial(pd.read_csv, dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    return tiny.write_raw(tmp_path_factory.mktemp("raw"), tiny.make_transactions())


def find(folder, name):
    return read(next(folder.glob(f"{name}.csv*")))


def test_customers_rows_are_kept_whole_and_articles_all(raw, tmp_path):
    sample_log(str(raw), tmp_path / "half", 0.5)
    customers = find(tmp_path / "half", "customers")
    every = find(raw, "customers")
    assert 0 < len(customers) < len(every)
    kept = set(customers["customer_id"])
    assert kept == {name for name in every["customer_id"] if is_sampled(name, 0.5)}
    for name in ("transactions_train", "sample_submission"):
        whole = find(raw, name)
        expected = whole[whole["customer_id"].isin(kept)].reset_index(drop=True)
        pd.testing.assert_frame_equal(find(tmp_path / "half", name), expected)
    pd.testing.assert_frame_equal(find(tmp_path / "half", "articles"), find(raw, "articles"))


def test_all_customers_are_the_log_itself_as_plain_csv(raw, tmp_path):
    sample_log(str(raw), tmp_path / "all", 1.0)
    for name in ("articles", "customers", "transactions_train", "sample_submission"):
        pd.testing.assert_frame_equal(find(tmp_path / "all", name), find(raw, name))
        assert (tmp_path / "all" / f"{name}.csv").exists()


def test_a_smaller_sample_is_part_of_a_larger_one():
    names = [tiny.customer_id(number) for number in range(2_000)]
    small, large = ({name for name in names if is_sampled(name, share)} for share in (0.1, 0.3))
    assert small < large
    assert abs(len(large) / len(names) - 0.3) < 0.05


def test_parquet_and_gzip_are_read(raw, tmp_path):
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    for name in ("articles", "customers", "transactions_train"):
        frame = find(raw, name)
        if name == "customers":
            frame.to_parquet(mixed / f"{name}.parquet")
        else:
            with gzip.open(mixed / f"{name}.csv.gz", "wt", encoding="utf-8", newline="") as file:
                frame.to_csv(file, index=False)
    sample_log(str(mixed), tmp_path / "out", 1.0)
    for name in ("articles", "customers", "transactions_train"):
        pd.testing.assert_frame_equal(find(tmp_path / "out", name), find(raw, name))
    assert not (tmp_path / "out/sample_submission.csv").exists()
