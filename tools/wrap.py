"""Wraps paragraphs of guides at 120 characters: ``python -m tools.wrap docs/*.md``.

A paragraph or an item of a list that has a longer line is wrapped anew; the others stay as they
are. Tables, code, headings, comments and pictures are left alone, as is one piece that is longer by
itself, such as an address.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

WIDTH = 120

_FENCE = re.compile(r"\s*(```+|~~~+)")
_MARKER = re.compile(r" *(?:[-*+]|\d+[.)]) +|> ?")
# Code and tags are one piece, with the spaces in them.
_PIECE = re.compile(r"(?:`[^`]+`|<[^<>`\s][^<>`]*>|\S)+")
# A line that begins with these would be a heading, an item, a quotation, a table or a fence.
_BEGINS_A_BLOCK = re.compile(r"#|>|\||```|~~~|(?:[-*+=]+|\d+[.)])$")
_NO_PROSE = re.compile(r"\s*(?:$|\||#|!\[|<)|.*(?:  |\\)$")


def wrapped(text: str) -> str:
    """A page with its long lines wrapped."""
    lines: list[str] = []
    for block, is_prose in _blocks(text.split("\n")):
        too_long = is_prose and max(map(len, block)) > WIDTH
        lines += _narrow(block) if too_long else block
    return "\n".join(lines)


def _blocks(lines: list[str]) -> Iterator[tuple[list[str], bool]]:
    """The paragraphs and items of a page, and every other line by itself."""
    paragraph: list[str] = []
    inside = 0  # the indent of lines that belong to the item above
    end: str | None = None
    for line in lines:
        indent = len(line) - len(line.lstrip())
        is_code = not paragraph and indent >= inside + 4
        opened = _end_of(line) if end is None else None
        if end is not None or opened or is_code or _NO_PROSE.match(line):
            if paragraph:
                yield paragraph, True
                paragraph = []
            yield [line], False
            end = opened if end is None else None if end in line else end
            continue
        marker = _MARKER.match(line)
        if paragraph and not marker:
            paragraph.append(line)
            continue
        if paragraph:
            yield paragraph, True
        paragraph, inside = [line], marker.end() if marker else indent
    if paragraph:
        yield paragraph, True


def _end_of(line: str) -> str | None:
    """The end of a block of code or of a comment that begins in a line."""
    if fence := _FENCE.match(line):
        return fence[1]
    return "-->" if line.lstrip().startswith("<!--") and "-->" not in line else None


def _narrow(block: list[str]) -> list[str]:
    marker = _MARKER.match(block[0])
    first = marker[0] if marker else " " * (len(block[0]) - len(block[0].lstrip()))
    text = " ".join([block[0][len(first) :], *(line.strip() for line in block[1:])])
    lines, line, rest = [], first, " " * len(first)
    if first.startswith(">"):
        rest, text = first, text.replace(" > ", " ")
    for piece in _pieces(text):
        empty = line in (first, rest)
        if not empty and len(line) + 1 + len(piece) > WIDTH:
            lines.append(line)
            line, empty = rest, True
        line += piece if empty else f" {piece}"
    return [*lines, line]


def _pieces(text: str) -> list[str]:
    """Pieces after which a line may end: words, each with those that may not begin a line."""
    pieces: list[str] = []
    for piece in _PIECE.findall(text):
        if pieces and _BEGINS_A_BLOCK.match(piece):
            pieces[-1] += f" {piece}"
        else:
            pieces.append(piece)
    return pieces


def main() -> None:
    """Wrap the pages that the arguments name."""
    for page in map(Path, sys.argv[1:]):
        text = page.read_text(encoding="utf-8")
        page.write_text(wrapped(text), encoding="utf-8")


if __name__ == "__main__":
    main()
