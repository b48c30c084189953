"""The declarations of a module: its package and its rules."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from yoto.rooms.policies.rego.tokens import Kind, Token, is_word, joins

TEST_PREFIX = "test_"
# A line that ends in one of these goes on in the next.
_GO_ON = frozenset(("if", "not", "else", "contains", "default", "some", "every"))


def package_of(tokens: Sequence[Token]) -> tuple[str, ...] | None:
    """The parts of the package's name; None if the source does not begin with one."""
    if len(tokens) < 2 or tokens[0].value != "package" or tokens[1].kind is not Kind.NAME:
        return None
    return path_at(tokens, 1)[0]


def path_at(tokens: Sequence[Token], index: int) -> tuple[tuple[str, ...], int]:
    """The reference that begins with the name at ``index``, as far as it is constant.

    Returns:
        Its parts, and the index of the first token that is not part of it. ``a.b["c"][d]`` gives
        ``("a", "b", "c")``.
    """
    parts = [tokens[index].value]
    index += 1
    while index < len(tokens):
        following = tokens[index + 1 : index + 3]
        if tokens[index].value == "." and following and following[0].kind is Kind.NAME:
            parts.append(following[0].value)
            index += 2
        elif _is_constant_bracket(tokens[index], following):
            parts.append(_text(following[0].value))
            index += 3
        else:
            break
    return tuple(parts), index


def rule_heads(tokens: Sequence[Token]) -> Iterator[tuple[tuple[str, ...], int]]:
    """The name of each rule, and the index of the token behind it; a rule may come twice."""
    for index, token in enumerate(tokens):
        if token.depth == 0 and token.first and token.kind is Kind.NAME:
            if index and (joins(tokens, index - 1) or is_word(tokens, index - 1, _GO_ON)):
                continue
            at = index + 1 if token.value == "default" else index
            if at < len(tokens) and tokens[at].value not in ("package", "import"):
                yield path_at(tokens, at)


def has_rule(tokens: Sequence[Token], name: str) -> bool:
    """Whether a rule of that plain name is declared."""
    return any(path == (name,) for path, _ in rule_heads(tokens))


def test_rules(tokens: Sequence[Token]) -> tuple[str, ...]:
    """The names of the rules that are tests, each once, sorted."""
    names = {path[0] for path, _ in rule_heads(tokens) if path[0].startswith(TEST_PREFIX)}
    return tuple(sorted(names))


def _is_constant_bracket(token: Token, following: Sequence[Token]) -> bool:
    return (
        token.value == "["
        and len(following) == 2
        and following[0].kind is Kind.TEXT
        and following[1].value == "]"
    )


def _text(literal: str) -> str:
    if literal.startswith("`"):
        return literal.strip("`")
    try:
        return str(json.loads(literal))
    except ValueError:
        return literal.strip('"')
