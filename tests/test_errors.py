"""How errors become one line."""

import pytest
from kedro.io import DatasetError
from kedro.validation.exceptions import ParameterValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hm_kedro.errors import HmKedroError, describe_validation, one_line


class Als(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rank: int = Field(ge=1)


class Run(BaseModel):
    als: Als


def refused(**als: object) -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        Run.model_validate({"als": als})
    return caught.value


def raised(error: Exception, cause: Exception | None = None) -> Exception:
    """Raise an error, from a cause or plainly, and give it back as `except` finds it."""
    try:
        raise error from cause
    except type(error) as caught:
        return caught


def test_our_own_error_is_said_as_it_stands():
    assert one_line(HmKedroError("'x.csv' is not there: name the folder")) == "'x.csv' is not there: name the folder"


def test_our_own_error_is_found_below_those_that_kedro_wraps_around_it():
    inner = raised(DatasetError("Failed while loading data"), HmKedroError("'x.csv' is not there"))
    assert one_line(raised(RuntimeError("node failed"), inner)) == "'x.csv' is not there"


def test_our_own_error_is_found_where_another_was_raised_while_it_was_handled():
    error = RuntimeError("clean-up failed")
    error.__context__ = HmKedroError("cutoff lies past the data")
    assert one_line(error) == "cutoff lies past the data"


def test_another_error_is_said_by_its_kind_and_its_first_line_with_words():
    assert one_line(OSError("\n  No space left\n\tat org.apache.spark.Foo(Foo.scala:1)")) == "OSError: No space left"


def test_an_error_without_words_is_said_by_its_kind():
    assert one_line(KeyError()) == "KeyError: KeyError"


def test_errors_that_cause_each_other_come_to_an_end():
    first, second = RuntimeError("first"), RuntimeError("second")
    first.__cause__, second.__cause__ = second, first
    assert one_line(first) == "RuntimeError: first"


def test_kedros_refusal_of_parameters_is_kept_whole_on_one_line():
    error = ParameterValidationError("Parameter validation failed:\n- als.rank:\n    should be an integer")
    assert one_line(error) == "Parameter validation failed: - als.rank: should be an integer"


def test_a_refused_parameter_is_said_wherever_it_was_refused():
    error = raised(RuntimeError("hook failed"), refused(rank=0))
    assert one_line(error) == "parameter 'als.rank' = 0: input should be greater than or equal to 1"


def test_an_unknown_parameter_is_named_with_the_place_to_look():
    assert (
        describe_validation(refused(rank=1, rnak=2))
        == "unknown parameter 'als.rnak': see conf/base/parameters for those there are"
    )


def test_all_refused_parameters_are_named():
    said = describe_validation(refused(rank="many", rnak=2))
    assert said.startswith("parameter 'als.rank' = 'many': ")
    assert "; unknown parameter 'als.rnak'" in said


def test_an_error_of_ours_in_an_engines_worker_is_said_by_itself():
    ours = "hm_kedro.errors.HmKedroError: 'a.csv.gz' is damaged: get the file anew"
    trace = f"Job aborted\nTraceback (most recent call last):\n  File x\n{ours}\n"
    assert one_line(raised(RuntimeError("node failed"), RuntimeError(trace))) == ours.partition(": ")[2]
