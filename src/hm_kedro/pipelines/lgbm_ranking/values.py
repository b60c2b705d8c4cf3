"""Columns of values, and how one is divided by another."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

# A column of features, a value a candidate; NaN where there is nothing to say.
Values = npt.NDArray[np.float32]
# Numbers of any kind that columns are made of.
Numbers = npt.NDArray[Any]


def ratio(dividend: Numbers, divisor: Numbers) -> Values:
    """Divide; NaN where the divisor is not above 0.

    >>> ratio(np.float32([1, 1]), np.float32([2, 0])).tolist()
    [0.5, nan]
    """
    above = divisor > 0
    return np.where(above, dividend / np.where(above, divisor, 1), np.nan).astype(np.float32)
