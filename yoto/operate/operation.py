"""How an operation is declared.

A function's parameters say what it takes: those named in the path come from there, others from the
query of a ``GET`` or the body of anything else. Their annotations are plain types (``int``,
``str``, ``bool``, ``Literal``, or one of these with ``None``), with a text for their description,
``Between`` for their bounds or a ``partial`` of a marshmallow field where plain types say too
little, and the kinds of this module for what all acts have in common. What it returns is a
``TypedDict`` or a dataclass, whose fields are annotated likewise. Its docstring is what the API
document and the terminal call it.
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property, partial
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin

from yoto.http.fields import MAX_ID
from yoto.http.paging import PAGE_MAX

F = TypeVar("F", bound=Callable[..., Any])
N = TypeVar("N")

# The annotations of a function, ``TypedDict`` or dataclass, with their notes.
hints_of = partial(typing.get_type_hints, include_extras=True)
REQUIRED = inspect.Parameter.empty
_IN_PATH = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")


class Between(NamedTuple):
    """The bounds of a number, both included; ``above``: the least is not."""

    least: float
    most: float
    above: bool = False


class Seconds(Between):
    """The bounds of how long something lasts; at a terminal it is written like 90, 15m or 2h."""


class Choices(NamedTuple):
    """What a text may be, where that is no ``Literal`` and no enum."""

    choices: tuple[str, ...]


class Common(NamedTuple):
    """A parameter that means the same in every act."""

    name: Literal["reason", "author", "version", "until"]


# Why, in the operator's words; the audit log has it.
Reason = Annotated[str, Common("reason")]
# Who acts, as records name authors: ``user:42``, ``break_glass`` or ``cli:anna``.
Author = Annotated[str, Common("author")]
# The version that the operator saw (``If-Match``); a default of None: whatever there is will do.
# Without a default its commands have ``--version``.
SeenVersion = Annotated[int | None, Common("version")]
# When it is over by itself; None: somebody must end it.
Until = Annotated[datetime | None, Common("until")]
# A slice of a list: so many items, behind a cursor.
After = Annotated[int | None, Between(0, MAX_ID), "The `next` of the page before"]
Limit = Annotated[int, Between(1, PAGE_MAX)]


class Parameter(NamedTuple):
    """What an operation takes; its ``default`` is ``REQUIRED`` where it must be given."""

    name: str
    hint: Any
    default: Any

    @property
    def parts(self) -> Hint:
        """Its annotation taken apart."""
        return taken_apart(self.hint)

    @property
    def common(self) -> str | None:
        """Which one it is of those that mean the same in every act, if it is one."""
        found = self.parts.note(Common)
        return None if found is None else found.name


class Hint(NamedTuple):
    """An annotation taken apart: ``Annotated[kind | None, *notes]``."""

    kind: Any
    optional: bool
    notes: tuple[Any, ...]

    def note(self, kind: type[N]) -> N | None:
        """The note of a kind: a text describes, ``Between`` bounds a number."""
        return next((one for one in self.notes if isinstance(one, kind)), None)

    @property
    def values(self) -> Any:
        """What the values of a mapping are; None: it is no mapping."""
        return get_args(self.kind)[1] if get_origin(self.kind) in (dict, Mapping) else None

    @property
    def choices(self) -> Iterable[str] | None:
        """The texts that it may be; None: any."""
        if get_origin(self.kind) is Literal:
            return get_args(self.kind)
        if isinstance(self.kind, type) and issubclass(self.kind, StrEnum):
            return [one.value for one in self.kind]
        found = self.note(Choices)
        return None if found is None else found.choices


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
        refuses: whether what the path says may be refused (422).
        secret: whether the answer shows what is shown but once.
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
    refuses: bool = False
    secret: bool = False

    @cached_property
    def in_path(self) -> Collection[str]:
        """The parameters that the path names."""
        return _IN_PATH.findall(self.path)

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """All that the function takes."""
        hints = hints_of(self.function)
        signature = inspect.signature(self.function).parameters
        return tuple(Parameter(name, hints[name], one.default) for name, one in signature.items())

    def takes(self, common: str) -> Parameter | None:
        """The parameter that is one of those that mean the same in every act, if it takes that."""
        return next((one for one in self.parameters if one.common == common), None)

    @cached_property
    def answer(self) -> Any:
        """The class of what it returns, which may be None where there is no such thing; None where
        it returns nothing."""
        hint = hints_of(self.function)["return"]
        return None if hint is NoneType else taken_apart(hint).kind


@dataclass
class Subject:
    """What operations are about, such as locks.

    Attributes:
        path: after ``/control/api``.
        title: what the API document calls it.
        noun: one of them, as an error says that there is none.
        group: the words of its commands after ``flask``.
        help: what the terminal says of the group.
        names: what the API document calls classes that have another name there.
    """

    name: str
    path: str
    title: str
    noun: str
    group: str
    help: str
    names: Mapping[type, str] = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)

    def operation(
        self,
        method: Literal["GET", "POST", "PUT", "DELETE"],
        path: str,
        right: str,
        *commands: Command,
        **more: Any,
    ) -> Callable[[F], F]:
        """Declare a function; ``more`` as in ``Operation``.

        Raises:
            TypeError: it changes something, and takes no ``Reason``.
        """

        def declare(function: F) -> F:
            found = Operation(function, method, path, right, commands, **more)
            if method != "GET" and found.changes and not found.takes("reason"):
                raise TypeError(f"{function.__name__} changes something, and takes no reason")
            self.operations.append(found)
            return function

        return declare


def taken_apart(hint: Any) -> Hint:
    """An annotation in its parts."""
    if get_origin(hint) is Annotated:
        hint, *notes = get_args(hint)
        found = taken_apart(hint)
        return found._replace(notes=(*notes, *found.notes))
    kinds = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    kind: Any = Union[tuple(one for one in kinds if one is not NoneType)]
    if get_origin(kind) is Annotated:
        return taken_apart(kind)._replace(optional=True)
    return Hint(kind, NoneType in kinds, ())
