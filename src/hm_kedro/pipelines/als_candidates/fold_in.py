"""Factors of customers from those of articles: one half step of ALS, in closed form, in double precision.

With the articles' factors Y fixed, a customer's best factors are (YᵀY + Yᵀ(C - I)Y + λI)⁻¹ YᵀC p, with the
confidences C of what they bought and p = 1 for it (Hu, Koren, Volinsky 2008, equation 4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from hm_kedro.pipelines.als_candidates.proposals import Scores

# Customers whose equations are in memory at once.
BATCH = 512


def fold_in(confidences: csr_matrix, items: Scores, regularisation: float) -> Scores:
    """Solve for the factors of customers.

    Args:
        confidences: customers by articles (those of `items`): the confidence of what was bought, above 1.
        items: articles' factors, a row each.
        regularisation: λ; not multiplied by the number of articles.

    Returns:
        A row of factors each; NaN for a customer with nothing to go by.
    """
    basis = items.astype(np.float64)
    gram = basis.T @ basis + regularisation * np.eye(items.shape[1])
    lengths = np.diff(confidences.indptr)
    factors = np.full((len(lengths), items.shape[1]), np.nan, np.float32)
    # Those with about as many articles together, filled up with articles of confidence 1 and preference 0, which the
    # sum over all articles has already.
    padded = 1 << np.ceil(np.log2(np.maximum(lengths, 1))).astype(int)
    for width in np.unique(padded[lengths > 0]):
        alike = np.flatnonzero((padded == width) & (lengths > 0))
        for start in range(0, len(alike), max(1, BATCH * 16 // int(width))):
            rows = alike[start : start + max(1, BATCH * 16 // int(width))]
            factors[rows] = _solve(confidences, rows, int(width), basis, gram)
    return factors


def _solve(
    confidences: csr_matrix,
    rows: npt.NDArray[np.intp],
    width: int,
    basis: npt.NDArray[np.float64],
    gram: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    places = confidences.indptr[rows][:, None] + np.arange(width)
    real = places < confidences.indptr[rows + 1][:, None]
    places = np.where(real, places, 0)
    extra = np.where(real, confidences.data[places] - 1, 0.0)
    bought = basis[np.where(real, confidences.indices[places], 0)]
    left = gram + np.matmul(bought.transpose(0, 2, 1), bought * extra[:, :, None])
    right = np.einsum("cij,ci->cj", bought, np.where(real, extra + 1, 0.0))
    solved: npt.NDArray[np.float64] = np.linalg.solve(left, right[:, :, None])[:, :, 0]
    return solved
