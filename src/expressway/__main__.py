"""`python -m expressway`."""

from expressway.cli import main

main()
