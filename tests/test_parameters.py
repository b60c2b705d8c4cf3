"""Which parameters a run accepts."""

from copy import deepcopy
from pathlib import Path

import pytest
from kedro.config import OmegaConfigLoader
from pydantic import ValidationError
from tests.conftest import day

from hm_kedro.errors import HmKedroError, one_line
from hm_kedro.parameters import Parameters, RetrievalParameters, parse_cutoff
from hm_kedro.pipelines.als_candidates.retrievers import RETRIEVERS
from hm_kedro.schemas import ATTRIBUTES

CONF = Path(__file__).parents[1] / "conf"
BASE = OmegaConfigLoader(str(CONF), base_env="base", default_run_env="base")["parameters"]


def base_with(name: str, value: object) -> dict:
    """The parameters of conf/base with one changed or added, by its dotted path."""
    changed = deepcopy(BASE)
    *groups, last = name.split(".")
    group = changed
    for step in groups:
        group = group[step]
    group[last] = value
    return changed


def test_the_parameters_of_base_are_accepted():
    assert Parameters.model_validate(BASE).evaluation.weeks == BASE["evaluation"]["weeks"]


@pytest.mark.parametrize("name", ["cutof", "als.ranks", "retrieval.als.topp", "retrieval.foo"])
def test_an_unknown_parameter_is_refused_by_its_name(name):
    with pytest.raises(ValidationError, match=rf"{name.replace('.', '[.]')}\n.*not permitted"):
        Parameters.model_validate(base_with(name, 1))


@pytest.mark.parametrize(
    "group",
    [
        "als",
        "als_tuning",
        "related",
        "sales",
        "retrieval",
        "features",
        "ranker",
        "ranker_tuning",
        "ablation",
        "scoring",
        "evaluation",
    ],
)
def test_a_missing_group_is_refused_by_its_name(group):
    with pytest.raises(ValidationError, match=rf"{group}\n.*required"):
        Parameters.model_validate({name: value for name, value in BASE.items() if name != group})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("data_processing.max_rejected_share", 1.01),
        ("data_processing.max_rejected_share", -0.1),
        ("als.rank", 0),
        ("als.rank", "many"),
        ("als.max_factors", 0),
        ("als.factors_a_pair", 0),
        ("als.max_spark_rank", 0),
        ("als.half_life_days", 0),
        ("als.half_life_days", -1),
        ("als.history_power", 1.1),
        ("als.fold_in_regularisation", 0),
        ("als.regularisation", -1),
        ("related.popularity_power", 1.1),
        ("sales.age_edges", [0, 20]),
        ("retrieval.budget", 11),
        ("retrieval.bestsellers.top", -1),
        ("retrieval.trending.weight", -0.1),
        ("als_tuning.trials", 0),
        ("als_tuning.grid", {"rank": ["many"]}),
        ("features.window_days", 0),
        ("features.sales_days", [7]),
        ("features.sales_days", [0, 7]),
        ("features.without", ["age"]),
        ("training.negatives", 0),
        ("ranker.objective", "regression"),
        ("ranker.max_bin", 256),
        ("ranker.learning_rate", 0),
        ("ranker.patience", -1),
        ("ranker.boosters", 0),
        ("ranker.boosters_rows", 0),
        ("ranker.bagging_fraction", 0),
        ("ranker.lambda_l2", -0.1),
        ("ranker.truncation", 0),
        ("ranker_tuning.trials", 0),
        ("ablation.resamples", 99),
        ("scoring.customers", 0),
        ("evaluation.weeks", -1),
        ("scale", 0),
        ("scale", 10.1),
        ("synthetic.visits.weekdays", [0.5, 0.5]),
        ("synthetic.visits.shut_from", "2020-02-30"),
        ("synthetic.choices.explore", 1.2),
    ],
)
def test_an_impossible_value_is_refused_by_its_name(name, value):
    with pytest.raises(ValidationError, match=name.replace(".", "[.]")):
        Parameters.model_validate(base_with(name, value))


def switched_off(*names: str) -> dict:
    """The retrieval of conf/base with some retrievers' top 0."""
    return {name: group | {"top": 0} if name in names else group for name, group in BASE["retrieval"].items()}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("als.rank", 0, "parameter 'als.rank' = 0: input should be greater than or equal to 1"),
        ("als.half_life_days", -1, "parameter 'als.half_life_days' = -1: input should be greater than 0"),
        (
            "retrieval.foo",
            {"top": 20, "weight": 1.0},
            "unknown parameter 'retrieval.foo': see conf/base/parameters for those there are",
        ),
        ("retrieval.budget", 11, "parameter 'retrieval.budget' = 11: input should be greater than or equal to 12"),
        ("retrieval", switched_off(*RETRIEVERS), "parameters 'retrieval': every retriever's top is 0: switch one on"),
        (
            "retrieval.attribute_profile.attributes",
            ["section", "size"],
            (
                "parameters 'retrieval.attribute_profile.attributes.1': 'size' is no attribute of articles: choose "
                f"from product, {', '.join(ATTRIBUTES)}"
            ),
        ),
        ("sales.trend_days", 7, "parameters 'sales': trend_days 7 must be more than window_days 7"),
        ("sales.age_edges", [20, 30, 25], "parameters 'sales': age_edges [20, 30, 25] must rise"),
        ("sales.age_edges", [20, 30, 30], "parameters 'sales': age_edges [20, 30, 30] must rise"),
        ("features.sales_days", [1, 7, 3], "parameters 'features': sales_days [1, 7, 3] must rise"),
        ("features.sales_days", [1, 7, 7], "parameters 'features': sales_days [1, 7, 7] must rise"),
        (
            "als_tuning.grid",
            {"rank": [64], "rnk": [64], "alfa": [1]},
            "parameters 'als_tuning': ALS has no parameter alfa, rnk",
        ),
        (
            "ranker_tuning.grid",
            {"weeks": [4], "leaves": [31], "rank": [64]},
            "parameters 'ranker_tuning': the ranker has no parameter leaves, rank",
        ),
    ],
)
def test_what_is_refused_is_said_in_one_line(name, value, said):
    with pytest.raises(ValidationError) as caught:
        Parameters.model_validate(base_with(name, value))
    assert one_line(caught.value) == said


@pytest.mark.parametrize("name", RETRIEVERS)
def test_one_retriever_is_enough_whichever(name):
    others = set(RETRIEVERS) - {name}
    assert Parameters.model_validate(base_with("retrieval", switched_off(*others))).retrieval.of(name).top > 0


def test_every_retriever_has_parameters_and_every_group_of_them_a_retriever():
    retrieval = RetrievalParameters.model_validate(BASE["retrieval"])
    assert retrieval.retrievers == tuple(RETRIEVERS)


def test_a_log_without_ages_may_have_no_age_groups():
    assert Parameters.model_validate(base_with("sales.age_edges", [])).sales.age_edges == ()


def test_the_search_for_the_number_of_trees_may_be_off():
    assert Parameters.model_validate(base_with("ranker.patience", 0)).ranker.patience == 0


@pytest.mark.parametrize(("training", "boosters"), [("single", 4), ("distributed", 1)])
def test_workers_together_train_one_booster(training, boosters):
    params = Parameters.model_validate(base_with("ranker.boosters", 4)).ranker
    assert params.model_copy(update={"training": training}).of_a_run().boosters == boosters


@pytest.mark.parametrize("family", ["retrieval", "own_history", "article", "customer", "match"])
def test_a_family_of_features_may_be_left_out(family):
    assert Parameters.model_validate(base_with("features.without", [family])).features.without == (family,)


def test_a_number_given_as_text_on_the_command_line_is_accepted():
    assert Parameters.model_validate(base_with("als.rank", "3")).als.rank == 3


def test_parameters_do_not_change_during_a_run():
    parameters = Parameters.model_validate(BASE)
    with pytest.raises(ValidationError, match="frozen"):
        parameters.als.rank = 3


@pytest.mark.parametrize("empty", ["", "  ", None])
def test_an_empty_cutoff_is_none(empty):
    assert parse_cutoff(empty) is None


@pytest.mark.parametrize("cutoff", ["2020-09-16", " 2020-09-16 ", day("2020-09-16")])
def test_a_cutoff_is_a_date(cutoff):
    assert parse_cutoff(cutoff) == day("2020-09-16")


@pytest.mark.parametrize("cutoff", ["16.09.2020", "2020-13-01", "2020-02-30", "yesterday"])
def test_a_cutoff_that_is_no_date_is_named_with_the_remedy(cutoff):
    with pytest.raises(HmKedroError, match=f"cutoff '{cutoff}' is no date: write it as year-month-day"):
        parse_cutoff(cutoff)


def test_the_parameters_of_a_run_hold_its_cutoff_as_a_date():
    assert Parameters.model_validate(base_with("cutoff", "2020-09-16")).cutoff == day("2020-09-16")


def test_a_run_with_an_impossible_cutoff_stops_with_our_own_error():
    with pytest.raises(HmKedroError, match="cutoff 'soon' is no date"):
        Parameters.model_validate(base_with("cutoff", "soon"))
