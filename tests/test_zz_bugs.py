"""Failing examples of bugs in src (not part of the suite)."""
import json, sys
import pyarrow as pa, pytest
sys.path.insert(0, "/work/main")
from tests.pipelines.als_tuning.test_nodes import *
from tests.pipelines.evaluation import test_nodes as ev
from hm_kedro import engine

def test_heuristics_als_only(table):
    lined = ev.line_up_contestants(table(ev.PURCHASES, [(ev.JUDGED, 1, 0)]),
        table(ev.BESTSELLERS, [(ev.JUDGED, a, 1.0, a + 1) for a in range(30)]),
        table(ev.CANDIDATES, [(ev.JUDGED, 1, 50, 1.0, 2.0, 1), (ev.JUDGED, 1, 51, 0.75, None, None)]),
        table(ev.RANKED, []), ev.RETRIEVAL)
    assert ev.by_customer(lined)["heuristics", 1] == [51, *range(11)]

def test_heuristics_ties(table):
    import numpy as np
    w = 0.05
    r = ev.RetrievalParameters.model_construct(als=ev.AlsRetriever(top=20, weight=w, already_bought=True))
    c = []
    for a, s in ((50, 0.3), (51, 0.7), (52, 0.9), (53, 0.1)):
        s = float(np.float32(s))
        c.append((ev.JUDGED, 1, a, float(np.float32(0.2 + w * s)), s, 1))
    lined = ev.line_up_contestants(table(ev.PURCHASES, [(ev.JUDGED, 1, 0)]), table(ev.BESTSELLERS, [(ev.JUDGED, 0, 1.0, 1)]),
        table(ev.CANDIDATES, c), table(ev.RANKED, []), r)
    assert ev.by_customer(lined)["heuristics", 1][:4] == [50, 51, 52, 53]

def test_old_trials():
    old = trial(0.02, 0.3); del old["settings"]["decay_power"]
    choose_settings([old, trial(0.03, 0.1, alpha=40.0)])

def test_report_of_the_search_that_was_asked(fitted):
    a = list(search()); b = list(search(timeline=line() | {"raw_dir": "data/other"}))
    again = list(search([*a, *b]))
    report = choose_settings([*a, *b, *again])
    print(a[-1]["log"], b[-1]["log"])

def test_week_without_factors():
    measure(blocks((TUNED, 7, [0]), (EARLIER, 7, [0])), items(FACTORS), bought((TUNED, 7, 1), (EARLIER, 7, 1)), ALS)

def test_no_buyers():
    measure([], items(FACTORS), bought((TUNED, 7, 1)), ALS)

def test_share_nine(tmp_path):
    gives = [engine.share([n]) for n in range(9)]
    first = [g() for g in gives]
    assert all(g() is v for g, v in zip(gives, first))

def test_gap_end_to_end(table):
    """ALS's window holds nothing before a tuning week."""
    log = [(TUNED - timedelta(days=20), 1, 1), (TUNED, 1, 1), (TUNED-timedelta(days=20), 2, 2), (TUNED, 2, 2)]
    import hm_kedro.pipelines.als_tuning.nodes as n
    p = tuning()
    t = table(LOG, log); c = table("customer int, age int", [(1, 30), (2, 30)])
    s = sample_buyers(t, c, line(), RETRIEVAL, p, ONE_WEEK)
    list(try_settings(*s, t, line(), [], ALS.model_copy(update={"window_days": 10}), p, ONE_WEEK))
