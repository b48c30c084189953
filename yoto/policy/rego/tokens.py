"""Splits Rego into tokens, far enough to distinguish names from texts and comments.

The grammar is that of https://www.openpolicyagent.org/docs/policy-reference#grammar. Nothing is
refused here: a source that is no Rego gives some tokens, and the engine reports its faults.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n\f\v]+)
    |(?P<comment>\#[^\n]*)
    |(?P<template>\$["`])
    |(?P<text>"(?:[^"\\\n]|\\.)*"?|`[^`]*`?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<number>[0-9](?:[eE][+-]|[0-9A-Za-z.])*)
    |(?P<mark>.)""",
    re.VERBOSE | re.DOTALL,
)
_OPEN, _CLOSE = "([{", ")]}"


class Kind(StrEnum):
    """The kind of a token; ``TEMPLATE`` is the start of an interpolated string."""

    TEMPLATE = "template"
    TEXT = "text"
    NAME = "name"
    NUMBER = "number"
    MARK = "mark"


@dataclass(frozen=True, slots=True)
class Token:
    """One token.

    Attributes:
        start, end: offsets in the source.
        line: from 1.
        column: from 1, in characters.
        depth: how many brackets are open before it.
        first: whether it is the first of its line.
    """

    kind: Kind
    value: str
    start: int
    end: int
    line: int
    column: int
    depth: int
    first: bool


def tokenize(source: str) -> list[Token]:
    """The tokens of a source; comments and white space are left out."""
    tokens: list[Token] = []
    line, line_start, depth, first = 1, 0, 0, True
    for match in _TOKEN.finditer(source):
        kind, value, start = str(match.lastgroup), match[0], match.start()
        if kind not in ("space", "comment"):
            if value in _CLOSE:
                depth -= 1
            tokens.append(
                Token(
                    Kind(kind),
                    value,
                    start,
                    match.end(),
                    line,
                    start - line_start + 1,
                    depth,
                    first,
                )
            )
            if value in _OPEN:
                depth += 1
            first = False
        lines = value.count("\n")
        if lines:
            line += lines
            line_start = start + value.rindex("\n") + 1
            first = True
    return tokens
