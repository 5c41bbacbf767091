"""Gene pairs in the warehouse: the studies that enter a slice, their matrices, and what is known of a pair."""
