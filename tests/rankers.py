"""The settings of a ranker of a few small trees."""

from hm_kedro.parameters import RankerParameters

RANKER = RankerParameters(
    objective="binary",
    boosters=1,
    boosters_rows=1_000_000,
    trees=3,
    patience=0,
    num_leaves=3,
    learning_rate=0.1,
    min_data_in_leaf=2,
    feature_fraction=1.0,
    bagging_fraction=1.0,
    lambda_l2=0,
    max_bin=63,
    truncation=15,
    num_threads=1,
    seed=1,
    training="single",
    workers=2,
)
