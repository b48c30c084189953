"""Moves a module to another place below ``data``, so that two versions can stand side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.policy.rego.inputs import is_root
from app.core.policy.rego.tokens import Token, tokenize


@dataclass(frozen=True, slots=True)
class Moved:
    """A module whose package, and every document that it reads, is one level further down.

    Attributes:
        source: the new source.
        insertions: for each text put in: its line and the column, from 1, before which it stands in
            the new source, and its length.
    """

    source: str
    insertions: tuple[tuple[int, int, int], ...]

    def column(self, line: int, column: int) -> int:
        """Where a place of the new source was in the old one."""
        before = sum(size for at, start, size in self.insertions if at == line and start < column)
        return max(1, column - before)


def move(source: str, prefix: str) -> Moved:
    """Put ``prefix``, a plain name, in front of the package and of all that is below ``data``."""
    tokens = tokenize(source)
    parts: list[str] = []
    insertions: list[tuple[int, int, int]] = []
    done, shift, line = 0, 0, 0
    for index, token in enumerate(tokens):
        text, at = _insertion(tokens, index, prefix)
        if not text:
            continue
        parts += (source[done:at], text)
        done = at
        shift = shift if token.line == line else 0
        line = token.line
        insertions.append((line, token.column + (at - token.start) + shift, len(text)))
        shift += len(text)
    return Moved("".join((*parts, source[done:])), tuple(insertions))


def _insertion(tokens: Sequence[Token], index: int, prefix: str) -> tuple[str, int]:
    token = tokens[index]
    if index == 1 and tokens[0].value == "package":
        return f"{prefix}.", token.start
    return (f".{prefix}", token.end) if is_root(tokens, index, "data") else ("", 0)
