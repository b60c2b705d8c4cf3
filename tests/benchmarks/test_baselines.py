"""The plain recommenders that tell logs apart."""

import numpy as np
import pytest
from benchmarks.baselines import METHODS, Log, Week, bestsellers, half, own_purchases
from tests import tiny


def log(*lines: tuple[int, int, int]) -> Log:
    """A log of (day, customer, article) on its days before and in a week that begins on day 100."""
    day, customer, article = np.array(lines).T
    return Log(day, customer, article, product=np.arange(30) // 2, age=np.full(5, 30.0))


@pytest.fixture
def week() -> Week:
    return Week(
        log((50, 0, 3), (90, 0, 4), (98, 0, 5), (99, 1, 5), (99, 1, 6), (100, 0, 4), (106, 1, 9), (107, 2, 8)), 100
    )


def test_a_week_has_its_seven_days(week):
    assert week.buyers.tolist() == [0, 1]
    assert [own.tolist() for own in week.bought] == [[4], [9]]


def test_its_history_ends_before_it_and_begins_so_many_days_before(week):
    assert week.matrix(10).nnz == 4
    assert week.matrix(9).nnz == 3
    assert week.sales(1_000)[[8, 9]].tolist() == [0, 0]


def test_lines_are_weighed_by_their_age(week):
    assert week.matrix(50, half(10))[0, 4] == pytest.approx(0.5)


def test_bestsellers_are_the_same_for_everyone_and_ties_go_by_article(week):
    lists = bestsellers(week, 7)
    assert lists.shape == (2, 12)
    assert (lists[0] == lists[1]).all()
    assert lists[0, :3].tolist() == [5, 6, 0]


def test_own_purchases_come_latest_first_and_end_or_are_filled(week):
    assert own_purchases(week, 90, fill=False)[0].tolist() == [5, 4, 3, *[-1] * 9]
    assert own_purchases(week, 90, fill=True)[0, :4].tolist() == [5, 4, 3, 6]


def test_the_score_is_the_map_of_the_lists(week):
    assert week.score(np.array([[4, *range(10, 21)], [8, 9, *range(10, 20)]])) == pytest.approx((1 + 0.5) / 2)


def test_files_are_read_with_numbers_in_the_order_of_the_ids(tmp_path):
    lines = tiny.make_transactions()
    read = Log.read(tiny.write_raw(tmp_path / "raw", lines, gzipped=True))
    customers = sorted(tiny.customer_id(number) for number in range(tiny.CUSTOMERS))
    articles = sorted(tiny.article_id(number) for number in range(tiny.ARTICLES))
    assert [customers.index(line[1]) for line in lines] == [*read.customer]
    assert [articles.index(line[2]) for line in lines] == [*read.article]
    assert read.day.min() == 0
    assert np.isnan(read.age).sum() == len(range(0, tiny.CUSTOMERS, 9))
    assert len(np.unique(read.product)) == tiny.ARTICLES // 3


@pytest.mark.parametrize("name", METHODS)
def test_no_method_sees_the_week_or_what_follows(name, tmp_path):
    read = Log.read(tiny.write_raw(tmp_path / "raw", tiny.make_transactions()))
    first = int(read.day.max()) - 13
    past = read.day < first
    now = read.day < first + 7
    whole = Week(read, first)
    storm = np.where(past | ~now, read.article, 5)  # the week's buyers are known, what they buy is not
    other = Week(Log(read.day[now], read.customer[now], storm[now], read.product, read.age), first)
    assert np.array_equal(METHODS[name](whole), METHODS[name](other))
