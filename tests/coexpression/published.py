"""Published data sets that several tests pool, as log ratios or correlations with their variances."""

from __future__ import annotations

import numpy as np

# BCG vaccine against tuberculosis (Colditz et al. 1994; dat.bcg of metadat):
# cases and non-cases among the vaccinated, then among the controls
BCG = np.array(
    [
        (4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13536, 248, 12619), (33, 5036, 47, 5761),
        (180, 1361, 372, 1079), (8, 2537, 10, 619), (505, 87886, 499, 87892), (29, 7470, 45, 7232),
        (17, 1699, 65, 1600), (186, 50448, 141, 27197), (5, 2493, 3, 2338), (27, 16886, 29, 17825),
    ],
    dtype=float,
)  # fmt: skip

# Pre-eclampsia under aspirin (DerSimonian & Kacker 2007): the same four columns
_CLASP_CASES = np.array([(5, 8), (5, 17), (12, 9), (69, 94), (9, 11), (313, 352)], dtype=float)
_CLASP_SIZES = np.array([(156, 74), (303, 303), (565, 477), (1570, 1565), (103, 105), (4659, 4650)], dtype=float)
CLASP = np.column_stack(
    [_CLASP_CASES[:, 0], (_CLASP_SIZES - _CLASP_CASES)[:, 0], _CLASP_CASES[:, 1], (_CLASP_SIZES - _CLASP_CASES)[:, 1]]
)

# Conscientiousness and taking one's medicine (Molloy et al. 2014; dat.molloy2014 of metadat): n, r
MOLLOY = np.array(
    [
        (109, 0.187), (749, 0.162), (55, 0.34), (107, 0.32), (72, 0.27), (65, 0.0), (174, 0.175), (326, 0.05),
        (58, 0.26), (771, 0.01), (56, -0.09), (91, 0.37), (116, 0.0), (537, 0.15), (158, 0.24), (65, 0.04),
    ]
)  # fmt: skip

# PyMARE's metafor_reference.json, `unequal_k5`: estimates and variances
UNEQUAL = (
    np.array([-0.073207, -0.415375, 5.226533, -0.785429, -2.088512]),
    np.array([0.02, 0.050569, 2.721731, 0.041877, 5.0]),
)


def log_risk_ratio(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Estimates and variances, one row per study of a table of counts."""
    a, b, c, d = table.T
    return np.log(a / (a + b)) - np.log(c / (c + d)), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)


def log_odds_ratio(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    a, b, c, d = table.T
    return np.log(a / b) - np.log(c / d), 1 / a + 1 / b + 1 / c + 1 / d


def risk_difference(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    a, b, c, d = table.T
    return a / (a + b) - c / (c + d), a * b / (a + b) ** 3 + c * d / (c + d) ** 3
