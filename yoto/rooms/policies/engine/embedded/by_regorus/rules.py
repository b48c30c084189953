"""Rewrites rules into the form that regorus needs.

Where a head has no value for one binding of its body, regorus loses the values of the others; so
the value of a head is computed in the body, as OPA's compiler does, too. A rule for a key of its
own beside one for any key gets a variable for that key, and an object among arguments is taken
apart in the body. A function whose ``else`` has no value gets ``true``, which regorus would leave
undefined. A variable of ``every`` is declared once more inside, where regorus would bind it anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from yoto.rooms.policies.engine.embedded.by_regorus.objects import (
    CLOSES,
    OPENS,
    Edits,
    Piece,
    shaped,
    span_of,
)
from yoto.rooms.policies.portable.objects import holds_object
from yoto.rooms.policies.portable.syntax import name_of, nodes, text_of

Moved = list[tuple[Piece, ...]]

_LITERALS = ("String", "RawString", "Number", "Bool", "Null")


def rewrite_rule(rule: Any, edits: Edits, mixed: frozenset[int]) -> None:
    """Write one rule.

    Args:
        mixed: the parts of its reference that need a variable, from the end of the reference.
    """
    spec = rule["Spec"]
    ((kind, head),) = spec["head"].items()
    before = [*_arguments(kind, head, edits), *_keys(head["refr"], edits, mixed)]
    bodies = spec["bodies"]
    is_moved = _has_several(spec) or len(bodies) > 1
    after = _values(kind, head, edits) if is_moved else []
    if kind == "Compr" and head["assign"] is None and _is_partial(head["refr"], mixed):
        edits.insert(span_of(head["refr"])[1], " := true")
    if not bodies:
        _without_body(spec, before, after, edits)
    for body in bodies:
        own = after
        if edits.source.startswith("else", body["span"]["start"]):
            own = _moved([body["assign"]["value"]], edits) if body["assign"] else []
            if kind == "Func" and not body["assign"]:
                edits.insert(body["span"]["start"] + len("else"), " := true")
        _extend(body, before, own, edits)


def rewrite_every(node: Any, edits: Edits) -> None:
    """Write one ``every``, where its variables might be bound anew."""
    query = node["query"]
    for place in (node["key"], node["value"]):
        if place is not None and _may_be_bound(place["text"], query):
            name = edits.name()
            edits.replace_text(place["start"], place["end"], name)
            edits.insert(query["span"]["start"] + 1, f" {place['text']} := {name};")


def _may_be_bound(name: str, query: Any) -> bool:
    """Whether a variable stands at a place that may give it a value."""
    patterns: list[Any] = [call["Call"]["params"][-1:] for call in nodes(query, "Call")]
    for assign in nodes(query, "AssignExpr"):
        if assign["AssignExpr"]["op"] != "ColEq":
            patterns += [assign["AssignExpr"]["lhs"], assign["AssignExpr"]["rhs"]]
    variables = (one for pattern in patterns for one in _places(pattern))
    return name != "_" and name in variables


def _places(pattern: Any) -> Iterator[str]:
    if isinstance(pattern, list):
        for one in pattern:
            yield from _places(one)
    elif "Var" in pattern:
        yield pattern["Var"]["value"]
    elif "Array" in pattern:
        yield from _places(pattern["Array"]["items"])
    elif "Object" in pattern:
        yield from _places([value for _, _, value in pattern["Object"]["fields"]])


def _arguments(kind: str, head: Any, edits: Edits) -> Moved:
    found: Moved = []
    for argument in head["args"] if kind == "Func" else ():
        if holds_object(argument):
            name = edits.name()
            if any(True for _ in nodes(argument, "Var")):
                found.append((span_of(argument), " := ", *shaped((name,), argument, edits.source)))
            else:
                found.append((name, " == ", span_of(argument)))
            edits.replace(argument, name)
    return found


def _keys(reference: Any, edits: Edits, mixed: frozenset[int]) -> Moved:
    found: Moved = []
    node, place = reference, 0
    while "RefDot" in node or "RefBrack" in node:
        kind = next(iter(node))
        if place in mixed:
            name = edits.name()
            edits.replace_text(span_of(node[kind]["refr"])[1], span_of(node)[1], f"[{name}]")
            text = node[kind]["field"][1] if kind == "RefDot" else None
            key: Piece = f'"{text}"' if text is not None else span_of(node[kind]["index"])
            found.append((name, " := ", key))
        node, place = node[kind]["refr"], place + 1
    return found


def _values(kind: str, head: Any, edits: Edits) -> Moved:
    several = [one["RefBrack"]["index"] for one in nodes(head["refr"], "RefBrack")]
    if kind == "Set":
        several.append(head["key"])
    elif head["assign"] is not None:
        several.append(head["assign"]["value"])
    return _moved(several, edits)


def _moved(several: Iterable[Any], edits: Edits) -> Moved:
    found: Moved = []
    for node in several:
        if not _is_plain(node):
            name = edits.name()
            edits.replace(node, name)
            found.append((name, " := ", span_of(node)))
    return found


def _is_plain(node: Any) -> bool:
    ((kind, held),) = node.items()
    if kind == "Var":
        return bool(held["value"] != "_")
    if kind in ("Array", "Set"):
        return all(_is_plain(one) for one in held["items"])
    if kind == "Object":
        return all(_is_plain(key) and _is_plain(value) for _, key, value in held["fields"])
    return kind in _LITERALS


def _has_several(spec: Any) -> bool:
    """Whether a body may hold for several bindings."""
    for node in nodes(spec, "SomeIn", "SomeVars", "RefBrack", "Call"):
        ((kind, held),) = node.items()
        if kind == "RefBrack":
            if not any(one in held["index"] for one in _LITERALS):
                return True
        elif kind != "Call" or name_of(held["fcn"]) == "walk":
            return True
    return False


def _is_partial(reference: Any, mixed: frozenset[int]) -> bool:
    brackets = [one["RefBrack"]["index"] for one in nodes(reference, "RefBrack")]
    return bool(mixed) or any(text_of(index) is None for index in brackets)


def _without_body(spec: Any, before: Moved, after: Moved, edits: Edits) -> None:
    if before or after:
        inside = _joined([*before, *after])
        edits.insert(spec["span"]["end"], " if { ", *inside, " }", order=CLOSES)


def _extend(body: Mapping[str, Any], before: Moved, after: Moved, edits: Edits) -> None:
    query, statements = body["query"], body["query"]["stmts"]
    # A check may follow its one statement.
    assigns = any(True for _ in nodes(statements, "AssignExpr"))
    if not before and not after and not assigns:
        return
    if not statements:
        inside = _joined([*before, *after])
        edits.insert(body["span"]["end"], " if { ", *inside, " }", order=CLOSES)
        return
    start, end = query["span"]["start"], query["span"]["end"]
    in_braces = statements[0]["span"]["start"] > start
    first: list[Piece] = [*_joined(before), "; "] if before else []
    last: list[Piece] = []
    if after:
        gap = edits.source[statements[-1]["span"]["end"] : end - 1] if in_braces else ""
        last = [" " if "\n" in gap else "; ", *_joined(after)]
    if in_braces and (before or after):
        edits.insert(start + 1, " ", *first, order=OPENS)
        edits.insert(end - 1, *last, order=CLOSES)
    elif not in_braces:
        edits.insert(start, "{ ", *first, order=OPENS)
        edits.insert(end, *last, " }", order=CLOSES)


def _joined(several: Moved) -> list[Piece]:
    found: list[Piece] = []
    for one in several:
        found += ("; ", *one) if found else one
    return found
