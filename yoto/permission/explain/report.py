"""An explanation as data: frozen, and JSON-ready by ``to_dict``.

The API documents its fields by their annotations, with the texts in these as descriptions.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from typing import Annotated, Any

from yoto.cache import NodeId
from yoto.permission.people.kinds import PUBLIC, Application


@dataclass(frozen=True, slots=True)
class RoleLink:
    """A role that the user has, or would have except for ``status``.

    Attributes:
        source: ``assignment``, ``inheritance`` or ``default``.
        via: id of the role that inherits this one; None for the other sources.
        status: ``in_force``, or why not: ``not_yet``, ``over``, ``inactive``, ``not_member``,
            ``not_inherited``.
        valid_from, valid_until: the window of the assignment; None: no bound.
        since: when it was assigned.
        at: the node at which it is held; None: wherever it counts.
        through: ``team:5``, ``everyone`` or ``public``, where it is not given to the user itself;
            ``provider``: a function of the application gives it.
        here_only: it is held at that node and not below it.
    """

    role_id: int
    name: str
    source: str
    via: int | None
    status: str
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    since: datetime | None = None
    at: Annotated[str | None, "The resource at which it is held; null: wherever it counts"] = None
    through: Annotated[str | None, "team:5, everyone or public, where the user is not named"] = None
    here_only: Annotated[bool, "Whether it is held there and not below"] = False


@dataclass(frozen=True, slots=True)
class GrantLink:
    """A grant that bears on the permission: its own, administrators', or a gate's.

    Attributes:
        effect: ``allow`` or ``deny``.
        scope: ``global``, or the node, such as ``channel:3``.
        group: name of the permission group that it comes through; None for a direct grant.
        counts: whether the role is in force for the user.
    """

    role_id: int
    permission: str
    effect: str
    scope: str
    group: str | None
    counts: bool


@dataclass(frozen=True, slots=True)
class OverwriteLink:
    """An overwrite that bears on the permission; ``target`` is ``role:9``, ``user:42`` or
    ``team:5``, and ``place`` the node that has it.
    """

    target: str
    permission: str
    effect: str
    counts: bool
    place: Annotated[str, "The resource that has it"]


@dataclass(frozen=True, slots=True)
class OverwriteStep:
    """One step of the overwrites, by their target: ``everyone``, ``roles``, ``user``.

    Attributes:
        gave, took: the permissions that the mask gained and lost by it.
        before, after: whether the permission asked for was in the mask.
        place: the node whose overwrites these are.
    """

    target: str
    gave: tuple[str, ...]
    took: tuple[str, ...]
    before: bool
    after: bool
    place: Annotated[str, "Whose overwrites they are"]


@dataclass(frozen=True, slots=True)
class PolicyLink:
    """The verdict of the policies.

    Attributes:
        reason: a code.
        version: the set that decided; None: none did.
        codes: all codes of a denial.
        texts: the text of each code, by language (``en``, ``zh``).
    """

    allow: bool
    reason: str
    version: str | None
    codes: tuple[str, ...] = ()
    texts: Annotated[Mapping[str, tuple[str, ...]], "What the codes say, by language: en, zh"] = (
        field(default_factory=dict)
    )


@dataclass(frozen=True, slots=True)
class VerdictChange:
    """One change that turns the verdict, proved by resolving with it.

    Attributes:
        kind: the kind of change, such as ``grant`` or ``end_timeout``; ``docs/explain.md`` lists
            them.
        affected: the most people that it reaches.
        detail: its target: ids, permission, effect, scope.
        text: the same as a sentence.
    """

    kind: str
    affected: int
    detail: Mapping[str, Any]
    text: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The explanation of a verdict.

    Attributes:
        user_id: the user as the caller named it.
        allowed, reason, tier, age_ms, position, policy_version: as in ``Decision``.
        at: when the database was read for the derivation below.
        agrees: whether the derivation has the same verdict; a cached one may be older than it,
            within the bound of staleness.
        valid_until: when the verdict may change by the passing of time alone.
        standing: ``unknown``, ``disabled``, ``outsider``, ``member``, ``administrator``, ``owner``.
        super_admin: whether the user is one.
        base: the permissions after roles and grants.
        overwritten: the node whose overwrites are in force at the place itself, such as
            ``category:4``; None where there are none.
        rules: implicit rules that took part: ``no_channel_access``, ``timed_out``.
        gates: for ``no_channel_access``, the missing permissions.
        remaining: for ``timed_out``, the permissions that stay.
        effective: all permissions in the end.
        policies: the verdict of the policies, if asked.
        changes: changes that would turn the verdict, smallest first; empty if no single one would.
        text: all of it for people to read.
    """

    user_id: NodeId
    username: str | None
    permission: str
    scope: str
    scope_id: NodeId | None
    allowed: bool
    reason: str
    tier: str
    age_ms: float
    position: str | None
    policy_version: str | None
    at: datetime
    agrees: bool
    valid_until: datetime | None
    standing: str
    super_admin: bool
    roles: tuple[RoleLink, ...]
    grants: tuple[GrantLink, ...]
    base: tuple[str, ...]
    overwritten: str | None
    overwrites: tuple[OverwriteLink, ...]
    steps: tuple[OverwriteStep, ...]
    rules: tuple[str, ...]
    gates: Annotated[tuple[str, ...], "What is missing, without which nothing else there remains"]
    remaining: Annotated[tuple[str, ...], "What a time-out leaves"]
    effective: tuple[str, ...]
    policies: tuple[PolicyLink, ...] = ()
    changes: tuple[VerdictChange, ...] = ()
    text: str = ""

    @property
    def change(self) -> VerdictChange | None:
        """The smallest change that would turn the verdict; None: no single one would."""
        return self.changes[0] if self.changes else None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: times in ISO 8601, tuples as lists."""
        found: dict[str, Any] = plain(self)
        return found


def plain(value: Any) -> Any:
    """Dataclasses as dicts, tuples as lists, times in ISO 8601, UUIDs and subjects that are no
    people as texts; the rest as is.
    """
    if isinstance(value, Application):
        return f"application:{value.id}"
    if value is PUBLIC:
        return "public"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if is_dataclass(value):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return value
