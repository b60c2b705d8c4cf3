"""The errors that a user can mend, and how any error becomes one line."""

import re

from kedro.validation.exceptions import ParameterValidationError
from pydantic import ValidationError


class HmKedroError(Exception):
    """What went wrong and how to mend it, in one line for the user; no stack trace is shown."""


class TooManyRejectedRowsError(HmKedroError):
    """More rows break the contract than a run accepts; `data_quality` has the table of what and why."""


def one_line(error: BaseException) -> str:
    """Say an error in one line: ours as it stands, others by their kind and first words.

    Kedro wraps what a dataset or node raises; the innermost of our own errors is what the user
    needs, so the chain of causes is searched for it first.
    """
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    for cause in reversed(chain):
        if isinstance(cause, HmKedroError):
            return str(cause)
        if isinstance(cause, ValidationError):
            return describe_validation(cause)
    # Errors of the engine's workers come back as the text of their stack trace.
    for cause in reversed(chain):
        told = re.findall(r"^hm_kedro\.errors\.HmKedroError: (.+)$", str(cause), re.MULTILINE)
        if told:
            return str(told[-1])
    text = str(error).strip() or type(error).__name__
    if isinstance(error, ParameterValidationError):
        return " ".join(text.split())
    # Spark's messages carry the JVM's stack, Kedro's carry the dataset's description: the first
    # line with words says what happened.
    first = next((line for line in text.splitlines() if line.strip()), text)
    return re.sub(r"\s+", " ", f"{type(error).__name__}: {first}")


def describe_validation(error: ValidationError) -> str:
    """Name each refused parameter by its dotted path, with what was expected of it."""
    parts = []
    for problem in error.errors():
        name = ".".join(str(step) for step in problem["loc"])
        if problem["type"] == "extra_forbidden":
            parts.append(f"unknown parameter '{name}': see conf/base/parameters for those there are")
        elif problem["type"] == "value_error":
            parts.append(f"parameters '{name}': {problem['ctx']['error']}")
        else:
            parts.append(f"parameter '{name}' = {problem['input']!r}: {problem['msg'].lower()}")
    return "; ".join(parts)
