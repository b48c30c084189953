"""Splits Rego into tokens, far enough to distinguish names from texts and comments.

The grammar is that of https://www.openpolicyagent.org/docs/policy-reference#grammar. Nothing is
refused here: a source that is no Rego gives some tokens, and the engine reports its faults.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
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
# A line goes on past its end after these, and before them.
_INFIX = frozenset("= ! < > + - * / % & | : , .".split())
_INFIX_WORDS = frozenset(("in", "with", "as"))


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


def is_word(tokens: Sequence[Token], index: int, words: Collection[str]) -> bool:
    """Whether a token is one of these words of the language, and no field that is called so."""
    token = tokens[index]
    return (
        token.kind is Kind.NAME
        and token.value in words
        and (index == 0 or tokens[index - 1].value != ".")
    )


def joins(tokens: Sequence[Token], index: int) -> bool:
    """Whether an expression goes on over the end of a line behind or before a token."""
    token = tokens[index]
    if token.kind is Kind.NAME:
        return is_word(tokens, index, _INFIX_WORDS)
    return token.kind is Kind.MARK and token.value in _INFIX
