"""Reads expressions of Rego, by recursive descent.

Precedence is that of https://www.openpolicyagent.org/docs/policy-reference#grammar.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from yoto.rooms.policies.rego.tokens import Kind, Token, tokenize

Node = dict[str, Any]

_COMPARISONS = {"==": "Eq", "!=": "Ne", "<": "Lt", "<=": "Le", ">": "Gt", ">=": "Ge"}
_LEVELS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("BoolExpr", _COMPARISONS),
    ("BinExpr", {"|": "Union"}),
    ("BinExpr", {"&": "Intersection"}),
    ("ArithExpr", {"+": "Add", "-": "Sub"}),
    ("ArithExpr", {"*": "Mul", "/": "Div", "%": "Mod"}),
)
# The level above unions: the first term of a comprehension is read at it.
_BELOW_UNION = 2
_DOUBLE = frozenset((":=", "==", "!=", "<=", ">="))
_RESERVED = frozenset(
    "as default else every false if import in not null package some true with".split()
)
_END = Token(Kind.MARK, "", 0, 0, 0, 0, 0, True)


class Refused(Exception):
    """There is no Rego at a token."""

    def __init__(self, token: Token) -> None:
        super().__init__(token)
        self.token = token


class Expressions:
    """Expressions, and the tokens they are read from."""

    def __init__(self, source: str) -> None:
        self._tokens = _joined(tokenize(source))
        last = self._tokens[-1] if self._tokens else _END
        end = last.end
        self._end = Token(
            Kind.MARK, "", end, end, last.line, last.column + end - last.start, 0, True
        )
        self._at = 0
        self.expressions = 0

    # Tokens

    @property
    def _token(self) -> Token:
        return self._tokens[self._at] if self._at < len(self._tokens) else self._end

    def _is(self, *values: str) -> bool:
        token = self._token
        return token.value in values and token.kind is not Kind.TEXT

    def _next(self) -> Token:
        token = self._token
        self._at += 1
        return token

    def _take(self, *values: str) -> bool:
        found = self._is(*values)
        self._at += found
        return found

    def _expect(self, *values: str) -> Token:
        if not self._is(*values):
            raise Refused(self._token)
        return self._next()

    def _follows(self) -> bool:
        """Whether nothing stands between the next token and the one before it."""
        return self._at > 0 and self._tokens[self._at - 1].end == self._token.start

    def _span(self, first: int) -> Node:
        begin, last = self._tokens[first], self._tokens[max(first, self._at - 1)]
        return {"line": begin.line, "col": begin.column, "start": begin.start, "end": last.end}

    def _node(self, kind: str, first: int, **held: Any) -> Node:
        self.expressions += 1
        return {kind: {"span": self._span(first), **held}}

    def _place(self) -> Node:
        """The place of a name alone."""
        first = self._at
        name = self._name()
        return {**self._span(first), "text": name}

    def _name(self) -> str:
        token = self._token
        if token.kind is not Kind.NAME or token.value in _RESERVED:
            raise Refused(token)
        return self._next().value

    # Expressions

    def _statements(self, end: str, first: int) -> Node:
        """The body of a comprehension, up to its bracket."""
        raise NotImplementedError

    def _expression(self, first: int | None = None, left: Node | None = None) -> Node:
        """An expression; ``in`` binds least. It goes on from ``left``, which began at ``first``."""
        first = self._at if first is None else first
        found = self._operation(0, first, left)
        while self._take("in"):
            held = {"key": None, "value": found, "collection": self._operation(0)}
            found = self._node("Membership", first, **held)
        return found

    def _membership(self) -> Node:
        """As ``_expression``, where a key may stand before the member."""
        first = self._at
        key = self._operation(0)
        if not self._take(","):
            return self._expression(first, key)
        value = self._operation(0)
        self._expect("in")
        held = {"key": key, "value": value, "collection": self._operation(0)}
        return self._node("Membership", first, **held)

    def _operation(self, level: int, first: int | None = None, left: Node | None = None) -> Node:
        if level == len(_LEVELS):
            return left or self._unary()
        first = self._at if first is None else first
        kind, operators = _LEVELS[level]
        found = self._operation(level + 1, first, left)
        while self._is(*operators):
            sign = self._next()
            right = self._operation(level + 1)
            found = self._node(kind, first, op=operators[sign.value], lhs=found, rhs=right)
            found[kind]["span"]["operator"] = sign.start
        return found

    def _unary(self) -> Node:
        first = self._at
        if not self._take("-"):
            return self._reference()
        # OPA has no other negative expressions: 0 - x is one.
        if self._token.kind is not Kind.NUMBER or not self._follows():
            raise Refused(self._token)
        return self._node("Number", first, value=-_number(self._next()))

    def _reference(self, calls: bool = True) -> Node:
        """A term, with its look-ups and calls; the head of a rule is not called."""
        first = self._at
        found = self._term()
        while self._follows() and self._at < len(self._tokens):
            if self._take("."):
                begins = self._at
                token = self._next()
                if token.kind is not Kind.NAME:
                    raise Refused(token)
                field = [self._span(begins), token.value]
                found = self._node("RefDot", first, refr=found, field=field)
            elif self._take("["):
                index = self._expression()
                self._expect("]")
                found = self._node("RefBrack", first, refr=found, index=index)
            elif self._is("(") and _is_name(found) and calls:
                self._next()
                found = self._node("Call", first, fcn=found, params=self._several(")"))
            else:
                break
        if calls and self._is("(") and _is_name(found):
            # Regorus takes it for a call, which OPA wants to be written without a gap.
            raise Refused(self._token)
        return found

    def _term(self) -> Node:
        first, token = self._at, self._token
        if token.kind is Kind.TEXT:
            self._next()
            raw = token.value.startswith("`")
            return self._node("RawString" if raw else "String", first, value=_text(token))
        if token.kind is Kind.NUMBER:
            self._next()
            return self._node("Number", first, value=_number(token))
        if token.kind is Kind.NAME:
            if self._take("true", "false"):
                return self._node("Bool", first, value=token.value == "true")
            if self._take("null"):
                return self._node("Null", first, value=None)
            if token.value == "set" and self._empty_set():
                return self._node("Set", first, items=[])
            return self._node("Var", first, value=self._name())
        if self._take("("):
            found = self._membership()
            self._expect(")")
            return found
        if self._take("["):
            return self._array(first)
        if self._take("{"):
            return self._braces(first)
        raise Refused(token)

    def _empty_set(self) -> bool:
        following = self._tokens[self._at + 1 : self._at + 3]
        found = [one.value for one in following] == ["(", ")"]
        self._at += 3 * found
        return found

    def _several(self, end: str, found: Sequence[Node] = ()) -> list[Node]:
        """Expressions with commas between them, up to a bracket; a last comma may stand alone."""
        several = list(found)
        while not self._is(end):
            if several:
                self._expect(",")
                if self._is(end):
                    break
            several.append(self._expression())
        self._expect(end)
        return several

    def _array(self, first: int) -> Node:
        if self._take("]"):
            return self._node("Array", first, items=[])
        begins = self._at
        term = self._operation(_BELOW_UNION)
        if self._take("|"):
            query = self._statements("]", self._at)
            return self._node("ArrayCompr", first, term=term, query=query)
        return self._node(
            "Array", first, items=self._several("]", [self._expression(begins, term)])
        )

    def _braces(self, first: int) -> Node:
        """A set, an object, or a comprehension of one."""
        if self._take("}"):
            return self._node("Object", first, fields=[])
        begins = self._at
        term = self._operation(_BELOW_UNION)
        if self._take("|"):
            query = self._statements("}", self._at)
            return self._node("SetCompr", first, term=term, query=query)
        term = self._expression(begins, term)
        if not self._take(":"):
            return self._node("Set", first, items=self._several("}", [term]))
        at = self._at
        value = self._operation(_BELOW_UNION)
        if self._take("|"):
            query = self._statements("}", self._at)
            return self._node("ObjectCompr", first, key=term, value=value, query=query)
        fields = [[self._span(begins), term, self._expression(at, value)]]
        while not self._take("}"):
            self._expect(",")
            if self._take("}"):
                break
            begins = self._at
            key = self._expression()
            self._expect(":")
            value = self._expression()
            fields.append([self._span(begins), key, value])
        return self._node("Object", first, fields=fields)


def _joined(tokens: Sequence[Token]) -> list[Token]:
    """Tokens, in which an operator of two marks is one."""
    found: list[Token] = []
    for token in tokens:
        before = found[-1] if found else _END
        if before.end == token.start and before.kind is token.kind is Kind.MARK:
            if before.value + token.value in _DOUBLE:
                found[-1] = Token(
                    Kind.MARK,
                    before.value + token.value,
                    before.start,
                    token.end,
                    before.line,
                    before.column,
                    before.depth,
                    before.first,
                )
                continue
        found.append(token)
    return found


def _is_name(node: Node) -> bool:
    while "RefDot" in node:
        node = node["RefDot"]["refr"]
    return "Var" in node


def _number(token: Token) -> int | float:
    try:
        value: int | float = json.loads(token.value)
        return int(value) if value == int(value) else value
    except (ValueError, OverflowError):
        raise Refused(token) from None


def _text(token: Token) -> str:
    if token.value.startswith("`"):
        if len(token.value) < 2 or not token.value.endswith("`"):
            raise Refused(token)
        return token.value[1:-1]
    try:
        return str(json.loads(token.value, strict=False))
    except ValueError:
        raise Refused(token) from None
