"""Whole bundles for tests, the default one among them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from yoto.rooms.policies import Bundle

DEFAULT_FOLDER = Path(__file__).parents[2] / "yoto" / "policies"

MAIN = """package yoto.authz

decision := {"allow": count(deny) == 0, "deny": deny}
"""


def rules(body: str, tests: str = "", **data: Any) -> Bundle:
    """A bundle whose one policy has these rules for ``deny``."""
    modules = {"main": MAIN, "rules": f"package yoto.authz\n\n{body}\n"}
    named = {"rules": f"package yoto.authz_test\n\nimport data.yoto.authz\n\n{tests}\n"}
    return Bundle(modules, named if tests else {}, data)


def default_bundle(data: Mapping[str, Any] | None = None) -> Bundle:
    """The policies that Yoto comes with; ``data`` is laid over their documents."""
    sources = {path.stem: path.read_text("utf-8") for path in DEFAULT_FOLDER.glob("*.rego")}
    documents = {
        path.stem: json.loads(path.read_text("utf-8"))
        for path in (DEFAULT_FOLDER / "data").glob("*.json")
    }
    return Bundle(
        {name: text for name, text in sources.items() if not name.endswith("_test")},
        {name: text for name, text in sources.items() if name.endswith("_test")},
        {**documents, **(data or {})},
    )
