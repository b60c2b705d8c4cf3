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

Matrix = npt.NDArray[np.float64]
# Numbers of the articles' factors that are in memory at once.
MOST_ENTRIES = 1 << 20


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
    dual: Matrix = np.linalg.solve(gram, basis.T).T.astype(np.float64)
    lengths = np.diff(strengths.indptr)
    factors = np.full((len(lengths), items.shape[1]), np.nan, np.float32)
    # Those with about as many articles together, filled up with articles of strength 0, which change nothing.
    widths = np.unique([1 << power | half << power >> 1 for power in range(32) for half in (0, 1)])
    padded = widths[np.searchsorted(widths, lengths)]
    for width in np.unique(padded[lengths > 0]):
        alike = np.flatnonzero((padded == width) & (lengths > 0))
        at_once = max(1, MOST_ENTRIES // (int(width) * items.shape[1]))
        for start in range(0, len(alike), at_once):
            rows = alike[start : start + at_once]
            bought, strength = _gather(strengths, rows, int(width))
            if width <= items.shape[1]:
                factors[rows] = _by_articles(bought, strength, basis, dual)
            else:
                factors[rows] = _by_factors(bought, strength, basis, gram)
    return factors


def _gather(strengths: csr_matrix, rows: npt.NDArray[np.intp], width: int) -> tuple[npt.NDArray[np.intp], Matrix]:
    """Give the articles that customers bought, `width` each, and their strengths; article 0 of strength 0 fills up."""
    places = strengths.indptr[rows][:, None] + np.arange(width)
    real = places < strengths.indptr[rows + 1][:, None]
    places = np.where(real, places, 0)
    return np.where(real, strengths.indices[places], 0), np.where(real, strengths.data[places], 0.0)


def _by_factors(bought: npt.NDArray[np.intp], strength: Matrix, basis: Matrix, gram: Matrix) -> Matrix:
    """Solve as many equations as there are factors."""
    of_bought = basis[bought]
    left = gram + np.matmul(of_bought.transpose(0, 2, 1), of_bought * strength[:, :, None])
    right = np.einsum("cij,ci->cj", of_bought, strength)
    solved: Matrix = np.linalg.solve(left, right[:, :, None])[:, :, 0]
    return solved


def _by_articles(bought: npt.NDArray[np.intp], strength: Matrix, basis: Matrix, dual: Matrix) -> Matrix:
    """Solve as many equations as there are articles: the same, as (G + YᵀSY)⁻¹YᵀS1 = G⁻¹Yᵀ(S⁻¹ + YG⁻¹Yᵀ)⁻¹1."""
    of_dual = dual[bought]
    root = np.sqrt(strength)
    # Both sides times S^½, so that a strength of 0 leaves its equation without the others.
    kernel = np.matmul(basis[bought], of_dual.transpose(0, 2, 1)) * root[:, :, None] * root[:, None, :]
    kernel += np.eye(bought.shape[1])
    weights = np.linalg.solve(kernel, root[:, :, None])[:, :, 0] * root
    solved: Matrix = np.einsum("ci,cij->cj", weights, of_dual)
    return solved
