import numpy as np
from scipy.stats import rankdata


def doubled_ranks(v):
    v = np.asarray(v)
    n = v.shape[1]
    if not len(v):
        return np.empty(v.shape, np.int32)
    return (2 * rankdata(v, axis=1) - (n + 1)).astype(np.int32)
