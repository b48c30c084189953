"""``python -m benchmarks NAME [--json FILE]``: runs one of the measurements in this folder."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path


def main() -> None:
    """Hand over to the measurement that is named first."""
    known = sorted(
        module.name
        for module in pkgutil.iter_modules([str(Path(__file__).parent)])
        if not module.name.startswith("_")
    )
    if len(sys.argv) < 2 or sys.argv[1] not in known:
        sys.exit(f"usage: python -m benchmarks {{{','.join(known)}}} [--json FILE]")
    name = sys.argv.pop(1)
    sys.argv[0] = f"python -m benchmarks {name}"
    importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
