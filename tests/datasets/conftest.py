"""What the tests of datasets share."""

from collections.abc import Callable

import pytest
from kedro.io import DatasetError

from hm_kedro.errors import HmKedroError, one_line


@pytest.fixture
def refusal() -> Callable[[Callable[[], object]], str]:
    """The one line that a user reads when a call is refused by one of our own errors, below Kedro's or not."""

    def line_of(call: Callable[[], object]) -> str:
        with pytest.raises((HmKedroError, DatasetError)) as caught:
            call()
        assert isinstance(caught.value, HmKedroError) or isinstance(caught.value.__cause__, HmKedroError)
        return one_line(caught.value)

    return line_of
