"""Arrays in, statistics out: ranks, correlation, contrasts, pooling over studies, false-discovery rates."""
