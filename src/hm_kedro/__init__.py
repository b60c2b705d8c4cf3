"""hm-kedro: twelve recommendations for every H&M customer, by ALS and by a LightGBM ranker."""

import os

__version__ = "0.1.0"

# LightGBM's threads wait for each other by spinning unless OpenMP is told otherwise before it is loaded. On two
# cores of which one has other work, that made training six times slower (38 s against 6 s).
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
