"""Writes what RecTools 0.19 says of some lists, for `test_reference.py`.

RecTools asks for versions of numpy and of `implicit` that this project can't have, so it runs apart:

    uv run --no-project --python 3.11 --with rectools==0.19.0 tests/pipelines/evaluation/rectools_reference.py
"""

import json
import random
from pathlib import Path

CUSTOMERS, ARTICLES, K = 60, 40, 12


def make_cases(seed: int = 7) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """Make what customers bought, up to 18 articles, and their lists of up to 12."""
    dice = random.Random(seed)
    bought = {customer: sorted(dice.sample(range(ARTICLES), dice.randint(1, 18))) for customer in range(CUSTOMERS)}
    lists = {customer: dice.sample(range(ARTICLES), dice.randint(1, K)) for customer in range(CUSTOMERS)}
    return bought, lists


def main() -> None:
    """Ask RecTools and write its answers beside this file."""
    import pandas as pd
    from rectools.metrics import MAP, MRR, NDCG, HitRate, Precision, Recall

    bought, lists = make_cases()
    truth = pd.DataFrame(
        [(user, item) for user, items in bought.items() for item in items], columns=["user_id", "item_id"]
    )
    shown = pd.DataFrame(
        [(user, item, rank) for user, items in lists.items() for rank, item in enumerate(items, 1)],
        columns=["user_id", "item_id", "rank"],
    )
    metrics = {
        "ap12": MAP(k=K),
        "precision12": Precision(k=K),
        "recall12": Recall(k=K),
        "ndcg12": NDCG(k=K, divide_by_achievable=True),
        "mrr12": MRR(k=K),
        "hit12": HitRate(k=K),
    }
    said = {name: metric.calc_per_user(shown, truth).sort_index().tolist() for name, metric in metrics.items()}
    Path(__file__).with_suffix(".json").write_text(json.dumps(said, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
