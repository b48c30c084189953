"""Reads a module of Rego v1 into a syntax tree, without any engine.

A node is ``{kind: contents}``, as regorus writes it, and each holds a ``span``: line and column
from 1, and offsets in the source. A text that is no Rego is refused; the engine decides what a name
means, and whether every variable has a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yoto.errors import PolicyError
from yoto.rooms.policies.rego.expressions import Expressions, Node, Refused
from yoto.rooms.policies.rego.tokens import Token

# The tree of a module, or of a part of it.
Syntax = Mapping[str, Any]


def parse(name: str, source: str) -> Syntax:
    """The syntax tree of a module.

    Raises:
        PolicyError: it is no Rego, with line and column.
    """
    parser = _Modules(source)
    try:
        return parser.module()
    except Refused as refused:
        token = refused.token
        found = f"unexpected {token.value}" if token.value else "unexpected end"
        raise PolicyError(name, f"line {token.line}, column {token.column}: {found}") from None
    except RecursionError:
        raise PolicyError(name, "is nested too deeply") from None


def syntax_of(modules: Mapping[str, str]) -> dict[str, Syntax]:
    """The syntax tree of each module.

    Raises:
        PolicyError: one is no Rego.
    """
    return {name: parse(name, source) for name, source in modules.items()}


class _Modules(Expressions):
    """Modules, rules and statements."""

    def module(self) -> Node:
        """All of it."""
        first = self._at
        self._expect("package")
        reference = self._reference(calls=False)
        package = {"span": self._span(first), "refr": reference}
        imports, rules = [], []
        while self._is("import"):
            imports.append(self._import())
        while self._at < len(self._tokens):
            if not self._token.first and not self._take(";"):
                raise Refused(self._token)
            rules.append(self._default() if self._is("default") else self._rule())
        return {
            "package": package,
            "imports": imports,
            "rules": rules,
            "num_expressions": self.expressions,
        }

    def _import(self) -> Node:
        first = self._at
        self._next()
        found: Node = {"refr": self._reference()}
        if self._take("as"):
            found["as"] = self._place()
        return {"span": self._span(first), **found}

    def _default(self) -> Node:
        first = self._at
        self._next()
        reference = self._reference(calls=False)
        arguments = self._several(")") if self._follows() and self._take("(") else []
        operator = "ColEq" if self._expect(":=", "=").value == ":=" else "Eq"
        value = self._expression()
        held = {"refr": reference, "args": arguments, "op": operator, "value": value}
        return {"Default": {"span": self._span(first), **held}}

    def _rule(self) -> Node:
        first = self._at
        reference = self._reference(calls=False)
        if self._follows() and self._take("("):
            arguments = self._several(")")
            held = {"refr": reference, "args": arguments, "assign": self._assigned()}
            head = {"Func": {"span": self._span(first), **held}}
        elif self._take("contains"):
            key = self._expression()
            head = {"Set": {"span": self._span(first), "refr": reference, "key": key}}
        else:
            held = {"refr": reference, "assign": self._assigned()}
            head = {"Compr": {"span": self._span(first), **held}}
        bodies: list[Node] = []
        begins = self._at
        if self._take("if"):
            bodies.append(self._body(begins, None))
        while self._is("else", "{") and bodies:
            begins = self._at
            assign = self._assigned() if self._take("else") else None
            if self._take("if") or self._is("{"):
                bodies.append(self._body(begins, assign))
            else:
                empty = {"span": self._span(begins), "stmts": []}
                bodies.append({"span": self._span(begins), "assign": assign, "query": empty})
        if not bodies and begins == first + 1 and head.get("Compr", {}).get("assign") is None:
            raise Refused(self._token if self._at < len(self._tokens) else self._end)
        return {"Spec": {"span": self._span(first), "head": head, "bodies": bodies}}

    def _assigned(self) -> Node | None:
        first = self._at
        if not self._is(":=", "="):
            return None
        operator = "ColEq" if self._next().value == ":=" else "Eq"
        value = self._expression()
        return {"span": self._span(first), "op": operator, "value": value}

    def _body(self, first: int, assign: Node | None) -> Node:
        begins, expressions = self._at, self.expressions
        # The token is kept and not the error, whose frames would hold it again: such a circle keeps
        # the frames of all callers too, and any thread that collects it drops an engine of theirs.
        refused: Token | None = None
        if self._take("{"):
            try:
                query = self._statements("}", begins)
                if self._at >= len(self._tokens) or self._token.first or self._is("else", "{", ";"):
                    return {"span": self._span(first), "assign": assign, "query": query}
            except Refused as error:
                refused = error.token
        # The braces are those of a set or of an object, or there are none.
        self._at, self.expressions = begins, expressions
        try:
            query = {"stmts": [self._statement()]}
        except Refused as error:
            further = max(refused or error.token, error.token, key=lambda one: one.start)
            raise Refused(further) from None
        query["span"] = self._span(begins)
        return {"span": self._span(first), "assign": assign, "query": query}

    def _statements(self, end: str, first: int) -> Node:
        statements: list[Node] = []
        while not self._is(end):
            before = self._at
            if statements and not self._take(";") and not self._token.first:
                raise Refused(self._token)
            if self._at > before and self._is(end):
                break
            statements.append(self._statement())
        self._expect(end)
        if not statements:
            raise Refused(self._tokens[self._at - 1])
        return {"span": self._span(first), "stmts": statements}

    # Statements

    def _statement(self) -> Node:
        first = self._at
        literal = self._literal()
        found: Node = {"literal": literal}
        modifiers = []
        while self._is("with"):
            begins = self._at
            self._next()
            target = self._reference(calls=False)
            self._expect("as")
            value = self._expression()
            modifiers.append({"span": self._span(begins), "refr": target, "as": value})
        if modifiers:
            found["with_mods"] = modifiers
        return {"span": self._span(first), **found}

    def _literal(self) -> Node:
        first = self._at
        if self._take("some"):
            return self._some(first)
        if self._take("every"):
            key, value = None, self._place()
            if self._take(","):
                key, value = value, self._place()
            self._expect("in")
            domain = self._expression()
            begins = self._at
            self._expect("{")
            query = self._statements("}", begins)
            held = {"key": key, "value": value, "domain": domain, "query": query}
            return {"Every": {"span": self._span(first), **held}}
        if self._take("not"):
            expression = self._assignment()
            return {"NotExpr": {"span": self._span(first), "expr": expression}}
        expression = self._assignment()
        return {"Expr": {"span": self._span(first), "expr": expression}}

    def _assignment(self) -> Node:
        first = self._at
        expression = self._membership()
        if not self._is(":=", "="):
            return expression
        operator = "ColEq" if self._next().value == ":=" else "Eq"
        right = self._membership()
        return self._node("AssignExpr", first, op=operator, lhs=expression, rhs=right)

    def _some(self, first: int) -> Node:
        found = [self._operation(0)]
        while self._take(","):
            found.append(self._operation(0))
        if len(found) <= 2 and self._take("in"):
            key = found[0] if len(found) == 2 else None
            held = {"key": key, "value": found[-1], "collection": self._operation(0)}
            return {"SomeIn": {"span": self._span(first), **held}}
        if not all("Var" in one for one in found):
            raise Refused(self._token)
        # Declared names are places, and no expressions.
        self.expressions -= len(found)
        return {"SomeVars": {"span": self._span(first), "vars": [_place_of(one) for one in found]}}


def _place_of(variable: Node) -> Node:
    return {**variable["Var"]["span"], "text": variable["Var"]["value"]}
