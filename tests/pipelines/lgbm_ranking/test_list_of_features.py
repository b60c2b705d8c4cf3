"""The list of features, and the page that is made of it."""

from tests.runs import PROJECT

from hm_kedro.pipelines.eda.relevance import MATCHED
from hm_kedro.pipelines.explain.words import SENTENCES
from hm_kedro.pipelines.lgbm_ranking.features import FAMILIES, families, list_features
from hm_kedro.pipelines.lgbm_ranking.features.__main__ import default_parameters, describe_features

PARAMS = default_parameters(PROJECT / "conf")


def test_page_of_the_features_is_of_this_code():
    assert (PROJECT / "docs/features.md").read_text() == describe_features(PARAMS)


def test_every_feature_is_of_one_family_and_says_what_it_means():
    names = list_features(PARAMS, MATCHED)
    assert len(names) == len(set(names))
    for family in families(PARAMS, MATCHED).values():
        for feature in family:
            assert feature.meaning, feature.name
            assert feature.source, feature.name
            assert feature.window, feature.name


def test_no_feature_is_the_number_of_an_article_or_customer():
    assert not {"article", "customer", "week"} & set(list_features(PARAMS, MATCHED))


def test_a_family_can_be_left_out():
    for name in FAMILIES:
        left = list_features(PARAMS.model_copy(update={"without": (name,)}), MATCHED)
        assert not {feature.name for feature in families(PARAMS, MATCHED)[name]} & set(left)


def test_what_is_said_in_words_is_a_feature():
    assert set(SENTENCES) <= set(list_features(PARAMS, MATCHED))
