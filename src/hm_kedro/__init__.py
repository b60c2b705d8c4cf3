"""hm-kedro: twelve recommendations for every H&M customer, by ALS and by a LightGBM ranker."""

__version__ = "0.1.0"
