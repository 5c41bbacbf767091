"""The power of the design: what a contrast of this precision could have found."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from expressway.coexpression.arguments import FloatArray, floats
from expressway.coexpression.fisher import Z_975


@np.errstate(divide="ignore", invalid="ignore", over="ignore")
def power(std_error: ArrayLike, delta: float = 0.3) -> FloatArray:
    """The chance that a true effect of `delta` is significant at 0.05, two-sided; NaN where the SE is not positive.

    Phi(delta/SE - c) + Phi(-delta/SE - c), c = Phi^-1(0.975). It depends on the design only: power at the observed
    effect would be the p value in other words (Hoenig & Heisey 2001, Am Stat 55, 19).

    Args:
        std_error: of the pooled estimate, any shape, Fisher z.
        delta: the effect to find, Fisher z.
    """
    errors = floats(std_error)
    effect = delta / np.where(errors > 0, errors, np.nan)
    return ndtr(effect - Z_975) + ndtr(-effect - Z_975)
