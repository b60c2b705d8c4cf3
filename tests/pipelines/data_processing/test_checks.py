"""What rows say only together: keys, references, quantity, on the engine under test."""

from tests.conftest import rows
from tests.pipelines.data_processing.conftest import ANN, BOB, CAT, DAN, SOCKS, TOP, TOP_RED

from hm_kedro.pipelines.data_processing.quality import collect_rejected_rows


def rejected(checked):
    return rows(collect_rejected_rows(*checked), "file", "line", "column", "rule", "value")


def test_ids_out_of_order_get_dense_keys_in_the_order_of_the_ids(checked):
    found = checked(
        articles=[{"article_id": SOCKS}, {"article_id": TOP_RED}, {"article_id": TOP}],
        customers=[{"customer_id": CAT}, {"customer_id": ANN}, {"customer_id": BOB}],
    )
    assert rows(found.articles, "article", "article_id") == [(0, TOP), (1, TOP_RED), (2, SOCKS)]
    assert rows(found.customers, "customer", "customer_id") == [(0, ANN), (1, BOB), (2, CAT)]


def test_equal_rows_of_a_customer_are_one(checked):
    ann = {"customer_id": ANN, "age": "30"}
    found = checked(customers=[ann, {"customer_id": BOB}, ann, {"customer_id": ANN, "age": "30.0"}])
    assert rows(found.customers, "file_line", "customer", "repeated") == [
        (2, 0, False),
        (3, 1, False),
        (4, None, True),
        (5, None, True),
    ]
    assert found.quality()["customers"] == {"rows": 4, "kept": 4, "rejected": 0, "by_rule": {}, "repeated": 2}


def test_rows_of_a_customer_that_differ_are_rejected_and_named(checked):
    others = {ANN: {"age": "31"}, BOB: {"age": ""}, CAT: {"club_member_status": "ACTIVE", "age": "30"}}
    lines = [{"customer_id": name, "age": "30"} for name in (*others, DAN)]
    lines += [{"customer_id": name} | other for name, other in others.items()]
    bought = [("2020-09-01", ANN, TOP, "", ""), ("2020-09-01", DAN, TOP, "", "")]
    found = checked(customers=lines, transactions=bought)
    assert rows(found.customers.where("customer is not null"), "customer", "customer_id") == [(0, DAN)]
    named = [(line, name) for line, name in zip((2, 3, 4, 6, 7, 8), [ANN, BOB, CAT] * 2, strict=True)]
    assert rejected(found) == [
        *[("customers.csv", line, "customer_id", "contradictory", name) for line, name in named],
        ("transactions_train.csv", 2, "customer_id", "unknown", ANN),
    ]
    assert found.quality()["customers"]["by_rule"] == {"customer_id contradictory": 6}


def test_a_faulty_row_does_not_contradict_a_sound_one(checked):
    found = checked(customers=[{"customer_id": ANN, "age": "30"}, {"customer_id": ANN, "age": "old"}])
    assert rows(found.customers, "customer", "rule") == [(0, None), (None, "unreadable")]


def test_articles_that_differ_in_a_description_contradict_each_other(checked):
    twins = [{"article_id": TOP, "detail_desc": text} for text in ("one", "two\nlines", "one")]
    found = checked(articles=[*twins, {"article_id": SOCKS}])
    assert rows(found.articles, "article", "rule") == [(0, None)] + [(None, "contradictory")] * 3


def test_the_submission_keeps_the_order_of_its_file(checked):
    found = checked(submission=[{"customer_id": name} for name in (CAT, ANN, CAT, BOB)])
    assert rows(found.submission_lines, "line", "customer_id", "repeated") == [
        (0, CAT, False),
        (1, ANN, False),
        (2, BOB, False),
        (None, CAT, True),
    ]


def test_ids_of_purchases_become_keys(checked):
    found = checked(
        articles=[{"article_id": TOP}, {"article_id": SOCKS}],
        customers=[{"customer_id": ANN}, {"customer_id": BOB}],
        transactions=[("2020-09-01", BOB, SOCKS, "0.5", "2"), ("2020-09-01", ANN, TOP, "", "")],
    )
    assert rows(found.transactions, "customer", "article", "price", "sales_channel_id", "rule") == [
        (0, 0, None, None, None),
        (1, 1, 0.5, 2, None),
    ]


def test_purchases_whose_ids_lead_nowhere_are_rejected_and_named(checked):
    lost = [
        (CAT, TOP, "customer_id", "unknown"),
        (ANN, SOCKS, "article_id", "unknown"),
        ("A" * 64, TOP, "customer_id", "malformed"),
        (ANN[:-1], TOP, "customer_id", "malformed"),
        (ANN, TOP[1:], "article_id", "malformed"),
        (ANN, TOP + "1", "article_id", "malformed"),
        (CAT, SOCKS, "customer_id", "unknown"),
        ("", TOP, "customer_id", "missing"),
        (ANN, "", "article_id", "missing"),
    ]
    sound = ("2020-09-01", ANN, TOP, "0.5", "2")
    lines = [("2020-09-01", customer, article, "0.5", "2") for customer, article, _, _ in lost]
    found = checked(transactions=[sound, *lines, sound])
    values = [{"customer_id": case[0], "article_id": case[1]}[case[2]] or None for case in lost]
    expected = [
        ("transactions_train.csv", line, column, rule, value)
        for line, ((_, _, column, rule), value) in enumerate(zip(lost, values, strict=True), 3)
    ]
    assert rejected(found) == sorted(expected, key=str)
    quality = found.quality()["transactions"]
    assert (quality["rows"], quality["kept"], quality["left_out"], quality["rejected"]) == (11, 2, 0, 9)
    assert quality["by_rule"]["customer_id unknown"] == 2


def test_rows_of_every_file_that_cannot_be_used_stand_in_one_table(checked):
    found = checked(
        articles=[{"article_id": TOP}, {"article_id": "x"}, f'{SOCKS},"open'],
        customers=[{"customer_id": ANN, "age": "200"}, {"customer_id": BOB}],
        transactions=["2020-09-01", ("never", BOB, TOP, "", ""), ("2020-09-01", BOB, TOP, "-1", "")],
        submission=["x,y", {"customer_id": BOB}],
    )
    assert rejected(found) == [
        ("articles.csv", 3, "article_id", "malformed", "x"),
        ("articles.csv", 4, None, "unclosed_quote", f'{SOCKS},"open'),
        ("customers.csv", 2, "age", "out_of_range", "200"),
        ("sample_submission.csv", 2, None, "wrong_number_of_fields", "x,y"),
        ("transactions_train.csv", 2, None, "wrong_number_of_fields", "2020-09-01"),
        ("transactions_train.csv", 3, "t_dat", "unreadable", "never"),
        ("transactions_train.csv", 4, "price", "out_of_range", "-1"),
    ]
    for counts in found.quality().values():
        assert counts["rows"] == counts["kept"] + counts["rejected"]
        assert counts["rejected"] == sum(counts["by_rule"].values())


def test_files_without_rows_are_checked_like_others(checked):
    found = checked(articles=[], customers=[], transactions=[], submission=[])
    assert {name: counts["rows"] for name, counts in found.quality().items()} == dict.fromkeys(found._fields, 0)
    assert rejected(found) == []
