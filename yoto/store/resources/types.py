"""An application's declared types of resources."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from flask import Flask, current_app
from sqlalchemy import Column, ColumnElement, FromClause, Table, func, true

from yoto.errors import ConfigurationError, ValidationFailed
from yoto.nodes import DIGITS, GLOBAL_KIND, MAX_ID, TEXT_ID, TEXT_MAX_LENGTH, NodeId, Place, mark_of
from yoto.store.asked import Asked

EXTENSION = "yoto.resources"
# Names with another meaning where a type could stand.
RESERVED = frozenset(
    {
        GLOBAL_KIND,
        "user",
        "role",
        "team",
        "application",
        "policy",
        "memory",
        "everyone",
        "public",
        "group",
        "all",
    }
)


class Parent(NamedTuple):
    """A type that the parent of a node may be of, and the column with its id there."""

    type: str
    column: ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class Members:
    """The members of the nodes of a type.

    Attributes:
        node: the column with the node's id.
        person: the column with the person's own id.
        banned: where true, the person does not belong.
        timeout_until: the end of a person's time-out.
    """

    table: Table
    node: Column[Any]
    person: Column[Any]
    banned: ColumnElement[bool] | None = None
    timeout_until: ColumnElement[Any] | None = None

    @property
    def belonging(self) -> ColumnElement[bool]:
        """Whether the person of a row belongs to its node; an unknown ban counts as one."""
        return true() if self.banned is None else func.coalesce(self.banned, true()) != true()


class Sync(NamedTuple):
    """The node whose overwrites replace a node's own.

    It is of ``type``, by ``id``; NULL: the node has its own.

    Attributes:
        lender: its id also while the node has its own overwrites, where that is known.
    """

    type: str
    id: ColumnElement[Any]
    lender: ColumnElement[Any]


@dataclass(frozen=True, eq=False)
class ResourceType:
    """A type of resources over a mapped class of the application's.

    Attributes:
        parents: the first of them whose column has a value gives the node above.
        owner: the column with the id of the person who owns a node.
        gate: without this permission no other one at a node counts.
        administrator: this permission at a node implies all others there.
        audit: with this permission at a node that has members, a user may query others' permissions
            there and below; None: with the permission to administer.
        approver: with this permission at a node a user may lend others the rights that they request
            there; None: with the permission to administer.
        shares: permissions, each with the names of declared roles that its holders at a node give
            and take there.
        label: the column with the name that people know a node by; None: they know its id alone.
        remaining: the permissions that remain in a time-out.
        shared: grants at a node also hold for people who are not members.
        attributes: columns that policies read, by name.
        attributes_by: the function that gives the attributes instead.
        nested: the most nodes of the type one below the other.
        askable: whether permissions there can be checked.
        registered: its nodes are rows of the platform's own (``yoto.store.models.Resource``), where
            people have their numbers.
    """

    name: str
    model: Any
    table: FromClause
    id: ColumnElement[Any]
    id_type: type[Any]
    parents: tuple[Parent, ...] = ()
    owner: ColumnElement[Any] | None = None
    members: Members | None = None
    sync: Sync | None = None
    gate: str | None = None
    administrator: str | None = None
    audit: str | None = None
    approver: str | None = None
    shares: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    label: ColumnElement[Any] | None = None
    remaining: tuple[str, ...] = ()
    shared: bool = False
    attributes: Mapping[str, ColumnElement[Any]] = field(default_factory=dict)
    attributes_by: Asked | None = None
    nested: int = 1
    askable: bool = True
    registered: bool = False

    @property
    def key(self) -> str:
        """The name of the column of the ids."""
        return str(self.id.key)

    def place(self, node_id: Any, field_name: str = "scope_id") -> Place:
        """The node with this id, also as a URL spells it.

        Raises:
            ValidationFailed: not an id of this type.
        """
        return Place(self.name, self.checked(node_id, field_name))

    def spelled(self, text: str, field_name: str) -> NodeId:
        """The id that a text spells, as an address or a command does; raises as ``place``."""
        if self.id_type is not int:
            return self.checked(text, field_name)
        if not DIGITS.fullmatch(text) or int(text) > MAX_ID:
            raise ValidationFailed({field_name: f"must be between 1 and {MAX_ID}"})
        return int(text)

    def checked(self, node_id: Any, field_name: str) -> NodeId:
        """The id itself; raises as ``place``."""
        wanted = self.id_type
        if wanted is uuid.UUID and isinstance(node_id, str):
            try:
                return uuid.UUID(node_id)
            except ValueError:
                raise ValidationFailed({field_name: "must be a UUID"}) from None
        if type(node_id) is not wanted and not (wanted is not int and isinstance(node_id, wanted)):
            kind = "an integer" if wanted is int else f"a {wanted.__name__}"
            raise ValidationFailed({field_name: f"must be {kind}, not {type(node_id).__name__}"})
        if wanted is int and not 1 <= node_id <= MAX_ID:
            raise ValidationFailed({field_name: f"must be between 1 and {MAX_ID}"})
        if wanted is str and not TEXT_ID.fullmatch(node_id):
            raise ValidationFailed(
                {field_name: f"must be 1 to {TEXT_MAX_LENGTH} visible ASCII characters"}
            )
        found: NodeId = node_id
        return found


class ResourceTypes:
    """The types of one application, in the order in which they were declared."""

    def __init__(self) -> None:
        self._types: dict[str, ResourceType] = {}
        self._lines: dict[str, tuple[ResourceType, ...]] = {}
        # Values derived from a type once, by the first reader.
        self.made: dict[Any, Any] = {}

    def add(self, declared: ResourceType) -> None:
        """Add a type.

        Raises:
            ConfigurationError: there is one of its name, or the name means something else.
        """
        name = declared.name
        if name in RESERVED:
            raise ConfigurationError(
                "resource",
                f"{name!r} cannot be a type: in answers, logs and the audit log '{name}:...' is"
                " something else already; call it otherwise",
            )
        if name in self._types:
            raise ConfigurationError("resource", f"there is a scope {name!r} already")
        try:
            mark_of(name)
        except ValidationFailed:
            raise ConfigurationError(
                "resource", f"{name!r} is no name: small letters, digits and '_', at most 32"
            ) from None
        self._types[name] = declared
        self._lines.clear()
        self.made.clear()

    def find(self, name: str) -> ResourceType | None:
        """The type of that name; None: there is none."""
        return self._types.get(name)

    def get(self, name: Any, *, asked: bool = False) -> ResourceType:
        """The type of that name; raises if there is none.

        Args:
            asked: accept only a type whose permissions can be checked.

        Raises:
            ValidationFailed: there is none (field ``scope``).
        """
        found = self._types.get(name) if isinstance(name, str) else None
        if found is None or (asked and not found.askable):
            allowed = ", ".join((GLOBAL_KIND, *(one.name for one in self if one.askable)))
            raise ValidationFailed({"scope": f"unknown scope {name!r}: use one of {allowed}"})
        return found

    def of_model(self, table: Any) -> ResourceType | None:
        """The type whose nodes are the rows of ``table``; None: there is none."""
        return next((one for one in self if one.table is table), None)

    def line(self, name: str) -> tuple[ResourceType, ...]:
        """The type and all that its nodes can be below: each before those above it.

        Raises:
            ConfigurationError: types that are below each other, a parent that is not declared, or
                people who belong to two types of one line.
        """
        if name not in self._lines:
            self._lines[name] = self._sorted(name)
        return self._lines[name]

    def below(self, name: str) -> list[ResourceType]:
        """The types whose nodes can be below nodes of this one; itself, too, where it nests."""
        return [
            one
            for one in self
            if (one.name != name and any(above.name == name for above in self.line(one.name)))
            or (one.name == name and one.nested > 1)
        ]

    def homes_of(self, name: str) -> list[ResourceType]:
        """The types that people belong to and nodes of this type can be below."""
        return [one for one in self.line(name) if one.members is not None]

    def high_of(self, name: str) -> set[str]:
        """The names of these types, and of all types above one."""
        return {above.name for home in self.homes_of(name) for above in self.line(home.name)}

    def __iter__(self) -> Iterator[ResourceType]:
        return iter(self._types.values())

    def _sorted(self, name: str) -> tuple[ResourceType, ...]:
        found: list[ResourceType] = []
        walked: list[str] = []

        def visit(current: str) -> None:
            if current in walked:
                raise ConfigurationError("resource", f"'{current}' is below itself by others")
            declared = self._types.get(current)
            if declared is None:
                raise ConfigurationError("resource", f"'{current}' is not declared")
            if declared in found:
                return
            walked.append(current)
            for parent in declared.parents:
                if parent.type != current:
                    visit(parent.type)
            walked.pop()
            found.append(declared)

        visit(name)
        line = tuple(reversed(found))
        for one in line[1:] if line[0].members is not None else ():
            if one.members is not None:
                raise ConfigurationError(
                    "resource", f"people belong to '{name}', and to '{one.name}' above it"
                )
        for above in line[1:]:
            self.line(above.name)
        return line


def types_of(app: Flask) -> ResourceTypes:
    """The types of ``app``."""
    found: ResourceTypes = app.extensions.setdefault(EXTENSION, ResourceTypes())
    return found


_NONE = ResourceTypes()


def known_types() -> ResourceTypes:
    """The types of the current application; none outside of one."""
    if not current_app:
        return _NONE
    return types_of(current_app._get_current_object())  # type: ignore[attr-defined]
