"""The document that policies read as ``input``."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from yoto.errors import DeadlineExceeded, PlatformError
from yoto.nodes import NodeId
from yoto.rooms.policies.partial import Topic
from yoto.rooms.policies.rego.heads import EVERYTHING

log = logging.getLogger(__name__)

T = TypeVar("T")

# s. The validity of a part that is read anew for each question.
STEADY = math.inf
# Different sets of reads for which the parts are remembered.
_MOST_READS = 512


class Absent:
    """The type of ``ABSENT``."""

    def __repr__(self) -> str:
        return "ABSENT"


# The value of a part that is left out: policies that need it deny, naming it.
ABSENT: Final = Absent()


class PartUnknown(Exception):
    """A part cannot be read, and policies that read it must not be asked.

    Attributes:
        path: the part's place in the input.
    """

    def __init__(self, path: str) -> None:
        super().__init__(f"nobody can tell input.{path}")
        self.path = path


@dataclass(frozen=True, slots=True)
class Question:
    """A permission that roles allow to a user at a place: do policies, too?

    Attributes:
        user_id: the platform's number of the user.
        scope, scope_id: ``global`` (None), or the type and the id of a node.
        given: the caller's request context, None without one.
        subject_id: the user's id as the application has it; None: it is that number.
    """

    user_id: int
    permission: str
    scope: str
    scope_id: NodeId | None
    given: Mapping[str, Any] | None = None
    subject_id: NodeId | None = None

    @property
    def topic(self) -> Topic | None:
        """The topic of the input, as ``Topic.of`` gives it."""
        return Topic.of(self.document)

    @property
    def document(self) -> dict[str, Any]:
        """The parts of an input that are always present."""
        return {
            "subject": {
                "id": self.user_id if self.subject_id is None else _as_json(self.subject_id)
            },
            "action": {"name": self.permission, "names": list(self.names)},
            "resource": {
                "scope": self.scope,
                "id": _as_json(self.scope_id),
            },
            "context": {} if self.given is None else {"given": dict(self.given)},
        }

    @property
    def names(self) -> tuple[str, ...]:
        """Names for the permission in documents: all, all of its group, its own name."""
        return ("*", f"{self.permission.partition('.')[0]}.*", self.permission)


@dataclass(frozen=True, slots=True)
class InputPart(Generic[T]):
    """One part of the input, made from a ``T``.

    Attributes:
        path: its place in the input, such as ``context.risk``.
        make: gives its value, JSON data, or ``ABSENT``.
        seconds: gives the time for which a verdict made from it holds, whatever its value is
            then; infinity: its value speaks for itself. With an error of any kind from either,
            policies are not asked: a part that cannot be read must not turn a denial into an
            allow.
        documents: keys of data documents, such as ``risk.limits``. With any given, the part is made
            only for permissions that one of them names.
    """

    path: str
    make: Callable[[T], Any]
    seconds: Callable[[T], float] = lambda about: STEADY
    documents: tuple[str, ...] = ()


class InputBuilder(Generic[T]):
    """Builds inputs. Safe for threads."""

    def __init__(self, parts: Sequence[InputPart[T]]) -> None:
        self._parts = tuple(parts)
        self._read: dict[frozenset[str], tuple[InputPart[T], ...]] = {}

    def build(
        self,
        question: Question,
        about: T,
        reads: frozenset[str],
        documents: Mapping[str, Any],
    ) -> tuple[dict[str, Any], dict[str, float]]:
        """The input, and the seconds for which some of its paths hold; see ``InputPart.seconds``.

        Args:
            about: the source of the parts.
            reads: input paths that policies read, as ``CompiledPolicies.reads``.
            documents: the data documents in service, by name.

        Raises:
            PartUnknown: a part could not be made.
        """
        found = question.document
        valid_for: dict[str, float] = {}
        for part in self._wanted(reads):
            if not _named(part, question, documents):
                continue
            value, seconds = _made(part, about)
            if value is ABSENT:
                continue
            *outer, name = part.path.split(".")
            where = found
            for step in outer:
                where = where.setdefault(step, {})
            where[name] = value
            if seconds < STEADY:
                valid_for[part.path] = seconds
        return found, valid_for

    def _wanted(self, reads: frozenset[str]) -> tuple[InputPart[T], ...]:
        parts = self._read.get(reads)
        if parts is None:
            parts = tuple(part for part in self._parts if wanted(part.path, reads))
            if len(self._read) >= _MOST_READS:
                self._read.clear()
            self._read[reads] = parts
        return parts


def _as_json(id_: NodeId | None) -> int | str | None:
    return str(id_) if isinstance(id_, UUID) else id_


def wanted(path: str, reads: frozenset[str]) -> bool:
    """Whether any policy reads ``path``, above or below it."""
    return any(
        read == EVERYTHING
        or read == path
        or read.startswith(f"{path}.")
        or path.startswith(f"{read}.")
        for read in reads
    )


def _named(part: InputPart[T], question: Question, documents: Mapping[str, Any]) -> bool:
    if not part.documents:
        return True
    return any(
        name in listed
        for document in part.documents
        if isinstance(listed := _at(documents, document), (Mapping, list))
        for name in question.names
    )


def _at(documents: Mapping[str, Any], path: str) -> Any:
    name, _, key = path.partition(".")
    document = documents.get(name)
    return document.get(key) if isinstance(document, Mapping) else None


def _made(part: InputPart[T], about: T) -> tuple[Any, float]:
    """The value of a part, or ``ABSENT``, and for how many seconds it holds.

    Raises:
        PartUnknown: the value is unknown.
    """
    try:
        value = part.make(about)
        return value, STEADY if value is ABSENT else part.seconds(about)
    except (PartUnknown, DeadlineExceeded):
        raise
    except Exception as error:
        expected = isinstance(error, PlatformError)
        log.warning("policies do not get %s: %s", part.path, error, exc_info=not expected)
        raise PartUnknown(part.path) from error
