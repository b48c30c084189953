"""Boolean expressions over permissions: ``channel.read AND (message.send OR NOT member.muted)``.

``NOT`` binds tightest, then ``AND``, then ``OR``. An expression is parsed once, where it is
written, by the grammar

    either   = both ("OR" both)*
    both     = negation ("AND" negation)*
    negation = "NOT" negation | "(" either ")" | name

and bound once to the bits of an app's registry: a check is then bit operations only. The
words are in capitals; ``and`` is a name like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

from yoto.errors import ValidationFailed

MAX_LENGTH = 4000  # characters; generated expressions stay far below
MAX_DEPTH = 50  # nested parentheses and NOTs: keeps the parser within Python's own stack

# A name of dots alone is refused: in a path it would mean the folder, or the one above.
NAME_PATTERN = re.compile(r"\.*[A-Za-z0-9_:-][A-Za-z0-9_.:-]*")
OPERATORS = ("AND", "OR", "NOT")

# A character that may continue a name belongs to it: ``NOT-x`` and ``a:OR`` are names.
_TOKEN = re.compile(
    rf"\s*(?:(?P<operator>{'|'.join(OPERATORS)})(?![\w.:-])"
    rf"|(?P<name>{NAME_PATTERN.pattern})(?![\w.:-])"
    r"|(?P<parenthesis>[()])"
    r"|(?P<end>\Z))"
)


@dataclass(frozen=True, slots=True)
class Name:
    """True for a user who has the permission."""

    name: str


@dataclass(frozen=True, slots=True)
class Not:
    part: Node


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Node, ...]


Node = Name | Not | And | Or


@dataclass(frozen=True, slots=True)
class BoundExpression:
    """An expression as bit operations: all (or any) of the bits and parts, negated or not.

    Attributes:
        every: True for AND, False for OR.
        held: bits that must be set (AND), or of which one must be set (OR).
        lacked: the same for bits that must not be set.
        parts: nested expressions of the other kind.
        names: all bits in the whole expression.
    """

    every: bool
    held: int
    lacked: int
    parts: tuple[BoundExpression, ...]
    names: int

    @property
    def wanted(self) -> int:
        """The bits that must be set somewhere in it: where the expression is true, one of them is
        set, unless it is true without any bits.
        """
        found = self.held
        for part in self.parts:
            found |= part.wanted
        return found

    def matches(self, mask: int, unknown: int = 0) -> bool:
        """Whether the permissions in ``mask`` fulfil the expression, whatever is ``unknown``.

        The value is true in Kleene's three-valued logic: negations stand at the names alone, so an
        unknown bit counts as not held where it must be, and as held where it must not.

        Args:
            unknown: bits that the user may have or not; none of ``mask``.
        """
        not_lacked = mask | unknown
        if self.every:
            return (
                mask & self.held == self.held
                and not not_lacked & self.lacked
                and all(part.matches(mask, unknown) for part in self.parts)
            )
        return (
            mask & self.held != 0
            or not_lacked & self.lacked != self.lacked
            or any(part.matches(mask, unknown) for part in self.parts)
        )


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression. Equal sources are equal expressions."""

    source: str
    root: Node
    names: tuple[str, ...]

    def bind(self, masks: Mapping[str, int]) -> BoundExpression:
        """Bind to bits: ``masks`` gives the mask of each of ``names``."""
        return _bind(self.root, masks, negated=False)


def compile_expression(source: str) -> Expression:
    """Parse ``source``.

    Raises:
        ValidationFailed: field ``expression``, with the column (from 1) and what was expected.
    """
    if not isinstance(source, str):
        raise ValidationFailed({"expression": f"must be a string, not {type(source).__name__}"})
    if len(source) > MAX_LENGTH:
        raise ValidationFailed({"expression": f"is longer than {MAX_LENGTH} characters"})
    root = _Parser(source).parse()
    return Expression(source, root, tuple(dict.fromkeys(_names(root))))


class _Token(NamedTuple):
    kind: str
    text: str
    column: int


class _Parser:
    def __init__(self, source: str) -> None:
        self._tokens = _tokens(source)
        self._next = next(self._tokens)
        self._depth = 0

    def parse(self) -> Node:
        root = self._either()
        if self._next.kind != "end":
            _refuse(self._next, "AND, OR or the end")
        return root

    def _take(self, text: str) -> bool:
        if self._next.text != text or self._next.kind == "end":
            return False
        self._next = next(self._tokens)
        return True

    def _either(self) -> Node:
        parts = [self._both()]
        while self._take("OR"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _both(self) -> Node:
        parts = [self._negation()]
        while self._take("AND"):
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _negation(self) -> Node:
        token = self._next
        self._depth += 1
        if self._depth > MAX_DEPTH:
            _refuse(token, f"at most {MAX_DEPTH} levels")
        node: Node
        if self._take("NOT"):
            node = Not(self._negation())
        elif self._take("("):
            node = self._either()
            if not self._take(")"):
                _refuse(self._next, "AND, OR or ')'")
        elif token.kind == "name":
            self._take(token.text)
            node = Name(token.text)
        else:
            _refuse(token, "a permission name, NOT or '('")
        self._depth -= 1
        return node


def _tokens(source: str) -> Iterator[_Token]:
    position = 0
    while True:
        match = _TOKEN.match(source, position)
        if match is None:
            start = position + len(source[position:]) - len(source[position:].lstrip())
            word = re.match(r"[\w.:-]+|.", source[start:], re.DOTALL)
            text = word.group() if word else ""
            _refuse(
                _Token("unknown", text, start + 1), "a permission name, AND, OR, NOT, '(' or ')'"
            )
        kind = match.lastgroup or ""
        yield _Token(kind, match.group(kind), match.start(kind) + 1)
        position = match.end()


def _refuse(token: _Token, expected: str) -> NoReturn:
    found = f"'{token.text}'" if token.text else "the end"
    raise ValidationFailed(
        {"expression": f"column {token.column}: expected {expected}, found {found}"}
    )


def _names(node: Node) -> Iterator[str]:
    if isinstance(node, Name):
        yield node.name
    elif isinstance(node, Not):
        yield from _names(node.part)
    else:
        for part in node.parts:
            yield from _names(part)


def _bind(node: Node, masks: Mapping[str, int], negated: bool) -> BoundExpression:
    """Push negations down to the names (De Morgan), then gather names of one level into masks."""
    while isinstance(node, Not):
        node, negated = node.part, not negated
    if isinstance(node, Name):
        mask = masks[node.name]
        return BoundExpression(True, 0 if negated else mask, mask if negated else 0, (), mask)
    every = isinstance(node, And) != negated
    held = lacked = names = 0
    parts: list[BoundExpression] = []
    for child in node.parts:
        bound = _bind(child, masks, negated)
        names |= bound.names
        single = not bound.parts and bound.held.bit_count() + bound.lacked.bit_count() == 1
        if single or bound.every is every:
            held |= bound.held
            lacked |= bound.lacked
            parts += bound.parts
        else:
            parts.append(bound)
    return BoundExpression(every, held, lacked, tuple(parts), names)
