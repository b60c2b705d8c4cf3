"""From raw files to a submission, in env test, on both engines."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from tests import runs, tiny

from hm_kedro.pipelines.evaluation.contestants import BASELINES, CONTESTANTS
from hm_kedro.schemas import PRIMARY

pytestmark = pytest.mark.integration
Finished = Callable[[str], tuple[Path, str]]


@pytest.mark.parametrize("engine", ["spark", "sail"])
def test_submission_has_the_documented_format(engine: str, raw: Path, finished: Finished) -> None:
    output, _ = finished(engine)
    runs.check_submission(raw, output)


@pytest.mark.parametrize("engine", ["spark", "sail"])
def test_run_ends_in_a_summary_of_data_models_and_places(engine: str, raw: Path, finished: Finished) -> None:
    output, printed = finished(engine)
    assert f"data: {raw}" in printed
    for model in ("bestsellers", "als", "als_filled", "ranker"):
        assert model in printed
    assert str(output / "07_model_output/submission.csv") in printed


@pytest.mark.parametrize("engine", ["spark", "sail"])
def test_run_prints_nothing_that_a_user_cannot_use(engine: str, finished: Finished) -> None:
    _, printed = finished(engine)
    for noise in ("netlib", "native-hadoop", "incubator", "WARN", "Stage ", "log4j", "Traceback", "Warning"):
        assert noise not in printed


def test_engines_make_the_same_tables(finished: Finished) -> None:
    runs.assert_same_tables(finished("spark")[0], finished("sail")[0], als=False)


def test_engines_see_the_same_shop(finished: Finished) -> None:
    """Every number of the exploration but the bits of information, whose logarithms differ in their last digits."""
    one, other = (
        json.loads((finished(engine)[0] / "08_reporting/eda_summary.json").read_text()) for engine in ("spark", "sail")
    )
    for summary in (one, other):
        assert {"top_articles", "lift", "season", "retention"} <= summary["figures"].keys()
        for figure in summary["figures"].values():
            assert figure["reading"]
            assert max(map(len, figure["numbers"].values())) <= 500
    for name in one["figures"].keys() - {"information"}:
        assert one["figures"][name] == other["figures"][name], name
    assert one["figures"].keys() == other["figures"].keys()
    assert one["left_out"] == other["left_out"]


def test_run_leaves_a_report_of_what_it_saw(finished: Finished) -> None:
    output, printed = finished("sail")
    page = (output / "08_reporting/report.html").read_text()
    summary = json.loads((output / "08_reporting/eda_summary.json").read_text())
    figures = {path.stem for path in (output / "08_reporting/figures").glob("*.json")}
    found = {"retrieval_recall", "retrieval_segments", "retrieval_budget", "retrieval_overlap", "retrieval_cost"}
    found |= {"ranker_features", "ranker_families", "contestants", "comparison_forest", "accuracy_metrics"}
    found |= {"beyond_accuracy", "segment_differences", "segment_articles"}
    assert figures == summary["figures"].keys() | found
    assert page.count('class="plotly-graph-div"') == len(figures)
    assert str(output / "08_reporting/report.html") in printed


def test_repeated_run_makes_the_same_bytes(raw: Path, finished: Finished, tmp_path: Path) -> None:
    output, _ = finished("sail")
    runs.run("test", raw, tmp_path / "again", "engine=sail")
    runs.assert_same_tables(output, tmp_path / "again", als=True)
    one, other = (folder / "07_model_output/submission.csv" for folder in (output, tmp_path / "again"))
    assert one.read_bytes() == other.read_bytes()


def test_gzipped_files_are_read_like_plain_ones(raw: Path, finished: Finished, tmp_path: Path) -> None:
    output, _ = finished("sail")
    gzipped = tiny.write_raw(tmp_path / "raw", tiny.make_transactions(), gzipped=True)
    runs.run("test", gzipped, tmp_path / "out", "engine=sail", pipeline="data_processing")
    for table in ("03_primary/articles", "03_primary/customers", "03_primary/transactions"):
        assert runs.read(output, table).equals(runs.read(tmp_path / "out", table))


def test_primary_tables_are_of_the_contract(finished: Finished) -> None:
    output, _ = finished("spark")
    for name, table in PRIMARY.items():
        read = runs.read(output, f"03_primary/{name}")
        assert set(read.columns) == {column.name for column in table.columns}
        for column in table.columns:
            assert not (column.required and read[column.name].isna().any()), (name, column.name)
        assert not read.duplicated(list(table.key)).any()


def test_fewer_weeks_of_history_still_give_a_submission(raw: Path, tmp_path: Path) -> None:
    runs.run("test", raw, tmp_path, "engine=sail", "data_processing.history_weeks=3")
    assert runs.read(tmp_path, "03_primary/transactions")["weeks_to_cutoff"].max() == 3
    runs.check_submission(raw, tmp_path)


def test_every_pipeline_runs_alone_on_what_the_others_saved(raw: Path, finished: Finished) -> None:
    output, _ = finished("sail")
    before = (output / "07_model_output/submission.csv").read_bytes()
    for pipeline in ("eda", "als_candidates", "lgbm_ranking", "evaluation", "reporting"):
        runs.run("test", raw, output, "engine=sail", pipeline=pipeline)
    assert (output / "07_model_output/submission.csv").read_bytes() == before


def test_recommendations_are_explained_in_words(raw: Path, finished: Finished) -> None:
    output, _ = finished("sail")
    asked = tiny.customer_id(3)
    said = runs.run("test", raw, output, "engine=sail", f"customer_id={asked}", pipeline="explain")
    explained = pd.read_csv(output / "08_reporting/explain/explanations.csv", dtype={"article_id": str})
    submission = pd.read_csv(output / "07_model_output/submission.csv", dtype=str).set_index("customer_id")
    assert set(explained["customer_id"]) == {asked}
    assert " ".join(explained["article_id"]) == submission.loc[asked, "prediction"]
    assert explained["rank"].tolist() == list(range(1, 13))
    assert explained["reasons"].str.len().min() > 0
    assert explained["reasons"].iloc[0] in said
    runs.run("test", raw, output, "engine=sail", pipeline="explain")
    assert pd.read_csv(output / "08_reporting/explain/explanations.csv")["customer_id"].nunique() == 20


@pytest.mark.parametrize(("pipeline", "name"), [("als_tuning", "als"), ("ranker_tuning", "ranker")])
def test_a_search_for_settings_leaves_its_trials_and_tries_none_twice(
    pipeline: str, name: str, raw: Path, finished: Finished, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    shutil.copytree(finished("sail")[0], output)
    log = output / f"08_reporting/{name}_trials.jsonl"
    runs.run("test", raw, output, "engine=sail", pipeline=pipeline)
    whole = log.read_text().splitlines()
    report = json.loads((output / f"08_reporting/{name}_tuning_report.json").read_text())
    assert [len(numbers["map12"]) for numbers in report.values()] == [2] * len(report)
    assert (output / f"08_reporting/figures/{name}_trials.json").is_file()
    log.write_text(f"{whole[0]}\n")
    runs.run("test", raw, output, "engine=sail", pipeline=pipeline)
    first, second = log.read_text().splitlines()
    assert first == whole[0]
    assert json.loads(second)["settings"] == json.loads(whole[1])["settings"]


def test_what_each_part_of_the_ranker_is_worth_is_measured_on_the_judged_weeks(
    raw: Path, finished: Finished, tmp_path: Path
) -> None:
    """With all that it has it is the ranker that was judged, whose lists were filled besides."""
    output = tmp_path / "out"
    shutil.copytree(finished("sail")[0], output)
    runs.run("test", raw, output, "engine=sail", pipeline="ablation")
    found = json.loads((output / "08_reporting/ablation_report.json").read_text())["ablation"]
    metrics = json.loads((output / "08_reporting/metrics.json").read_text())
    assert found["name"][0] == "all"
    assert set(found["name"]) > {"own_history", "article", "als", "bestsellers"}
    assert set(found["weeks"]) == {len(metrics["weeks"])}
    judged = metrics["contestants"]["ranker"]["map12"]
    assert 0.9 * judged < found["map12"][0] <= judged + 1e-9
    assert all(low <= high for low, high in zip(found["low"], found["high"], strict=True))
    assert (output / "08_reporting/figures/ablation.json").is_file()


def test_an_interrupted_scoring_goes_on_where_it_was(raw: Path, finished: Finished, tmp_path: Path) -> None:
    """Of parts of unfinished work those that are there are kept, whatever stands in them."""
    output, _ = finished("sail")
    again = tmp_path / "again"
    shutil.copytree(output, again)
    few = ("engine=sail", "scoring.customers=20")
    runs.run("test", raw, again, *few, pipeline="lgbm_ranking")
    assert_same_submission(output, again)
    made = again / "07_model_output/recommendations"
    progress = json.loads(made.with_suffix(".json").read_text())
    assert len(progress["names"]) == progress["parts"] > 4
    lost = made / f"part={progress['names'].pop(2)}"
    shutil.rmtree(lost)
    made.with_suffix(".json").write_text(json.dumps(progress))
    kept = {path: path.stat().st_mtime_ns for path in made.glob("part=*/*.parquet")}
    ended = runs.kedro(*f"run --env test --pipeline evaluation --params raw_dir={raw},output_dir={again}".split())
    assert ended.returncode == 1
    assert "it goes on from there" in ended.stdout + ended.stderr
    values = ",".join([f"raw_dir={raw}", f"output_dir={again}", *few])
    ended = runs.kedro(
        *f"run --env test --pipeline lgbm_ranking --from-nodes lgbm_ranking.recommend --params {values}".split()
    )
    assert ended.returncode == 0
    assert lost.is_dir()
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert_same_submission(output, again)


def assert_same_submission(one: Path, other: Path) -> None:
    assert (one / "07_model_output/submission.csv").read_bytes() == (
        other / "07_model_output/submission.csv"
    ).read_bytes()


def test_without_sample_submission_the_customers_file_says_whom_it_is_for(raw: Path, tmp_path: Path) -> None:
    folder = tiny.write_raw(tmp_path / "raw", tiny.make_transactions())
    (folder / "sample_submission.csv").unlink()
    runs.run("test", folder, tmp_path / "out", "engine=sail")
    assert len(runs.check_submission(folder, tmp_path / "out")) == tiny.CUSTOMERS


def test_contestants_without_als_have_the_same_scores_on_both_engines(finished: Finished) -> None:
    one, other = (runs.read(finished(engine)[0], "08_reporting/per_customer_scores") for engine in ("spark", "sail"))
    alike = [scores[scores["contestant"].isin(BASELINES)].reset_index(drop=True) for scores in (one, other)]
    assert set(alike[0]["contestant"]) == set(BASELINES)
    pd.testing.assert_frame_equal(*alike, check_exact=True)


@pytest.mark.parametrize("engine", ["spark", "sail"])
def test_no_ranker_beats_the_oracle_and_all_checks_of_honesty_hold(engine: str, finished: Finished) -> None:
    reporting = finished(engine)[0] / "08_reporting"
    metrics = json.loads((reporting / "metrics.json").read_text())
    contestants = metrics["contestants"]
    assert list(contestants) == list(CONTESTANTS)
    for name in ("ranker", "ranker_als", "als"):
        assert contestants[name]["map12"] <= contestants["oracle"]["map12"]
    checks = json.loads((reporting / "honesty_checks.json").read_text())
    assert metrics["honesty_checks"] == len(checks) > 15
    claims = pd.read_parquet(reporting / "comparison.parquet")["claim"]
    assert claims.str.len().min() > 20
    assert pd.read_parquet(reporting / "segment_comparison.parquet")["dimension"].nunique() == 6


def test_submissions_from_outside_are_judged_beside_our_own(raw: Path, cut_off: Path, tmp_path: Path) -> None:
    """Our own submission scores as the ranker does, to the last bit; one that copies the truth has every hit."""
    week, end = "2020-08-12", "2020-08-19"
    output, outside = tmp_path / "out", tmp_path / "outside"
    shutil.copytree(cut_off, output)
    outside.mkdir()
    shutil.copy(output / "07_model_output/submission.csv", outside / "our_own.csv")
    log = pd.read_csv(raw / "transactions_train.csv", dtype=str)
    bought = log[(log["t_dat"] >= week) & (log["t_dat"] < end)].drop_duplicates(["customer_id", "article_id"])
    truth = bought.groupby("customer_id")["article_id"].agg(lambda articles: " ".join(articles[:12]))
    truth.rename("prediction").to_csv(outside / "truth.csv")
    params = (f"cutoff={week}", "engine=sail", f"submissions={outside}")
    runs.run("test", raw, output, *params, pipeline="evaluation")
    contestants = json.loads((output / "08_reporting/metrics.json").read_text())["contestants"]
    assert contestants["our_own"]["by_week"][week] == contestants["ranker"]["by_week"][week]
    assert list(contestants["our_own"]["by_week"]) == [week]
    assert contestants["truth"]["map12"] == 1.0
    comparison = pd.read_parquet(output / "08_reporting/comparison.parquet")
    assert {"our_own", "truth"} <= set(comparison["contestant"])


def test_week_of_the_cutoff_is_judged_where_the_log_reaches_its_end(cut_off: Path) -> None:
    metrics = json.loads((cut_off / "08_reporting/metrics.json").read_text())
    assert metrics["weeks"] == ["2020-08-12", "2020-08-05"]
    assert metrics["buyers"].keys() == {"2020-08-12", "2020-08-05"}


def test_log_of_one_day_still_gives_a_submission(tmp_path: Path) -> None:
    first = [line for line in tiny.make_transactions() if line[0] < "2020-06-03"]
    raw = tiny.write_raw(tmp_path / "raw", first)
    runs.run("test", raw, tmp_path / "out", "engine=sail")
    runs.check_submission(raw, tmp_path / "out")


def test_log_without_prices_channels_and_ages_still_gives_a_submission(tmp_path: Path) -> None:
    bare = [[*line[:3], "", ""] for line in tiny.make_transactions()]
    raw = tiny.write_raw(tmp_path / "raw", bare)
    customers = (raw / "customers.csv").read_text().splitlines()
    ageless = [customers[0], *(",".join([line.split(",")[0], "", "", "", "", "", ""]) for line in customers[1:])]
    (raw / "customers.csv").write_text("\n".join(ageless) + "\n")
    runs.run("test", raw, tmp_path / "out", "engine=sail")
    runs.check_submission(raw, tmp_path / "out")


def test_synthetic_files_are_recommended_from_like_any_others(tmp_path: Path) -> None:
    said = runs.run("test", tmp_path / "raw", tmp_path / "out", "scale=0.0005", pipeline="synthetic_data")
    assert "686" in (tmp_path / "raw/README.md").read_text()
    assert "MAP@12 of the true probabilities" in said
    runs.run("test", tmp_path / "raw", tmp_path / "out", "engine=sail")
    assert len(runs.check_submission(tmp_path / "raw", tmp_path / "out")) == 686
