"""Factors of customers from those of articles: half a step of ALS, in closed form, in double precision.

With the articles' factors Y fixed, a customer's best factors are (YᵀY + Yᵀ(C - I)Y + λI)⁻¹ YᵀC p, with the confidences
C and the preferences p (Hu, Koren, Volinsky 2008, equation 4). There p is 1 for all that was ever bought, and what is
long past still pulls as if it had the confidence 1. Here p = (c - 1) / c: the preference for a purchase fades with its
confidence, to 0 for one that has lost all its strength.
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


def fold_in(strengths: csr_matrix, items: Scores, regularisation: float) -> Scores:
    """Solve for the factors of customers.

    Args:
        strengths: customers by articles (those of `items`): c - 1 of what was bought.
        items: articles' factors, a row each.
        regularisation: λ; not multiplied by the number of articles.

    Returns:
        A row of factors each; NaN for a customer with nothing to go by.
    """
    basis = items.astype(np.float64)
    gram = basis.T @ basis + regularisation * np.eye(items.shape[1])
    lengths = np.diff(strengths.indptr)
    factors = np.full((len(lengths), items.shape[1]), np.nan, np.float32)
    # Those with about as many articles together, filled up with articles of strength 0, which change nothing.
    padded = 1 << np.ceil(np.log2(np.maximum(lengths, 1))).astype(int)
    for width in np.unique(padded[lengths > 0]):
        alike = np.flatnonzero((padded == width) & (lengths > 0))
        for start in range(0, len(alike), max(1, BATCH * 16 // int(width))):
            rows = alike[start : start + max(1, BATCH * 16 // int(width))]
            factors[rows] = _solve(strengths, rows, int(width), basis, gram)
    return factors


def _solve(
    strengths: csr_matrix,
    rows: npt.NDArray[np.intp],
    width: int,
    basis: npt.NDArray[np.float64],
    gram: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    places = strengths.indptr[rows][:, None] + np.arange(width)
    real = places < strengths.indptr[rows + 1][:, None]
    places = np.where(real, places, 0)
    strength = np.where(real, strengths.data[places], 0.0)
    bought = basis[np.where(real, strengths.indices[places], 0)]
    left = gram + np.matmul(bought.transpose(0, 2, 1), bought * strength[:, :, None])
    right = np.einsum("cij,ci->cj", bought, strength)
    solved: npt.NDArray[np.float64] = np.linalg.solve(left, right[:, :, None])[:, :, 0]
    return solved
