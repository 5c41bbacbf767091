"""Correlations on Fisher's scale: z, its standard error, and p values of z that do not underflow."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_ndtr, ndtr, ndtri, stdtr

from expressway.coexpression.arguments import BoolArray, FloatArray, check_choice, floats
from expressway.errors import InvalidSetting

SeMethod = Literal["fisher", "fieller", "bonett_wright"]

MIN_N = 4
"""Fisher's z of fewer samples has no standard error."""

Z_975 = float(ndtri(0.975))
"""1.959963984540054, half the width of a 95% interval in standard errors."""


_LN_2 = float(np.log(2.0))
_EXACT_Z = 37.0
"""|z| up to which p has all its digits."""


def r_max(n: ArrayLike) -> FloatArray:
    """The largest |r| that is used with n samples: 1 - 6 / (n (n^2 - 1)); NaN where n < 4.

    It lies halfway between 1 and the next value that Spearman's r can take without ties, so that a perfect
    correlation of five samples gets z = 1.83 and one of twenty samples z = 3.95, not infinity.

    Args:
        n: number of samples, any shape.
    """
    samples = _enough(n)
    return 1.0 - 6.0 / (samples * (samples * samples - 1.0))


def is_clipped(r: ArrayLike, n: ArrayLike) -> BoolArray:
    """Where `fisher_z` brings r nearer to zero, because |r| > r_max(n)."""
    return np.abs(floats(r)) > r_max(n)


def fisher_z(r: ArrayLike, n: ArrayLike) -> FloatArray:
    """Fisher's z = atanh(r), with |r| first clipped at `r_max(n)`; NaN where r is NaN or n < 4.

    Args:
        r: correlations in [-1, 1].
        n: the number of samples behind each; broadcast against r.

    References:
        Fisher (1921), Metron 1, 3-32.
    """
    return np.arctanh(_clip(r, n))


def std_error(n: ArrayLike, r: ArrayLike | None = None, method: SeMethod = "fisher") -> FloatArray:
    """The standard error of `fisher_z`; NaN where n < 4.

    - fisher: sqrt(1 / (n - 3)), right for Pearson's r; for Spearman's a little narrow where |r| is high.
    - fieller: sqrt(1.06 / (n - 3)) (Fieller, Hartley & Pearson 1957, Biometrika 44, 470-481). Suits pooling:
      like `fisher` it does not depend on r.
    - bonett_wright: sqrt((1 + r^2 / 2) / (n - 3)) (Bonett & Wright 2000, Psychometrika 65, 23-28). Suits the
      interval of a single study; in pooling the weights then depend on r, which biases means slightly.

    Args:
        n: number of samples, any shape.
        r: correlations, needed by bonett_wright and clipped as in `fisher_z`; broadcast against n.
        method: which formula.

    Raises:
        InvalidSetting: there is no such method, or bonett_wright without r.
    """
    check_choice("se_method", method, get_args(SeMethod))
    degrees = _enough(n) - 3.0
    if method == "fisher":
        return np.sqrt(1.0 / degrees)
    if method == "fieller":
        return np.sqrt(1.06 / degrees)
    if r is None:
        raise InvalidSetting("se_method: bonett_wright needs the correlations", value=method, hint="Pass r as well.")
    clipped = _clip(r, n)
    return np.sqrt((1.0 + 0.5 * clipped * clipped) / degrees)


def two_sided_p(z: ArrayLike, degrees: ArrayLike | None = None) -> FloatArray:
    """2 (1 - Phi(|z|)), from the upper tail, so right to the last digits down to 1e-308 (|z| < 37.5).

    Args:
        z: any shape.
        degrees: of freedom, where z is a t; then p is that of t.
    """
    lower = -np.abs(floats(z))
    tail: FloatArray = ndtr(lower) if degrees is None else stdtr(floats(degrees), lower)
    return 2.0 * tail


def log_p(z: ArrayLike) -> FloatArray:
    """The natural logarithm of `two_sided_p(z)`, right far beyond the |z| of 38 where p itself becomes zero."""
    lower = -np.abs(floats(z))
    with np.errstate(divide="ignore"):
        tail = np.asarray(np.log(ndtr(lower)))
    log_ndtr(lower, out=tail, where=lower < -_EXACT_Z)  # takes longer
    return tail + _LN_2


def _enough(n: ArrayLike) -> FloatArray:
    samples = floats(n)
    return np.where(samples >= MIN_N, samples, np.nan)


def _clip(r: ArrayLike, n: ArrayLike) -> FloatArray:
    limit = r_max(n)
    return np.clip(floats(r), -limit, limit)
