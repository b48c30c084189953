"""How an operation is declared.

A function's parameters say what it takes: those named in the path come from there, others from the
query of a ``GET`` or the body of anything else. Their annotations are those of
``yoto.http.shapes``, and the kinds of this module for what all acts have in common. What it returns
is a ``TypedDict`` or a dataclass, whose fields are annotated likewise, or nothing. Its docstring is
what the API document and the terminal call it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import cached_property
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

from yoto.http.paging import PAGE_MAX
from yoto.http.shapes import Between, Parameter, parts_of
from yoto.nodes import MAX_ID

F = TypeVar("F", bound=Callable[..., Any])

Method = Literal["GET", "POST", "PUT", "DELETE"]


class Common(Enum):
    """Notes of a parameter that it means the same in every act."""

    REASON = "reason"
    AUTHOR = "author"
    VERSION = "version"
    UNTIL = "until"


# Why, in the operator's words; the audit log has it.
Reason = Annotated[str, Common.REASON]
# Who acts, as records name authors: ``user:42``, ``break_glass`` or ``cli:anna``.
Author = Annotated[str, Common.AUTHOR]
# The version that the operator saw (``If-Match``); a default of None: whatever there is will do.
# Without a default its commands have ``--version``.
SeenVersion = Annotated[int | None, Common.VERSION]
# When it is over by itself; None: somebody must end it.
Until = Annotated[datetime | None, Common.UNTIL]
# A slice of a list: so many items, behind a cursor.
After = Annotated[int | None, Between(0, MAX_ID), "The `next` of the page before"]
Limit = Annotated[int, Between(1, PAGE_MAX)]


class Table(NamedTuple):
    """A file as CSV.

    Attributes:
        columns: its head.
        row: the cells of one item; None is an empty one.
    """

    columns: tuple[str, ...]
    row: Callable[[Any], Sequence[Any]]


class Command(NamedTuple):
    """A command of the terminal that carries out an operation.

    Attributes:
        name: words after ``flask``, the group's left out.
        fixed: what the command says itself of what the operation takes.
        arguments: parameters that are given without ``--name``, beside those of the path.
        called: what the command calls parameters that it does not call by their names.
        text: lines for people, of the result and, by name, of what was given.
    """

    name: str
    text: Callable[..., Iterable[str]]
    help: str | None = None
    fixed: Mapping[str, Any] = {}
    arguments: tuple[str, ...] = ()
    called: Mapping[str, str] = {}


@dataclass(frozen=True)
class Operation:
    """One thing that operators can see or do.

    Attributes:
        body: what the API document calls what it takes.
        changes: whether it changes anything, which takes a ``Reason``; no ``GET`` does.
        tagged: whether the ``version`` of what it returns is its ``ETag``.
        status: of the answer; 204 where it returns nothing.
        also: further statuses of errors, which do not follow from what it takes.
        secret: whether the answer shows what is shown but once.
        file: the name under which browsers save the array that it iterates over.
        table: the same as CSV, for whoever asks for it by ``format``.
    """

    function: Callable[..., Any]
    method: str
    path: str
    right: str
    commands: tuple[Command, ...] = ()
    body: str | None = None
    changes: bool = True
    tagged: bool = False
    status: int = 200
    also: tuple[int, ...] = ()
    secret: bool = False
    file: str | None = None
    table: Table | None = None

    def in_path(self, name: str) -> bool:
        """Whether the path names a parameter."""
        return re.search(rf"[<:]{name}>", self.path) is not None

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """All that the function takes."""
        return tuple(parts_of(self.function)[:-1])

    def takes(self, meaning: Common) -> Parameter | None:
        """The parameter that means this, if there is one."""
        return next((one for one in self.parameters if one.note(Common) is meaning), None)

    @cached_property
    def answer(self) -> Any:
        """The class of what it returns if there is such a thing; None: it returns nothing."""
        return parts_of(self.function)[-1].kind


@dataclass
class Subject:
    """What operations are about, such as locks.

    Attributes:
        path: after ``/control/api``.
        title: what the API document calls it.
        noun: one of them, as an error says that there is none.
        group: the words of its commands after ``flask``, if it has any.
        help: what the terminal says of the group.
        names: what the API document calls classes that have another name there, or their schemas.
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
        self, method: Method, path: str, right: str, *commands: Command, **more: Any
    ) -> Callable[[F], F]:
        """Declare a function; ``more`` as in ``Operation``.

        Raises:
            TypeError: it changes something, and takes no ``Reason``.
        """

        def declare(function: F) -> F:
            found = Operation(function, method, path, right, commands, **more)
            if method != "GET" and found.changes and not found.takes(Common.REASON):
                raise TypeError(f"{function.__name__} changes something, and takes no reason")
            self.operations.append(found)
            return function

        return declare
