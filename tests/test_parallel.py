"""Work by several processes."""

import os
import time

import pytest

from hm_kedro.errors import HmKedroError
from hm_kedro.parallel import in_order, tracked


def square_slowly(number: int) -> tuple[int, int]:
    time.sleep(0.02 * (number % 3))
    return number * number, os.getpid()


def die(number: int) -> int:
    if number == 2:
        os._exit(9)
    return number


def fail(number: int) -> int:
    raise ValueError(f"no {number}")


@pytest.mark.parametrize("processes", [1, 3])
def test_results_come_in_the_order_of_the_pieces(processes):
    results = list(in_order(square_slowly, ((number,) for number in range(12)), processes))
    assert [result for result, _ in results] == [number**2 for number in range(12)]
    assert (len({process for _, process in results}) > 1) == (processes > 1)
    assert (os.getpid() in {process for _, process in results}) == (processes == 1)


def test_no_more_pieces_are_taken_than_are_worked_on():
    taken = []

    def pieces():
        for number in range(50):
            taken.append(number)
            yield (number,)

    results = in_order(square_slowly, pieces(), 2)
    next(results)
    assert len(taken) <= 5
    results.close()


def test_a_process_that_is_ended_from_outside_is_said_in_one_line():
    with pytest.raises(HmKedroError, match="want of memory"):
        list(in_order(die, ((number,) for number in range(8)), 2))


def test_an_error_of_a_piece_is_the_callers():
    with pytest.raises(ValueError, match="no 0"):
        list(in_order(fail, ((number,) for number in range(8)), 2))


def test_tracking_passes_results_on():
    assert list(tracked(iter("abc"), 3, "letters")) == ["a", "b", "c"]
