"""JSON that a pipeline may not have left."""

from hm_kedro.datasets import OptionalJson


def test_what_is_not_there_is_empty(tmp_path):
    report = OptionalJson(filepath=str(tmp_path / "report.json"))
    assert report.load() == {}
    assert report.preview() is None


def test_what_was_saved_comes_back(tmp_path):
    report = OptionalJson(filepath=str(tmp_path / "report.json"))
    report.save({"recall": [0.5]})
    assert report.load() == {"recall": [0.5]}
    assert "0.5" in report.preview()
