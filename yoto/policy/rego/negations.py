"""Finds negated expressions: from ``not`` to the end of its statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from yoto.policy.rego.tokens import Kind, Token

# A statement goes on over the end of a line behind and before these.
_INFIX = frozenset("= ! < > + - * / % & | : , .".split())
_INFIX_WORDS = frozenset(("in", "with", "as"))


def negations(tokens: Sequence[Token]) -> Iterator[tuple[Token, Token]]:
    """Each ``not``, and the last token of what it negates, its ``with`` included."""
    for index, token in enumerate(tokens):
        if token.value == "not" and token.kind is Kind.NAME and index + 1 < len(tokens):
            if index == 0 or tokens[index - 1].value != ".":
                yield token, tokens[_last(tokens, index)]


def _last(tokens: Sequence[Token], index: int) -> int:
    depth = tokens[index].depth
    last = index + 1
    while last + 1 < len(tokens):
        following = tokens[last + 1]
        # A closing bracket has the depth of what is outside it.
        inside = following.depth > depth or (following.depth == depth and following.value in ")]}")
        if following.depth < depth or (following.depth == depth and following.value == ";"):
            break
        if not inside and _ends_here(tokens[last], following):
            break
        last += 1
    return last


def _ends_here(before: Token, following: Token) -> bool:
    if following.kind is Kind.NAME and following.value in ("else", "if"):
        return True
    return following.first and not (_joins(before) or _joins(following))


def _joins(token: Token) -> bool:
    return token.value in (_INFIX_WORDS if token.kind is Kind.NAME else _INFIX)
