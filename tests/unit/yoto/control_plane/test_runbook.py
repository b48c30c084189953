"""Runbooks: one for each rule of the platform and language, and as text on a page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from yoto.control_plane import runbook
from yoto.control_plane.language import DEFAULT_LANGUAGE, LANGUAGES
from yoto.control_plane.navigation import pages_of
from yoto.control_plane.runbook import Block, Runbook, Span, read_runbook
from yoto.monitor.default_rules import DEFAULT_RULES
from yoto.parts.rooms import ALL, chosen

RULES = {rule.name for rule in DEFAULT_RULES}
# Beside those of rules one says what the figures of the pages mean, and one what Prometheus sees.
NAMES = sorted(RULES | {"figures", "prometheus"})
SECTIONS = {
    "en": ["What it means", "How to see it", "Likely causes", "What to do"],
    "zh": ["含义", "如何查看", "可能原因", "处理办法"],
}
OTHERS = sorted(LANGUAGES.keys() - {DEFAULT_LANGUAGE})


def written(name: str, language: str) -> Runbook:
    found = read_runbook(name, language)
    assert found is not None
    return found


def spans(blocks: Sequence[Block], *kinds: str) -> list[str]:
    every = [span for block in blocks for one in block.lines for span in one]
    return [span.text for span in every if span.kind in kinds]


def headings(found: Runbook) -> list[str]:
    return spans([one for one in found.blocks if one.kind == "heading"], "text")


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_rule_has_a_runbook_that_leads_to_pages_that_there_are(language: str) -> None:
    folder = runbook.FOLDER / ("" if language == DEFAULT_LANGUAGE else language)
    assert sorted(path.stem for path in folder.glob("*.md")) == NAMES
    paths = {page.path for page in pages_of(chosen(ALL))} | {"/status"}
    paths |= {f"/runbooks/{one}" for one in NAMES}
    known = {f"/control{path}" for path in paths}
    for name in RULES:
        found = written(name, language)
        assert name in found.title
        assert headings(found) == SECTIONS[language], name
        assert found.blocks[-1].kind in ("steps", "code"), name
        assert set(spans(found.blocks, "page")) <= known, name


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("name", NAMES)
def test_each_language_has_the_same_parts_commands_and_links(name: str, language: str) -> None:
    """And they name the same things: settings, labels, guards, runbooks."""
    ours, theirs = written(name, DEFAULT_LANGUAGE), written(name, language)
    assert [(one.kind, len(one.lines), one.start) for one in ours.blocks] == [
        (one.kind, len(one.lines), one.start) for one in theirs.blocks
    ]
    assert sorted(spans(ours.blocks, "code", "page")) == sorted(
        spans(theirs.blocks, "code", "page")
    )
    assert len(set(headings(ours)) & set(headings(theirs))) == 0


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rule", ["none", "../alerts", "", "Redis", "zh"])
def test_there_is_none_of_another_name(rule: str, language: str) -> None:
    assert read_runbook(rule, language) is None


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
