"""Rego and documents of abac.md, policies.md and policy-engines.md are taken as they are."""

from __future__ import annotations

import json

from flask import Flask

from app.extensions import policy
from tests.support.markdown import ROOT, Block, blocks

DOCUMENTS = ("risk", "hours", "quota", "threat")
PACKAGE = "package yoto.authz.example\n\n"
# The rest of a set of which a page shows a part.
REST = {
    "abac.md": "",
    "policies.md": """
allow := true
deny contains "never" if false
names contains input.action.name
open_now if input.open
""",
    "policy-engines.md": "",
}


def written(page: str, language: str) -> list[Block]:
    return [one for one in blocks(ROOT / "docs" / page) if one.language == language]


def test_each_document_is_in_force_as_it_is_written(app: Flask) -> None:
    with app.app_context():
        for name, block in zip(DOCUMENTS, written("abac.md", "json"), strict=True):
            policy.put_document(name, json.loads(block.text), "tester")
            stored = {one.name: one for one in policy.documents()}
            assert json.loads(stored[name].source) == json.loads(block.text)


def test_each_policy_of_a_guide_is_stored(app: Flask) -> None:
    found = [one for page in REST for one in written(page, "rego")]
    assert len(found) == 4
    with app.app_context():
        for number, block in enumerate(found, 1):
            stored = policy.put("example", PACKAGE + block.text + REST[block.page[5:]], "tester")
            assert stored.version == number, block
