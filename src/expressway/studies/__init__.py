"""A study on disk becomes a checked, labelled, unit-harmonised `Study`: arrays and tables, no database."""
