"""What a search found, a line a trial."""

import json

import fsspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline
from kedro.runner import SequentialRunner

from hm_kedro.datasets import TrialLog

ONE, OTHER = {"settings": {"rank": 8, "alpha": 0.5}, "map12": 0.25}, {"settings": {"rank": 16}, "map12": 0.5}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "made" / "trials.jsonl"


@pytest.fixture
def log(path):
    return TrialLog(filepath=str(path))


def test_a_file_that_is_not_there_holds_no_trials(log, path):
    assert not log.exists()
    assert log.load() == []
    assert not path.parent.exists()


def test_every_save_adds_a_trial(log):
    log.save(ONE)
    assert log.load() == [ONE]
    log.save(OTHER)
    log.save(ONE)
    assert log.exists()
    assert log.load() == [ONE, OTHER, ONE]


def test_a_trial_is_a_line_and_nothing_else_is_left(log, path):
    log.save(ONE)
    log.save({"words": "two\nlines, «quoted»"})
    assert [json.loads(line) for line in path.read_text().splitlines()] == [ONE, {"words": "two\nlines, «quoted»"}]
    assert [made.name for made in path.parent.iterdir()] == ["trials.jsonl"]


def test_another_dataset_of_the_same_file_goes_on_where_the_first_was(log, path):
    log.save(ONE)
    again = TrialLog(filepath=str(path))
    again.save(OTHER)
    assert log.load() == again.load() == [ONE, OTHER]


@pytest.mark.parametrize("left", range(1, len(json.dumps(OTHER)) + 1))
def test_a_last_line_that_was_cut_off_is_no_trial(log, path, left):
    path.parent.mkdir()
    path.write_text(f"{json.dumps(ONE)}\n{json.dumps(OTHER)[:left]}")
    assert log.load() == [ONE]


def test_a_trial_after_one_that_was_cut_off_stands_on_a_line_of_its_own(log, path):
    path.parent.mkdir()
    path.write_text(f'{json.dumps(ONE)}\n{{"settings": {{"ra')
    log.save(OTHER)
    assert log.load() == [ONE, OTHER]
    assert len(path.read_text().splitlines()) == 2


def test_an_empty_file_holds_no_trials(log, path):
    path.parent.mkdir()
    path.write_text("")
    assert log.load() == []


def test_trials_that_were_written_stay_where_the_next_cannot_be(log):
    log.save(ONE)
    with pytest.raises(Exception, match="not JSON serializable"):
        log.save({"settings": object()})
    assert log.load() == [ONE]


def test_trials_are_kept_on_shared_storage_too():
    shared = TrialLog(filepath="memory://a_search/trials.jsonl")
    try:
        shared.save(ONE)
        shared.save(OTHER)
        assert shared.load() == [ONE, OTHER]
    finally:
        fsspec.filesystem("memory").rm("/a_search", recursive=True)


VALUES = st.integers() | st.floats(allow_nan=False) | st.text() | st.booleans() | st.none()
TRIALS = st.lists(st.dictionaries(st.text(), VALUES | st.lists(VALUES) | st.dictionaries(st.text(), VALUES)))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TRIALS)
def test_trials_come_back_as_they_were(path, trials):
    path.unlink(missing_ok=True)
    for trial in trials:
        TrialLog(filepath=str(path)).save(trial)
    assert TrialLog(filepath=str(path)).load() == trials


def test_the_trials_of_a_node_that_fails_half_way_are_kept_and_the_next_run_goes_on(path):
    """The catalog has the file under two names: what was found before, and what is found now."""
    ends = {"after": 2}

    def search(earlier):
        for number in range(len(earlier), 5):
            if number == ends["after"]:
                raise RuntimeError("the power failed")
            yield {"number": number}

    def run():
        names = {"earlier": TrialLog(filepath=str(path)), "trials": TrialLog(filepath=str(path))}
        catalog = DataCatalog(names | {"count": MemoryDataset()})
        pipeline = Pipeline([Node(search, "earlier", "trials", name="s"), Node(len, "trials", "count", name="c")])
        return SequentialRunner().run(pipeline, catalog)["count"].load()

    with pytest.raises(RuntimeError, match="the power failed"):
        run()
    assert [trial["number"] for trial in TrialLog(filepath=str(path)).load()] == [0, 1]
    ends["after"] = None
    assert run() == 5
    assert run() == 5  # nothing more to try
