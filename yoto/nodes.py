"""Nodes: resources with permissions, as one int and as one text.

A node is of a type, such as ``channel``, and has an id there: an integer, a UUID or a text. Its
text (``channel:3``, ``document:`` and 32 hex digits, ``file:=a.txt``) is what tables, the log and
Redis call it; people and clients read ``shown_text`` of it, and may write either. Its int is what
memory calls it, in this process alone: the types are numbered as they are met.
"""

from __future__ import annotations

import re
import threading
import uuid
from typing import Any, NamedTuple, TypeAlias

from yoto.errors import ValidationFailed

NodeId: TypeAlias = int | uuid.UUID | str

MAX_ID = (1 << 63) - 1  # the largest value of a BIGINT column
# People's numbers: applications have those above this one, the public has the next.
APPLICATIONS = 1 << 62
PUBLIC_NUMBER = MAX_ID - 1
TYPE_MAX_LENGTH = 32
TEXT_MAX_LENGTH = 255
# Visible ASCII. Keys of Redis escape what separates their parts, and addresses what ends a segment.
TEXT_ID = re.compile(rf"[!-~]{{1,{TEXT_MAX_LENGTH}}}", re.ASCII)
TYPE_NAME = re.compile(rf"[a-z][a-z0-9_]{{0,{TYPE_MAX_LENGTH - 1}}}", re.ASCII)

_INT, _UUID, _TEXT = range(3)
_KIND_BITS, _TYPE_BITS = 2, 10
# The bits from here on are the id.
SHIFT = _KIND_BITS + _TYPE_BITS
_DASHED = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_HEX = re.compile(r"[0-9a-f]{32}", re.ASCII)
DIGITS = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)

_lock = threading.Lock()
# Code 0 belongs to the places that are no nodes.
_names: list[str] = [""]
# By name, the low bits of every node of the type whose id is an integer.
integer_marks: dict[str, int] = {}


def mark_of(type_name: str) -> int:
    """The low bits of nodes of a type with integers for ids; ``id << SHIFT | mark`` is the node.

    Raises:
        ValidationFailed: no name of a type.
    """
    mark = integer_marks.get(type_name)
    if mark is None:
        if not isinstance(type_name, str) or not TYPE_NAME.fullmatch(type_name):
            raise ValidationFailed({"scope": f"unknown scope {type_name!r}"})
        with _lock:
            if type_name not in integer_marks:
                if len(_names) == 1 << _TYPE_BITS:
                    raise ValidationFailed({"scope": "there are too many types of resources"})
                _names.append(type_name)
                integer_marks[type_name] = len(_names) - 1 << _KIND_BITS | _INT
            mark = integer_marks[type_name]
    return mark


def node_key(type_name: str, node_id: NodeId) -> int:
    """A node as one int.

    Raises:
        ValidationFailed: no name of a type, or no id (field ``scope_id``).
    """
    mark = mark_of(type_name)
    if type(node_id) is int:
        if 1 <= node_id <= MAX_ID:
            return node_id << SHIFT | mark
        raise ValidationFailed({"scope_id": f"must be between 1 and {MAX_ID}"})
    if isinstance(node_id, uuid.UUID):
        return node_id.int << SHIFT | mark | _UUID
    if isinstance(node_id, str) and TEXT_ID.fullmatch(node_id):
        return int.from_bytes(node_id.encode(), "big") << SHIFT | mark | _TEXT
    raise ValidationFailed({"scope_id": f"{node_id!r} is no id"})


def type_of(key: int) -> str:
    """The type of a node; empty for places that are none."""
    return _names[key >> _KIND_BITS & (1 << _TYPE_BITS) - 1]


def id_of(key: int) -> NodeId:
    """The id of a node."""
    number, kind = key >> SHIFT, key & (1 << _KIND_BITS) - 1
    if kind == _INT:
        return number
    if kind == _UUID:
        return uuid.UUID(int=number)
    return number.to_bytes((number.bit_length() + 7) // 8, "big").decode()


def text_of(type_name: str, node_id: NodeId) -> str:
    """A node as text."""
    if isinstance(node_id, uuid.UUID):
        return f"{type_name}:{node_id.hex}"
    return f"{type_name}:={node_id}" if isinstance(node_id, str) else f"{type_name}:{node_id}"


def key_text(key: int) -> str:
    """The text of a node that is given as an int."""
    return text_of(type_of(key), id_of(key))


class Place(NamedTuple):
    """Where a check, a grant or an overwrite applies: ``kind`` is ``global``, or the type of the
    node that has ``id`` (a ``NodeId``; None: globally).
    """

    kind: str
    id: Any = None

    def __str__(self) -> str:
        return self.kind if self.id is None else text_of(self.kind, self.id)


GLOBAL_KIND = "global"
GLOBAL = Place(GLOBAL_KIND)


def place_of_text(text: str) -> Place:
    """The place with this text.

    Raises:
        ValueError: no place has it.
    """
    if text == GLOBAL_KIND:
        return GLOBAL
    found = parse_text(text)
    if found is None:
        raise ValueError(f"{text!r} is no place")
    return Place(*found)


def place_key(scope: str | None, scope_id: NodeId | None = None) -> int:
    """The place of a scope: ``None`` or ``"global"``, or the type of a node.

    Raises:
        ValidationFailed: another scope, or an id that is missing or too much.
    """
    if scope is None or scope == GLOBAL_KIND:
        if scope_id is None:
            return 0
        raise ValidationFailed({"scope_id": "the global scope has no id"})
    mark_of(scope)
    if scope_id is None:
        raise ValidationFailed({"scope_id": f"the scope {scope!r} needs an id"})
    return node_key(scope, scope_id)


def key_of_text(text: str) -> int:
    """The node with this text.

    Raises:
        ValueError: no node has it.
    """
    found = parse_text(text)
    if found is None:
        raise ValueError(f"{text!r} is no node")
    return node_key(*found)


# Before the text of the node of an assignment that counts there and not below: no type begins so,
# and code that does not know it finds no node.
HERE_ONLY = "!"


def here_only(text: str) -> str:
    """The text by which an assignment is held at a node alone."""
    return HERE_ONLY + text


def node_held_at(text: str) -> str:
    """The text of the node at which an assignment is held, with all below it or alone."""
    return text.removeprefix(HERE_ONLY)


# Places that are no nodes, as Redis calls them: everywhere, and the account itself.
_NO_NODES = ("g", "a")


def number_in(text: str | None, type_name: str) -> int | None:
    """The number of the node that has this text; None: it is of another type, or has no number."""
    found = None if text is None else parse_text(text)
    if found is None or found[0] != type_name or not isinstance(found[1], int):
        return None
    return found[1]


def shown_text(text: str) -> str:
    """The text of a node as people and clients read it: a UUID with its dashes. Any other text is
    as it was.
    """
    found = parse_text(text)
    if found is None or not isinstance(found[1], uuid.UUID):
        return text
    return f"{found[0]}:{found[1]}"


def stored_text(text: str) -> str:
    """The text that tables have of a node, however its UUID was written. Any other text is as it
    was.
    """
    type_name, separator, rest = text.partition(":")
    if not separator or not _DASHED.fullmatch(rest):
        return text
    return f"{type_name}:{uuid.UUID(rest).hex}"


def place_text(key: int) -> str:
    """The name of a cache place in Redis, in all processes alike."""
    return _NO_NODES[key] if key < len(_NO_NODES) else key_text(key)


def key_of_place_text(text: str) -> int:
    """The place with this text; raises as ``key_of_text``."""
    return _NO_NODES.index(text) if text in _NO_NODES else key_of_text(text)


def parse_text(text: str) -> tuple[str, NodeId] | None:
    """Type and id of the node that has this text; None: no node has it."""
    type_name, separator, rest = text.partition(":")
    if not separator or not TYPE_NAME.fullmatch(type_name):
        return None
    if DIGITS.fullmatch(rest) and int(rest) <= MAX_ID:
        return type_name, int(rest)
    if _HEX.fullmatch(rest):
        return type_name, uuid.UUID(hex=rest)
    if rest.startswith("=") and TEXT_ID.fullmatch(rest[1:]):
        return type_name, rest[1:]
    return None
