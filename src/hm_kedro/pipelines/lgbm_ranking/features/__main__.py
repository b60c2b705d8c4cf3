"""Write the page of all features: `python -m hm_kedro.pipelines.lgbm_ranking.features > docs/features.md`."""

import sys
from pathlib import Path

from kedro.config import OmegaConfigLoader

from hm_kedro.parameters import FeatureParameters
from hm_kedro.pipelines.eda.relevance import MATCHED
from hm_kedro.pipelines.lgbm_ranking.features import FAMILIES, families

INTRODUCTION = """# Features of a candidate
Made from the code by `make docs`. A row is a column of `training_examples`, and what the ranker sees of a (week,
customer, article). Everything is of the week's history: age is the days from a purchase to the week, 1 the day before.
Windows in days, here those of the default parameters, are parameters (`features`). Of the attributes with an
`affinity` only some are chosen, by eda's `feature_relevance` (`features.affinities`, `features.min_lift`).
"""
HEAD = "| feature | unit | meaning | from | window | missing |\n|---|---|---|---|---|---|"


def describe_features(params: FeatureParameters) -> str:
    """Describe every feature that may be, by family, in Markdown."""
    parts = [INTRODUCTION]
    for name, listed in families(params, MATCHED).items():
        about = (FAMILIES[name].__doc__ or "").splitlines()[0]
        parts.append(
            f"\n## {name}\n{about}\n\n| feature | unit | meaning | from | window | missing |\n|---|---|---|---|---|---|"
        )
        parts += [
            f"| `{one.name}` | {one.unit} | {one.meaning} | {one.source} | {one.window} | {one.missing} |"
            for one in listed
        ]
    return "\n".join(parts) + "\n"


def default_parameters(conf: Path) -> FeatureParameters:
    """Read the parameters that a run has by default."""
    return FeatureParameters.model_validate(OmegaConfigLoader(conf, base_env="base")["parameters"]["features"])


if __name__ == "__main__":
    sys.stdout.write(describe_features(default_parameters(Path("conf"))))
