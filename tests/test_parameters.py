"""Which parameters a run accepts."""

from copy import deepcopy
from pathlib import Path

import pytest
from kedro.config import OmegaConfigLoader
from pydantic import ValidationError
from tests.conftest import day

from hm_kedro.errors import HmKedroError
from hm_kedro.parameters import Parameters, parse_cutoff

CONF = Path(__file__).parents[1] / "conf"
BASE = OmegaConfigLoader(str(CONF), base_env="base", default_run_env="base")["parameters"]


def base_with(name: str, value: object) -> dict:
    """The parameters of conf/base with one changed or added, by its dotted path."""
    changed = deepcopy(BASE)
    *groups, last = name.split(".")
    group = changed
    for step in groups:
        group = group[step]
    group[last] = value
    return changed


def test_the_parameters_of_base_are_accepted():
    assert Parameters.model_validate(BASE).evaluation.weeks == BASE["evaluation"]["weeks"]


@pytest.mark.parametrize("name", ["cutof", "als.ranks", "retrieval.als.topp"])
def test_an_unknown_parameter_is_refused_by_its_name(name):
    with pytest.raises(ValidationError, match=rf"{name.replace('.', '[.]')}\n.*not permitted"):
        Parameters.model_validate(base_with(name, 1))


@pytest.mark.parametrize("group", ["als", "retrieval", "ranker", "evaluation"])
def test_a_missing_group_is_refused_by_its_name(group):
    with pytest.raises(ValidationError, match=rf"{group}\n.*required"):
        Parameters.model_validate({name: value for name, value in BASE.items() if name != group})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("data_processing.max_rejected_share", 1.01),
        ("data_processing.max_rejected_share", -0.1),
        ("als.rank", 0),
        ("als.rank", "many"),
        ("als.half_life_days", 0),
        ("als.regularisation", -1),
        ("retrieval.bestsellers.top", 11),
        ("training.negatives", 0),
        ("ranker.objective", "regression"),
        ("ranker.max_bin", 256),
        ("ranker.learning_rate", 0),
        ("evaluation.weeks", 0),
        ("scale", 0),
        ("scale", 10.1),
        ("synthetic.visits.weekdays", [0.5, 0.5]),
        ("synthetic.visits.shut_from", "2020-02-30"),
        ("synthetic.choices.explore", 1.2),
    ],
)
def test_an_impossible_value_is_refused_by_its_name(name, value):
    with pytest.raises(ValidationError, match=name.replace(".", "[.]")):
        Parameters.model_validate(base_with(name, value))


def test_a_number_given_as_text_on_the_command_line_is_accepted():
    assert Parameters.model_validate(base_with("als.rank", "3")).als.rank == 3


def test_parameters_do_not_change_during_a_run():
    parameters = Parameters.model_validate(BASE)
    with pytest.raises(ValidationError, match="frozen"):
        parameters.als.rank = 3


@pytest.mark.parametrize("empty", ["", "  ", None])
def test_an_empty_cutoff_is_none(empty):
    assert parse_cutoff(empty) is None


@pytest.mark.parametrize("cutoff", ["2020-09-16", " 2020-09-16 ", day("2020-09-16")])
def test_a_cutoff_is_a_date(cutoff):
    assert parse_cutoff(cutoff) == day("2020-09-16")


@pytest.mark.parametrize("cutoff", ["16.09.2020", "2020-13-01", "2020-02-30", "yesterday"])
def test_a_cutoff_that_is_no_date_is_named_with_the_remedy(cutoff):
    with pytest.raises(HmKedroError, match=f"cutoff '{cutoff}' is no date: write it as year-month-day"):
        parse_cutoff(cutoff)


def test_the_parameters_of_a_run_hold_its_cutoff_as_a_date():
    assert Parameters.model_validate(base_with("cutoff", "2020-09-16")).cutoff == day("2020-09-16")


def test_a_run_with_an_impossible_cutoff_stops_with_our_own_error():
    with pytest.raises(HmKedroError, match="cutoff 'soon' is no date"):
        Parameters.model_validate(base_with("cutoff", "soon"))
