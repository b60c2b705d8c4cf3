"""A folder of Kaggle's files: written whole or not at all, never over others."""

import json

import pytest
from kedro.io import DatasetError

from hm_kedro.datasets.kaggle_folder import MANIFEST, KaggleFiles, KaggleFolder
from hm_kedro.errors import HmKedroError


def files(text: bytes = b"a,1\n", **options: object) -> KaggleFiles:
    known = {"gzip": False, "parquet": False, "part_bytes": 10**9} | options
    pieces = {"sample_submission": iter([b"customer_id,prediction\n", text])}
    return KaggleFiles(pieces=pieces, about={"made_by": "a test"}, readme="Hello.\n", **known)


def test_files_readme_and_manifest_are_written(tmp_path):
    KaggleFolder(path=str(tmp_path / "new/raw")).save(files())
    folder = tmp_path / "new/raw"
    assert (folder / "sample_submission.csv").read_text() == "customer_id,prediction\na,1\n"
    assert (folder / "README.md").read_text() == "Hello.\n"
    assert json.loads((folder / MANIFEST).read_text()) == {
        "files": ["README.md", "sample_submission.csv"],
        "made_by": "a test",
    }
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["raw"]


def test_what_an_earlier_run_wrote_is_replaced_as_a_whole(tmp_path):
    dataset = KaggleFolder(path=str(tmp_path / "raw"))
    dataset.save(files(gzip=True))
    dataset.save(files(b"b,2\n"))
    assert sorted(path.name for path in (tmp_path / "raw").iterdir()) == [
        "README.md",
        "sample_submission.csv",
        MANIFEST,
    ]
    assert "b,2" in (tmp_path / "raw/sample_submission.csv").read_text()


@pytest.mark.parametrize("made_before", [False, True])
def test_a_folder_with_other_files_is_refused_and_kept(tmp_path, made_before):
    dataset = KaggleFolder(path=str(tmp_path))
    if made_before:
        KaggleFolder(path=str(tmp_path)).save(files())
    (tmp_path / "thesis.tex").write_text("years of work")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(HmKedroError, match=r"holds files of other origin \(thesis.tex\): name an empty or new folder"):
        dataset.check_target()
    with pytest.raises((HmKedroError, DatasetError)):
        dataset.save(files(b"b,2\n"))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_many_foreign_files_are_named_in_part(tmp_path):
    for number in range(9):
        (tmp_path / f"{number}.csv").touch()
    with pytest.raises(HmKedroError, match=r"\(0.csv, 1.csv, 2.csv, …\)"):
        KaggleFolder(path=str(tmp_path)).check_target()


def test_a_file_or_another_machine_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(HmKedroError, match="is a file"):
        KaggleFolder(path=str(tmp_path / "file")).check_target()
    with pytest.raises(HmKedroError, match="is not on this machine"):
        KaggleFolder(path="s3://bucket/raw").check_target()


def test_a_failure_on_the_way_leaves_the_earlier_files_and_nothing_else(tmp_path):
    dataset = KaggleFolder(path=str(tmp_path / "raw"))
    dataset.save(files())

    def broken():
        yield b"customer_id,prediction\n"
        raise MemoryError

    with pytest.raises(DatasetError):
        dataset.save(KaggleFiles({"sample_submission": broken()}, {}, "", gzip=False, parquet=True, part_bytes=9))
    assert "a,1" in (tmp_path / "raw/sample_submission.csv").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]


def test_an_end_between_the_two_renamings_loses_nothing(tmp_path):
    dataset = KaggleFolder(path=str(tmp_path / "raw"))
    dataset.save(files())
    (tmp_path / "raw").rename(tmp_path / ".raw.old")

    def broken():
        yield b"customer_id,prediction\n"
        raise MemoryError

    with pytest.raises(DatasetError):
        dataset.save(KaggleFiles({"sample_submission": broken()}, {}, "", gzip=False, parquet=False, part_bytes=9))
    assert "a,1" in (tmp_path / "raw/sample_submission.csv").read_text()


def test_a_link_to_a_folder_elsewhere_is_followed(tmp_path):
    (tmp_path / "disk/raw").mkdir(parents=True)
    (tmp_path / "raw").symlink_to(tmp_path / "disk/raw")
    KaggleFolder(path=str(tmp_path / "raw")).save(files())
    assert (tmp_path / "raw").is_symlink()
    assert (tmp_path / "disk/raw/sample_submission.csv").is_file()


def test_a_file_without_rows_is_a_header(tmp_path):
    KaggleFolder(path=str(tmp_path / "raw")).save(
        KaggleFiles({"customers": iter([b"customer_id\n"])}, {}, "", gzip=False, parquet=True, part_bytes=9)
    )
    assert (tmp_path / "raw/customers.csv").read_bytes() == b"customer_id\n"
    assert (tmp_path / "raw/customers.parquet").is_file()
