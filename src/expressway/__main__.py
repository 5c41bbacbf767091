"""`expressway`, and `python -m expressway`."""

import sys


def main() -> None:
    """Run the command line; Ctrl-C while it is still being read is no traceback either."""
    try:
        from expressway.cli import main as command_line
    except KeyboardInterrupt:
        sys.exit(130)
    command_line()


if __name__ == "__main__":
    main()
