"""``docs/exports.md`` names each export of ``yoto`` once."""

from __future__ import annotations

import re

import yoto
from tests.support.markdown import ROOT

PAGE = (ROOT / "docs" / "exports.md").read_text(encoding="utf-8")


def test_each_export_stands_once_in_the_first_column() -> None:
    cells = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `")]
    named = re.findall(r"`(\w+)`", " ".join(cells))
    assert sorted(named) == sorted(yoto.__all__)
    assert f"All {len(named)} names" in PAGE
