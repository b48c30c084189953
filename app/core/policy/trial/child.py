"""The process of a trial, run as a script: one JSON object in, one line of JSON out.

It loads the engine alone. Importing the package ``app`` as usual would load the whole application,
which takes longer than any trial; so its packages are here bare names that have a folder.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

_ROOT = Path(__file__).parents[4]
_BARE = ("app", "app.core", "app.core.policy", "app.core.policy.trial")


def main() -> None:
    """Answer the question on standard input."""
    for name in _BARE:
        package = ModuleType(name)
        package.__path__ = [str(_ROOT.joinpath(*name.split(".")))]
        sys.modules[name] = package
    importlib.import_module("app.core.policy.trial.answering").main()


if __name__ == "__main__":
    main()
