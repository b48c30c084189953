"""Declarations of operations.

A function's parameters are the operation's inputs: those named in the path come from there, others
from the query of a ``GET``, or of a ``DELETE`` by people, else from the body. They are annotated
with the shapes of ``yoto.http.shapes``, or with a ``Common`` meaning of this module. The function
returns a ``TypedDict`` or a dataclass, whose fields are annotated likewise, or nothing. Its
docstring is the operation's title in the API document and the terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import cached_property
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias, TypeVar

import marshmallow as ma

from yoto.http.paging import PAGE_MAX
from yoto.http.shapes import Between, Parameter, parts_of
from yoto.nodes import MAX_ID

F = TypeVar("F", bound=Callable[..., Any])

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
# The name of an operator's right, or a decorator that admits people, as it does a view by hand.
Right: TypeAlias = str | Callable[[Any], Any]


class Common(Enum):
    """Marks of parameters that mean the same in every operation."""

    REASON = "reason"
    ACTOR = "actor"
    AUTHOR = "author"
    VERSION = "version"
    UNTIL = "until"


# The operator's reason, kept in the audit log.
Reason = Annotated[str, Common.REASON]
# The reason of a person, who may leave it out.
Why = Annotated[str | None, Common.REASON]
# The signed-in caller of the application's API.
Actor = Annotated[int, Common.ACTOR]
# The author as records name them: ``user:42``, ``break_glass`` or ``cli:anna``.
Author = Annotated[str, Common.AUTHOR]
# The version that the operator saw (``If-Match``); with the default None any version will do.
# Without a default its commands have ``--version``.
SeenVersion = Annotated[int | None, Common.VERSION]
# The moment at which the change ends by itself; None: an operator must end it.
Until = Annotated[datetime | None, Common.UNTIL]
# A slice of a list: so many items, behind a cursor.
After = Annotated[int | None, Between(0, MAX_ID), "The `next` of the page before"]
Limit = Annotated[int, Between(1, PAGE_MAX)]


class Table(NamedTuple):
    """A file as CSV.

    Attributes:
        columns: the header.
        row: gives the cells of one item; None is an empty cell.
    """

    columns: tuple[str, ...]
    row: Callable[[Any], Sequence[Any]]


class Command(NamedTuple):
    """A command of the terminal that carries out an operation.

    Attributes:
        name: words after ``flask`` and the group.
        fixed: parameters whose values the command gives by itself.
        arguments: parameters that are given without ``--name``, beside those of the path.
        called: names of parameters in the command, where they differ.
        text: makes lines for people from the result and, by name, the given parameters.
        has_json: whether it can print the result as JSON.
    """

    name: str
    text: Callable[..., Iterable[str]]
    help: str | None = None
    fixed: Mapping[str, Any] = {}
    arguments: tuple[str, ...] = ()
    called: Mapping[str, str] = {}
    has_json: bool = True


@dataclass(frozen=True)
class Operation:
    """One thing that operators, or the people of an application, can see or do.

    Attributes:
        right: for operators the name of a right, for people a decorator, as on a view.
        body: the name of its input in the API document; or, where annotations do not suffice, its
            schema, whose fields are parameters of the function.
        changes: whether it changes anything; an operator must then give a ``Reason``. A ``GET``
            never does.
        once: whether people may name it by an ``Idempotency-Key``; operators always may.
        some: the error if all parameters that may be ``LEFT_OUT`` are; "": that is allowed.
        location: where the new thing can be read: the name of the operation that reads it, and the
            attribute of the result that its address contains.
        tagged: whether the ``version`` of its result is sent as ``ETag``.
        status: the response's status; 204 if it returns nothing.
        also: further statuses of errors, which do not follow from its parameters.
        secret: whether the response shows a secret that is shown only once.
        file: the name under which browsers save the array that it iterates over.
        table: the same as CSV, for requests with ``format=csv``.
    """

    function: Callable[..., Any]
    method: str
    path: str
    right: Right
    commands: tuple[Command, ...] = ()
    body: str | type[ma.Schema] | None = None
    changes: bool = True
    once: bool = False
    some: str = ""
    location: tuple[str, str] | None = None
    tagged: bool = False
    status: int = 200
    also: tuple[int, ...] = ()
    secret: bool = False
    file: str | None = None
    table: Table | None = None

    def in_path(self, name: str) -> bool:
        """Whether the parameter is in the path."""
        return f"<{name}>" in self.path or f":{name}>" in self.path

    @property
    def in_query(self) -> bool:
        """Whether the other parameters are in the query; operators send a body to delete."""
        return self.method == "GET" or (self.method == "DELETE" and callable(self.right))

    @cached_property
    def _parts(self) -> Sequence[Parameter]:
        return parts_of(self.function)

    @property
    def parameters(self) -> Sequence[Parameter]:
        """All parameters of the function."""
        return self._parts[:-1]

    def takes(self, meaning: Common) -> Parameter | None:
        """The parameter with this common meaning, if there is one."""
        return next((one for one in self.parameters if one.note(Common) is meaning), None)

    @property
    def answer(self) -> Any:
        """The class of the result; None: it returns nothing."""
        return self._parts[-1].kind


@dataclass
class Subject:
    """The subject of some operations, such as locks.

    Attributes:
        path: after ``/control/api``, or after that of the application's API.
        title: its title in the API document.
        noun: the word for one of them in errors about unknown ones.
        group: the words of its commands after ``flask``, if it has any.
        help: the group's help in the terminal.
        names: the names of classes in the API document where they differ, or their schemas.
    """

    name: str
    path: str
    title: str
    noun: str
    group: str = ""
    help: str = ""
    names: Mapping[Any, Any] = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)

    def operation(
        self, method: Method, path: str, right: Right, *commands: Command, **more: Any
    ) -> Callable[[F], F]:
        """Declare a function; ``more`` as in ``Operation``.

        Raises:
            TypeError: operators change something by the function, but it takes no ``Reason``.
        """

        def declare(function: F) -> F:
            found = Operation(function, method, path, right, commands, **more)
            reason = found.takes(Common.REASON)
            changes = isinstance(right, str) and method != "GET" and found.changes
            if changes and (reason is None or reason.optional):
                raise TypeError(f"{function.__name__} changes something, and demands no reason")
            self.operations.append(found)
            return function

        return declare
