"""The interface to the policy engine, which is wired in from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement

from yoto.permission.registry.scopes import Place

# The beginning of a code that names a missing field, for lack of which policies deny.
MISSING = "missing:"
# Reasons of a denial without a verdict. They are for people: policies may give any code, these too,
# so only ``PolicyAnswer.failed`` says that there is no verdict.
POLICY_ERROR = "policy_error"
POLICIES_OFF = "policies_off"


@dataclass(frozen=True, slots=True)
class PolicyBatch:
    """A batch of sequential questions, so that facts can be read for all at once.

    Attributes:
        asked: the users and the places.
        unread: input paths that could not be read; no question waits for one again.
        known: facts read for all of them together, by type and id.
    """

    asked: Sequence[tuple[int, Place]] = ()
    unread: set[str] = field(default_factory=set)
    known: dict[tuple[str, Any], Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PolicyQuestion:
    """A permission that roles allow to the user in ``place``: do the policies too?

    Attributes:
        context: facts about the request that the caller adds, or None.
        batch: the batch of the question; None: it is asked alone.
    """

    user_id: int
    permission: str
    place: Place
    context: Mapping[str, Any] | None
    batch: PolicyBatch | None = None


@dataclass(frozen=True, slots=True)
class PolicyAnswer:
    """The policies' verdict.

    Attributes:
        reason: a code; the first of several.
        version: the set that answered.
        reasons: all codes.
        emergency: the user has emergency access that bears on the permission.
        failed: there is no verdict, which denies; codes cannot show this, since policies choose
            them.
        missing: codes of facts that policies read and the caller did not give; see ``unknown``.
        unread: there is no verdict because an input of the policies could not be read, or there
            are no policies; then roles do not decide alone, whatever the permission's error
            setting.
    """

    allow: bool
    reason: str
    version: str | None = None
    reasons: tuple[str, ...] = ()
    emergency: bool = False
    failed: bool = False
    unread: bool = False
    missing: tuple[str, ...] = ()

    @property
    def unknown(self) -> tuple[str, ...]:
        """The codes of missing facts with which this denial might be another verdict.

        Alone it denies as any other. Under a ``NOT`` it must not count as "does not have it".
        """
        if self.allow:
            return ()
        named = (code for code in self.reasons if code.startswith(MISSING))
        return tuple(dict.fromkeys((*named, *self.missing)))


PolicyCheck = Callable[[PolicyQuestion], PolicyAnswer]


@dataclass(frozen=True, slots=True)
class JudgedPlaces:
    """Permissions that policies judge only in places with attributes for it.

    Attributes:
        kind: the type of these places; places of other types do not count.
        names: the permissions.
        holds: whether a place is one. It may raise ``StoreUnavailable``.
        among: gives those of many places, in one look.
        condition: the same condition on the mapped class of that type, for a statement.
        attributes: by type and id, the attributes themselves, as remembered for ``holds``.
    """

    kind: str
    names: frozenset[str]
    holds: Callable[[Place], bool]
    among: Callable[[Sequence[Place]], frozenset[Place]]
    condition: Callable[[Any], ColumnElement[bool]]
    attributes: Callable[[str, Any], Any] | None = None
