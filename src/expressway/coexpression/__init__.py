"""Co-expression of gene pairs, pooled over studies: arrays in, statistics out; knows no database."""
