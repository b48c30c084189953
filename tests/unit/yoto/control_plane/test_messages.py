"""The server's errors, in Chinese."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from yoto.control_plane.messages import PLACEHOLDER, catalogue, translated, translated_problem

ROOT = Path(__file__).parents[4]
# Where errors are raised that somebody at a page can cause.
SOURCES = (
    "yoto/rules.py",
    "yoto/operate",
    "yoto/permission/writes",
    "yoto/rooms/alerts",
    "app/blueprints",
)
RAISED = ("ValidationFailed", "ValidationError", "ValueError", "Conflict", "Forbidden")


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        (
            "must be from 0 to 1000000000 units, not -5",
            "必须在 0 到 1000000000 个单位之间，而不是 -5",
        ),
        ("no user 31", "没有用户 31"),
        ("redis is unavailable; try again later.", "redis 不可用；请稍后再试。"),
        ("user: must be true or false", "user：必须是 true 或 false"),
        ("a sentence that nobody has translated", "a sentence that nobody has translated"),
    ],
)
def test_a_sentence_is_said_in_chinese_with_its_values(english: str, chinese: str) -> None:
    assert translated(english, "zh") == chinese
    assert translated(english, "en") == english


def test_a_value_is_never_taken_for_a_part_of_the_sentence() -> None:
    said = translated("must be one of a, b, not 'c, not {low}'", "zh")

    assert said == "必须是其中之一：a, b，而不是 'c, not {low}'"


def test_a_text_of_many_parts_is_not_taken_apart_without_end() -> None:
    text = "a: " * 2_000 + "x, not 5"

    assert translated(text, "zh").endswith("5")


def test_a_problem_keeps_what_programs_read() -> None:
    problem = {
        "type": "urn:yoto:problem:validation-failed",
        "detail": "reason: must say why",
        "errors": {"reason": ["must say why"]},
    }

    assert translated_problem(problem, "zh") == {
        "type": "urn:yoto:problem:validation-failed",
        "detail": "reason: 请写明原因",
        "errors": {"reason": ["请写明原因"]},
    }


def test_translations_have_the_values_of_their_sentences() -> None:
    for english, chinese in catalogue("zh").items():
        assert set(PLACEHOLDER.findall(english)) == set(PLACEHOLDER.findall(chinese)), english


def test_every_error_that_a_page_can_cause_has_a_translation() -> None:
    said = {text for source in SOURCES for path in _modules(source) for text in _sentences(path)}

    assert sorted(text for text in said if translated(text, "zh") == text) == []


def _modules(source: str) -> list[Path]:
    found = ROOT / source
    return [found] if found.is_file() else sorted(found.rglob("*.py"))


def _sentences(path: Path) -> Iterator[str]:
    """The texts of errors that are raised in a module, with ``1`` in the place of their values."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in RAISED:
            for argument in node.args[:1]:
                values = argument.values if isinstance(argument, ast.Dict) else [argument]
                # A text without a word of its own is put together elsewhere.
                yield from (
                    said for said in map(_text, values) if said and re.search("[a-z]", said)
                )


def _text(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "1" for part in node.values
        )
    return None
