"""`python -m benchmarks NAME [options]`: runs one of the benchmarks in this folder."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path

HIDDEN = ("__main__", "load", "people", "scale_plot", "peer_stores", "wire")  # parts of others


def names() -> list[str]:
    """The benchmarks there are."""
    folder = str(Path(__file__).parent)
    return sorted(found.name for found in pkgutil.iter_modules([folder]) if found.name not in HIDDEN)


def main(arguments: list[str]) -> None:
    """Run the one that is named first, with the rest of the arguments."""
    if not arguments or arguments[0] not in names():
        sys.exit(f"usage: python -m benchmarks NAME [options]\nNAME is one of: {', '.join(names())}")
    importlib.import_module(f"benchmarks.{arguments[0]}").main(arguments[1:])


if __name__ == "__main__":
    main(sys.argv[1:])
