"""The example of own code, ``examples/extend``, within tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yoto.resilience.algorithms import registry

EXAMPLE = Path(__file__).parents[2] / "examples" / "extend"
REGISTER = "gallery:register"


@contextmanager
def importable() -> Iterator[None]:
    """The package ``gallery`` can be imported within; afterwards nothing of it is left."""
    algorithms = dict(registry._registered)
    sys.path.insert(0, str(EXAMPLE))
    try:
        yield
    finally:
        sys.path.remove(str(EXAMPLE))
        for name in [name for name in sys.modules if name.partition(".")[0] == "gallery"]:
            del sys.modules[name]
        for name in registry._registered.keys() - algorithms.keys():
            del registry._registered[name]
