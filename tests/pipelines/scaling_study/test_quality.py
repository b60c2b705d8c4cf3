"""What a part of the log is found to buy."""

import zlib

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests import tiny

from hm_kedro.parameters import QualityParameters
from hm_kedro.pipelines.scaling_study.quality import Trial, compare_parts, list_trials, read_scores, summarise
from hm_kedro.pipelines.scaling_study.samples import is_sampled


def scores(*lines):
    return pd.DataFrame(lines, columns=["week", "customer", "ap12", "recall12"])


def test_weeks_count_alike_however_many_bought():
    found = summarise(scores(("a", 1, 1.0, 0.5), ("b", 1, 0.0, 0.0), ("b", 2, 0.5, 1.0), ("b", 3, 0.1, 0.2)), 1)
    assert found["map12"] == pytest.approx((1.0 + 0.2) / 2)
    assert found["recall12"] == pytest.approx((0.5 + 0.4) / 2)
    assert found["customers"] == 3
    assert found["low"] <= found["map12"] <= found["high"]


def test_where_all_reach_the_same_nothing_is_uncertain():
    found = summarise(scores(*[("a", number, 0.25, 0.5) for number in range(50)]), 1)
    assert found["low"] == pytest.approx(found["high"]) == pytest.approx(0.25)


def test_where_nobody_is_judged_nothing_is_said():
    assert summarise(scores(), 1)["map12"] is None


def parts(*found, axis="customers"):
    return [
        {"log": "demo", "axis": axis, "value": value, "method": "ranker"} | summarise(of, seed=1) for value, of in found
    ]


def test_a_part_that_is_a_little_better_for_everybody_is_better_however_different_they_are():
    random = np.random.default_rng(1)
    reached = random.random(400)
    less = scores(*[("a", number, value, 0.5) for number, value in enumerate(reached)])
    more = less.assign(ap12=less["ap12"] + 0.01)
    least, most = compare_parts(parts((0.5, less), (1.0, more)))
    assert most["low"] < least["high"]
    assert most["change"] == pytest.approx(0.01)
    assert most["change_low"] == pytest.approx(0.01, abs=1e-5)
    assert most["change_high"] == pytest.approx(0.01, abs=1e-5)
    assert least["change"] is least["change_low"] is least["change_high"] is None
    assert not any("draws" in row for row in (least, most))


def test_a_difference_that_customers_do_not_agree_on_may_be_chance():
    random = np.random.default_rng(2)
    less, more = (
        scores(*[("a", number, value, 0.5) for number, value in enumerate(random.random(200))]) for _ in range(2)
    )
    _, most = compare_parts(parts((8, less), (16, more), axis="history_weeks"))
    assert most["change_low"] < 0 < most["change_high"]


def test_the_least_part_is_the_measure_whatever_was_tried_first():
    less, more = (scores(*[("a", number, value, 0.5) for number in range(9)]) for value in (0.25, 0.5))
    most, least = compare_parts(parts((1.0, more), (0.5, less)))
    assert (most["change"], least["change"]) == (0.25, None)


def test_lists_that_are_the_same_differ_by_nothing():
    random = np.random.default_rng(3)
    some = scores(*[("a", number, value, 0.5) for number, value in enumerate(random.random(30))])
    # As a mean of the same numbers in another order may be.
    again = some.iloc[::-1]
    _, most = compare_parts(parts((8, some), (16, again)))
    assert [str(most[name]) for name in ("change", "change_low", "change_high")] == ["0.0"] * 3


def test_where_nobody_is_judged_and_of_rows_without_draws_no_difference_is_told():
    some = scores(*[("a", number, 0.5, 0.5) for number in range(9)])
    rows = list(compare_parts(parts((0.1, scores()), (0.5, some))))
    assert [row["change"] for row in rows] == [None, None]
    old = [{name: value for name, value in row.items() if name != "draws"} for row in parts((0.1, some), (0.5, some))]
    assert [row["change"] for row in compare_parts(old)] == [None, None]


def test_only_customers_of_the_smallest_sample_are_judged(tmp_path):
    ids = [tiny.customer_id(number) for number in range(40)]
    place = tmp_path / "08_reporting/per_customer_scores/week=2020-09-16"
    place.mkdir(parents=True)
    (tmp_path / "03_primary").mkdir()
    customers = pa.table({"customer": pa.array(range(40), pa.int32()), "customer_id": ids})
    pq.write_table(customers, tmp_path / "03_primary/customers")
    lines = {"contestant": ["ranker"] * 40 + ["oracle"] * 40, "customer": [*range(40)] * 2}
    values = {"ap12": [0.1] * 80, "recall12": [0.2] * 80}
    pq.write_table(pa.table(lines | values), place / "part.parquet")
    found = read_scores(tmp_path, 0.5)
    assert set(found["contestant"]) == {"ranker"}
    sampled = [ids[number] for number in range(40) if is_sampled(ids[number], 0.5)]
    assert sorted(found["customer"]) == sorted(zlib.crc32(name.encode()) for name in sampled)


def test_every_part_is_tried_one_axis_at_a_time():
    quality = QualityParameters(shares=(0.5, 1.0), history_weeks=(26,), candidates=(50,), params={})
    assert list_trials(quality) == [
        Trial("customers", 0.5),
        Trial("customers", 1.0),
        Trial("history_weeks", 26),
        Trial("candidates", 50),
    ]
