"""A folder in which a pipeline lays out files of its own."""

import pytest
from kedro.io import DatasetError

from hm_kedro.datasets import WorkFolder


def test_the_folder_is_made_and_what_lies_in_it_stays(tmp_path):
    folder = WorkFolder(path=str(tmp_path / "study"))
    (folder.load() / "file").write_text("kept")
    assert folder.exists()
    assert (folder.load() / "file").read_text() == "kept"


def test_shared_storage_is_refused(refusal):
    assert "'s3://shop/study' is no folder of this machine" in refusal(WorkFolder(path="s3://shop/study").load)


def test_nothing_is_saved_to_it(tmp_path):
    with pytest.raises(DatasetError, match="dict can't be saved to it"):
        WorkFolder(path=str(tmp_path)).save({})
