"""Functions of the application that report about people, and their settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from yoto.errors import ConfigurationError

MAX_AGE, DEADLINE = 60.0, 2.0  # s
# s; changes of attributes are not reported.
ATTRIBUTES_AGE = 5.0


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """An application's report about one person.

    Attributes:
        name: a name to show.
        disabled: may do nothing.
        super_admin: may do everything.
        epoch: an integer that grows when credentials that were made before count no longer.
    """

    name: str
    disabled: bool = False
    super_admin: bool = False
    epoch: int = 0

    def __post_init__(self) -> None:
        # A value that is merely truthy or falsy would decide about rights.
        for field_, kind in (("name", str), ("disabled", bool), ("super_admin", bool)):
            value = getattr(self, field_)
            if type(value) is not kind:
                raise TypeError(f"{field_} must be a {kind.__name__}, not {value!r}")
        if type(self.epoch) is not int or not 0 <= self.epoch < 2**60:
            raise TypeError(f"epoch must be an integer from 0, not {self.epoch!r}")


@dataclass(frozen=True, slots=True)
class ProvidedRole:
    """A role that a person holds by the application's report.

    Attributes:
        role: its name, byte by byte.
        at: the node at which it is held, with all that is below it, type and id; None: wherever the
            role counts.
        home: the node that the role belongs to, type and id; None: it is a global role.
        until: when it ends, with a time zone; None: when the application reports it no longer.
    """

    role: str
    at: tuple[str, Any] | None = None
    home: tuple[str, Any] | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.role, str):
            raise TypeError(f"role must be a name, not {self.role!r}")
        for field_ in ("at", "home"):
            node = getattr(self, field_)
            if node is not None and not (
                isinstance(node, tuple) and len(node) == 2 and isinstance(node[0], str)
            ):
                raise TypeError(f"{field_} must be a type and an id, not {node!r}")
        if self.until is not None and (
            not isinstance(self.until, datetime) or self.until.utcoffset() is None
        ):
            raise TypeError(f"until must be a datetime with a time zone, not {self.until!r}")


# From some ids to the known facts of each; ids that are left out are unknown.
Facts: TypeAlias = Callable[[list[Any]], Mapping[Any, PersonFacts]]
# From some ids to the roles of each; ids that are left out have none.
Roles: TypeAlias = Callable[[list[Any]], Mapping[Any, Iterable[str | ProvidedRole]]]
# From some ids to the attributes of each, JSON data; nothing is known of ids that are left out.
Attributes: TypeAlias = Callable[[list[Any]], Mapping[Any, Mapping[str, Any]]]


@dataclass(frozen=True)
class Asked:
    """A function of the application for people or resources, with its settings.

    Attributes:
        function: from at most 1,000 ids to its report about each.
        max_age: seconds for which a response counts.
        deadline: seconds that a response may take.
    """

    function: Callable[[list[Any]], Mapping[Any, Any]]
    max_age: float
    deadline: float

    @classmethod
    def checked(cls, key: str, function: Any, max_age: float, deadline: float) -> Asked:
        """The declaration from an application's value.

        Raises:
            ConfigurationError: no function, or a value that is no time; it names ``key``.
        """
        if not callable(function):
            raise ConfigurationError(key, f"{function!r} is no function")
        for name, seconds in (("max_age", max_age), ("deadline", deadline)):
            if not 0 < seconds <= 86_400:
                raise ConfigurationError(key, f"{name}: must be seconds, up to a day")
        return cls(function, max_age, deadline)


def roles_by(function: Roles, *, max_age: float = MAX_AGE, deadline: float = DEADLINE) -> Asked:
    """Roles from a function of the application: from groups of a directory, say, or claims.

    They count beside assigned roles, at the same places, and give no rank.

    Args:
        function: given a list of ids of people, at most 1,000, gives a mapping from those who hold
            roles to these: names of global roles, or ``ProvidedRole``. It is called in a thread of
            its own, in an app context and outside of any request.
        max_age: seconds for which a response counts, unless ``roles_changed`` ends it before.
        deadline: seconds that a response may take; a later one counts as none.

    Raises:
        ConfigurationError: no function, or a value that is no time.
    """
    return Asked.checked("roles", function, max_age, deadline)


def attributes_by(
    function: Attributes, *, max_age: float = ATTRIBUTES_AGE, deadline: float = DEADLINE
) -> Asked:
    """Attributes for policies from a function of the application.

    The attributes belong to resources of a type, or to people.

    Args:
        function: given a list of ids, at most 1,000, gives a mapping from each to its attributes:
            JSON data, at most 32 names and 8,000 bytes. An id without attributes has an empty
            mapping: one that is left out is unknown, which denies. It is called in a thread of its
            own, in an app context and outside of any request.
        max_age: seconds for which a response counts.
        deadline: seconds that a response may take; a later one counts as none.

    Raises:
        ConfigurationError: no function, or a value that is no time.
    """
    return Asked.checked("attributes", function, max_age, deadline)


def provided(attributes: Any) -> Asked | None:
    """The function in a declaration of attributes; None: they are columns."""
    if isinstance(attributes, Asked):
        return attributes
    return attributes_by(attributes) if callable(attributes) else None
