"""Runbooks: one for each rule of the platform, and as text on a page."""

from __future__ import annotations

from pathlib import Path

import pytest

from yoto.control_plane import runbook
from yoto.control_plane.navigation import PAGES
from yoto.control_plane.runbook import Block, Span, read_runbook
from yoto.monitor import DEFAULT_RULES

SECTIONS = ["What it means", "How to see it", "Likely causes", "What to do"]


def pages(blocks: list[Block]) -> set[str]:
    spans = [span for block in blocks for one in block.lines for span in one]
    return {span.text for span in spans if span.kind == "page"}


def test_each_rule_has_a_runbook_that_leads_to_pages_that_there_are() -> None:
    known = {f"/control{page.path}" for page in PAGES} | {"/control/status"}
    names = {rule.name for rule in DEFAULT_RULES}
    # Beside them one says what the figures of the pages mean.
    assert {path.stem for path in runbook.FOLDER.glob("*.md")} == names | {"figures"}
    for name in names:
        found = read_runbook(name)
        assert found is not None and f"({name})" in found.title
        headings = [one.lines[0][0].text for one in found.blocks if one.kind == "heading"]
        assert headings == SECTIONS, name
        assert found.blocks[-1].kind in ("steps", "code"), name
        assert pages(found.blocks) <= known, name


@pytest.mark.parametrize("rule", ["none", "../alerts", "", "Redis"])
def test_there_is_none_of_another_name(rule: str) -> None:
    assert read_runbook(rule) is None


def test_lists_and_code_are_blocks_and_paths_of_pages_are_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        "# T (`x`)\n\nSee `/control/cache`, *now*.\n\n3. one `y`\n4. two\n\n```console\n$ a\n```\n"
    )
    (tmp_path / "x.md").write_text(text, encoding="utf-8")
    monkeypatch.setattr(runbook, "FOLDER", tmp_path)
    found = read_runbook("x")
    assert found is not None and found.title == "T (x)"
    paragraph, steps, code = found.blocks
    assert paragraph.lines == [
        [Span("text", "See "), Span("page", "/control/cache"), Span("text", ", now.")]
    ]
    assert (steps.kind, steps.start) == ("steps", 3)
    assert steps.lines[0] == [Span("text", "one "), Span("code", "y")]
    assert code.lines == [[Span("code", "$ a")]]
