"""Finds negated expressions: from ``not`` to the end of its statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from yoto.rooms.policies.rego.tokens import Token, is_word, joins


def negations(tokens: Sequence[Token]) -> Iterator[tuple[Token, Token]]:
    """Each ``not``, and the last token of its operand, its ``with`` included."""
    for index, token in enumerate(tokens):
        if index + 1 < len(tokens) and is_word(tokens, index, ("not",)):
            yield token, tokens[_last(tokens, index)]


def _last(tokens: Sequence[Token], index: int) -> int:
    depth = tokens[index].depth
    last = index + 1
    while last + 1 < len(tokens):
        following = tokens[last + 1]
        # A closing bracket has the depth of its surroundings.
        inside = following.depth > depth or (following.depth == depth and following.value in ")]}")
        if following.depth < depth or (following.depth == depth and following.value == ";"):
            break
        if not inside and _ends_behind(tokens, last):
            break
        last += 1
    return last


def _ends_behind(tokens: Sequence[Token], last: int) -> bool:
    if is_word(tokens, last + 1, ("else", "if")):
        return True
    return tokens[last + 1].first and not (joins(tokens, last) or joins(tokens, last + 1))
