"""Runbooks of alert rules, from ``docs/runbooks``: Markdown of a few forms, as blocks of a page.

English ones are in the folder itself, those of each other language in a folder of its name.

A template writes each text as text, so nothing in a file becomes markup by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from yoto.auth.operators import CONTROL_PREFIX
from yoto.control_plane.language import DEFAULT_LANGUAGE

# A link to the folder of the guides, which is part of a wheel.
FOLDER = Path(__file__).parent / "runbooks"
FENCE = "```"
_NAME = re.compile(r"[a-z0-9_]{1,64}", re.ASCII)
_ITEM = re.compile(r"(?:- |(\d+)\. )(.*)", re.DOTALL)
_CODE = re.compile(r"`([^`]+)`")
_EMPHASIS = re.compile(r"\*([^*]+)\*")


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a line: ``text``, ``code``, or ``page``, code that is a page's path."""

    kind: str
    text: str


@dataclass(slots=True)
class Block:
    """``heading``, ``paragraph``, ``code``, or a list, ``points`` or ``steps``.

    Attributes:
        lines: the items of a list; the text of code as one span; else one line.
        start: number of the first step.
    """

    kind: str
    lines: list[list[Span]] = field(default_factory=list)
    start: int = 1


@dataclass(frozen=True, slots=True)
class Runbook:
    """The runbook of an alert rule."""

    title: str
    blocks: list[Block]


def read_runbook(rule: str, language: str = DEFAULT_LANGUAGE) -> Runbook | None:
    """The runbook of a rule, in one of ``LANGUAGES``; None: there is none."""
    path = FOLDER / ("" if language == DEFAULT_LANGUAGE else language) / f"{rule}.md"
    if not _NAME.fullmatch(rule) or not path.is_file():
        return None
    head, _, body = path.read_text(encoding="utf-8").partition("\n")
    title = "".join(span.text for span in _spans(head.removeprefix("# ")))
    return Runbook(title, list(_blocks(body)))


def _blocks(text: str) -> Iterator[Block]:
    for part in re.split(r"\n{2,}", text.strip()):
        if part.startswith("## "):
            yield Block("heading", [_spans(part.removeprefix("## "))])
        elif part.startswith(FENCE):
            inner = part.splitlines()[1:-1]
            yield Block("code", [[Span("code", "\n".join(inner))]])
        elif (first := _ITEM.fullmatch(part)) is not None:
            items = [_ITEM.sub(r"\2", line) for line in part.splitlines()]
            kind = "points" if first[1] is None else "steps"
            yield Block(kind, [_spans(one) for one in items], int(first[1] or 1))
        else:
            yield Block("paragraph", [_spans(" ".join(part.splitlines()))])


def _spans(line: str) -> list[Span]:
    found: list[Span] = []
    for place, piece in enumerate(_CODE.split(line)):
        if place % 2:
            found.append(Span("page" if piece.startswith(f"{CONTROL_PREFIX}/") else "code", piece))
        elif piece:
            found.append(Span("text", _EMPHASIS.sub(r"\1", piece)))
    return found
