"""How an operation is declared.

A function's parameters say what it takes: those named in the path come from there, others from the
query of a ``GET`` or the body of anything else. Their annotations are plain types (``int``,
``str``, ``bool``, ``Literal``, or one of these with ``None``), with a text for their description
and ``Between`` for their bounds, and the kinds of this module for what all acts have in common.
What it returns is a ``TypedDict`` or a dataclass, whose fields are annotated likewise. Its
docstring is what the API document and the terminal call it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin
from typing import get_type_hints as hints_of

F = TypeVar("F", bound=Callable[..., Any])
Text = Callable[..., Iterable[str]]

VIEW, OPERATE, ADMIN = "platform.view", "platform.operate", "platform.admin"
_IN_PATH = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")


class Between(NamedTuple):
    """The bounds of a number, both included."""

    least: int
    most: int


class Common(NamedTuple):
    """A parameter that means the same in every act."""

    name: Literal["reason", "author", "version", "until"]


# Why, in the operator's words; the audit log has it.
Reason = Annotated[str, Common("reason")]
# Who acts, as records name authors: ``user:42``, ``break_glass`` or ``cli:anna``.
Author = Annotated[str, Common("author")]
# The version that the operator saw (``If-Match``); None: whatever there is.
SeenVersion = Annotated[int | None, Common("version")]
# When it is over by itself; None: somebody must end it.
Until = Annotated[datetime | None, Common("until")]


class Parameter(NamedTuple):
    """What an operation takes, or a field of what it answers.

    Attributes:
        type: without None and notes; for a list its items' type.
        many: whether it is a list of those.
        default: ``inspect.Parameter.empty`` where it must be given.
    """

    name: str
    type: Any
    many: bool
    optional: bool
    description: str | None
    bounds: Between | None
    common: str | None
    default: Any

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is inspect.Parameter.empty


class Command(NamedTuple):
    """A command of the terminal that carries out an operation.

    Attributes:
        name: words after ``flask``, the group's left out.
        help: None: as the operation is called.
        fixed: what the command says itself of what the operation takes.
        arguments: parameters that are given without ``--name``, beside those of the path.
        text: lines for people, of the result and, by name, of what was given.
    """

    name: str
    text: Text
    help: str | None = None
    fixed: Mapping[str, Any] = {}
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Operation:
    """One thing that operators can see or do.

    Attributes:
        body: what the API document calls what it takes.
        conflicts: whether it may be refused for what somebody else did (409).
    """

    function: Callable[..., Any]
    method: str
    path: str
    right: str
    commands: tuple[Command, ...] = ()
    body: str | None = None
    conflicts: bool = False

    @cached_property
    def in_path(self) -> tuple[str, ...]:
        """The parameters that the path names."""
        return tuple(_IN_PATH.findall(self.path))

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """All that the function takes."""
        hints = hints_of(self.function, include_extras=True)
        signature = inspect.signature(self.function).parameters
        return tuple(_parameter(name, hints[name], one.default) for name, one in signature.items())

    @cached_property
    def answer(self) -> Any:
        """The class of what it returns, and whether that may be None: there is no such thing."""
        return _parameter("return", hints_of(self.function)["return"])


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
        """Declare a function; ``more`` as in ``Operation``."""

        def declare(function: F) -> F:
            self.operations.append(Operation(function, method, path, right, commands, **more))
            return function

        return declare


def moment(at: datetime | None) -> str:
    """A moment for people, in UTC."""
    return "-" if at is None else at.strftime("%Y-%m-%d %H:%M:%SZ")


def choices_of(kind: Any) -> tuple[str, ...] | None:
    """The values of a ``Literal`` or of an enum of texts; None: it is neither."""
    if get_origin(kind) is Literal:
        return get_args(kind)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return tuple(one.value for one in kind)
    return None


def fields_of(shape: type) -> tuple[Parameter, ...]:
    """The fields of a ``TypedDict`` or dataclass."""
    hints = hints_of(shape, include_extras=True)
    return tuple(_parameter(name, hint) for name, hint in hints.items())


def _parameter(name: str, hint: Any, default: Any = inspect.Parameter.empty) -> Parameter:
    notes: tuple[Any, ...] = ()
    if get_origin(hint) is Annotated:
        hint, *inner = get_args(hint)
        notes = tuple(inner)
    optional = get_origin(hint) in (Union, UnionType) and NoneType in get_args(hint)
    if optional:
        [hint] = [one for one in get_args(hint) if one is not NoneType]
    many = get_origin(hint) is list
    if many:
        [hint] = get_args(hint)
    return Parameter(
        name,
        hint,
        many,
        optional,
        next((one for one in notes if isinstance(one, str)), None),
        next((one for one in notes if isinstance(one, Between)), None),
        next((one.name for one in notes if isinstance(one, Common)), None),
        default,
    )
