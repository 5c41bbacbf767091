"""All pairs of all genes in bounded memory: a first pass over tiles in float32, the survivors again in float64.

layout          studies become ranks, presence patterns and weights
operations      the few machine operations that the kernel is made of
kernel          one row of a tile: z of every cohort, and the weights of the pairs
vectors         the same row as vector code: contrasts, pooling, nine z statistics
tiles           one tile: correlations by matrix product, then row by row, and what is kept of it
screen          all tiles on all threads, with progress and resumption
candidates      which pairs are kept when there are too many
checkpoints     what a killed run goes on from
survivors       correlations of chosen pairs in float64
falsediscovery  q values out of what the screen kept
"""
