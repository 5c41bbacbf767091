"""All pairs of all genes in bounded memory: a first pass over tiles in float32, the survivors again in float64.

`layout` makes studies into ranks and presence patterns. For each tile `tiles` multiplies ranks (`products`), then goes
row by row: `weights` of the pairs, z in every cohort (`cohort_rows`), contrasts and pooling (`pooled_rows`), and keeps
counts and `candidates`. `screen` takes all tiles on all threads, with `checkpoints` for a killed run. `survivors` has
correlations in float64, `falsediscovery` the q values out of what was kept. `operations` and `vectors` are what loops
are made of.

numba keeps what it compiled beside the file of the function, and does not look at the files of what it calls: after a
change in one of the latter, `make clean-compiled` throws it away.
"""
