"""Pairs of genes: from arrays of expression values to pooled, tested, differential Spearman correlations.

Knows nothing of databases, files, settings or terminals: a notebook can use it alone.
"""
