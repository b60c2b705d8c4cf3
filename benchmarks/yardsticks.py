"""What good existing tools reach on the logs beside which the project is developed.

MAP@12, mean over the judged weeks (the last ten of hm_behaviour, the last four of the others). A practitioner's plain
polars and numpy with `implicit` 0.7.3, LightGBM 4.7 and RecTools 0.19, each method tuned log by log on weeks before the
judged ones, some minutes each.
"""

from __future__ import annotations

# By method: what it is, the contestant here that does the same or is its nearest, and MAP@12 by log.
YARDSTICKS: dict[str, tuple[str, dict[str, float]]] = {
    "bestsellers of the last 7 days": (
        "bestsellers",
        {"hm_behaviour": 0.0032, "tafeng": 0.0115, "online_retail": 0.0557},
    ),
    "bestsellers by age group": ("age_bestsellers", {"hm_behaviour": 0.0034, "tafeng": 0.0119}),
    "own purchases, decayed, filled with bestsellers": (
        "own_purchases",
        {"hm_behaviour": 0.0276, "tafeng": 0.0430, "online_retail": 0.1645},
    ),
    "own purchases, bought together and age bestsellers in one summed score": (
        "heuristic",
        {"hm_behaviour": 0.0271, "tafeng": 0.0370, "online_retail": 0.1825},
    ),
    "ALS by `implicit`, filled": ("als_filled", {"hm_behaviour": 0.0248, "tafeng": 0.0355, "online_retail": 0.1689}),
    "item kNN (BM25), filled": ("", {"hm_behaviour": 0.0263, "tafeng": 0.0386, "online_retail": 0.1759}),
    "RecTools' two stages": ("", {"online_retail": 0.1973}),
    "two-stage LightGBM, one-file script": (
        "ranker",
        {"hm_behaviour": 0.0294, "tafeng": 0.0503, "online_retail": 0.2111},
    ),
}
