"""What is known of a week's articles before it."""

import numpy as np
import pyarrow as pa
from tests.conftest import day

from hm_kedro.parameters import ComparisonParameters
from hm_kedro.pipelines.evaluation.catalogue import Catalogue, read_catalogue

WEEK = day("2020-09-09")


def catalogue(sold: list[int], firsts: list[str | None], **attributes: list[int | None]) -> Catalogue:
    count = len(sold)
    days = [first and day(first) for first in firsts]
    articles = pa.table(
        {"article": pa.array(range(count), pa.int32()), "first_day": pa.array(days, pa.date32()), **attributes}
    )
    weeks = [WEEK] * count + [day("2020-09-02")]
    pieces = pa.table(
        {
            "week": pa.array(weeks, pa.date32()),
            "article": pa.array([*range(count), 0], pa.int32()),
            "pieces": pa.array([*sold, 1000], pa.int32()),
        }
    )
    return read_catalogue(
        WEEK, articles, pieces, ComparisonParameters(resamples=100, seed=1, head_share=0.5, new_days=7)
    )


def test_the_rarer_an_article_the_more_it_surprises():
    found = catalogue([5, 0, 1], [None] * 3, product=[1, 2, 3])
    assert found.surprise.tolist() == (-np.log2(np.array([6, 1, 2]) / 9)).tolist()
    assert found.sold.tolist() == [True, False, True]


def test_the_head_are_the_best_sold_that_make_the_share_ties_by_article():
    assert catalogue([2, 4, 2, 0], [None] * 4, product=[1, 2, 3, 4]).head.tolist() == [False, True, False, False]
    assert catalogue([3, 4, 3, 0], [None] * 4, product=[1, 2, 3, 4]).head.tolist() == [True, True, False, False]


def test_tenths_hold_a_tenth_of_the_pieces_each():
    assert catalogue([1] * 10 + [0], [None] * 11, product=list(range(11))).decile.tolist() == list(range(1, 12))
    assert catalogue([90, 5, 5], [None] * 3, product=[1, 2, 3]).decile.tolist() == [1, 10, 10]


def test_what_was_first_sold_in_the_last_days_or_later_or_never_is_new():
    firsts = ["2020-09-01", "2020-09-02", "2020-09-12", None]
    assert catalogue([0] * 4, firsts, product=[1, 2, 3, 4]).new.tolist() == [False, True, True, True]


def test_attributes_of_one_value_or_none_say_nothing():
    found = catalogue([1, 1], [None] * 2, product=[1, 2], section=[3, 3], index=[None, None], garment_group=[None, 7])
    assert found.codes.tolist() == [[0], [1]]
    assert len(found) == 2
