"""Says why this Python cannot set Expressway up, and how to get on; says nothing when it can.

Kept to words that a Python far too old still understands.
"""

import importlib.util
import sys


def complaint(version: "tuple[int, ...]", missing: "list[str]") -> "str | None":
    """What is wrong and what to do about it; None when nothing is."""
    name = f"Python {version[0]}.{version[1]} ({sys.executable})"
    if version < (3, 11):
        return f"{name} is too old: 3.11 or newer is needed.\nhint: make setup PYTHON=/path/to/python3.11"
    if missing:
        return (
            f"{name} cannot make a virtual environment: it lacks {' and '.join(missing)}.\n"
            "hint: install what is missing (Debian, Ubuntu: apt install python3-venv), install uv,"
            " or name another Python: make setup PYTHON=/path/to/python3"
        )
    return None


def main(needed: "list[str]") -> "str | None":
    """The complaint about the running Python, given the names of the modules that it must have."""
    missing = [module for module in needed if importlib.util.find_spec(module) is None]
    text = complaint(sys.version_info[:2], missing)
    return f"error: {text}" if text else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
