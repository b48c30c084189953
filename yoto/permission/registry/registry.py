"""The registered permissions of an app, in memory: names, bits and scopes.

Names and bits never change once stored, so a copy can only be behind, never wrong; an unknown name
or id makes it read again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from yoto.errors import UnknownPermission, ValidationFailed
from yoto.permission.registry.bits import FLAG_BITS, LOCAL, KnownBits, bits_of
from yoto.permission.registry.expressions import NAME_PATTERN, OPERATORS
from yoto.permission.registry.requirement import Asked, BoundRequirement, Requirement
from yoto.store.models import OnPolicyError, ScopeType

NAME_MAX_LENGTH = 128
# Bound requirements that are kept. Code has fewer; texts made from data can be any number.
MOST_BOUND = 1_000


@dataclass(frozen=True, slots=True)
class RegisteredPermission:
    """A permission as stored.

    Attributes:
        mask: only its bit set.
        wanted: bits of which a stored verdict must have one, for its owner to have the permission.
        judged: whether policies ever decide about it: everywhere (``abac``), or in places with
            attributes for them.
        requires_approvals: how many persons must agree to lend it on request; 0: it cannot be
            requested.
    """

    id: int
    name: str
    bit: int
    scope: str
    abac: bool
    group: str | None = None
    description: str = ""
    on_policy_error: str = OnPolicyError.DENY.value
    requires_approvals: int = 1
    judged: bool = False
    mask: int = field(init=False)
    wanted: int = field(init=False)
    operator: ClassVar[None] = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "mask", 1 << self.bit)
        object.__setattr__(self, "judged", self.judged or self.abac)
        local = LOCAL if self.scope != ScopeType.GLOBAL else 0
        object.__setattr__(self, "wanted", self.mask << FLAG_BITS | local)

    def is_met_by(self, stored: int) -> bool:
        """Whether a stored verdict has it by roles alone."""
        return stored & self.wanted != 0

    def __str__(self) -> str:
        return self.name


def checked_name(name: object, field_name: str = "permission") -> str:
    """``name`` if it can name a permission.

    Raises:
        ValidationFailed: naming ``field_name``; a name is 1 to 128 letters and digits of ASCII and
            ``_.:-``, not only dots, and no operator of expressions.
    """
    if not isinstance(name, str):
        raise ValidationFailed({field_name: f"must be a string, not {type(name).__name__}"})
    if len(name) > NAME_MAX_LENGTH:
        raise ValidationFailed({field_name: f"is longer than {NAME_MAX_LENGTH} characters"})
    if not NAME_PATTERN.fullmatch(name) or name in OPERATORS:
        raise ValidationFailed(
            {
                field_name: f"{name!r} is no permission name: write it like 'message.send', of "
                "letters, digits and _.:-"
            }
        )
    return name


class Snapshot:
    """All permissions as of one reading. Immutable: readers need no lock."""

    __slots__ = ("by_name", "by_id", "mask_by_id", "bits", "_by_bit")

    def __init__(self, permissions: Iterable[RegisteredPermission] = ()) -> None:
        self.by_name: Mapping[str, RegisteredPermission] = {p.name: p for p in permissions}
        self.by_id = {p.id: p for p in self.by_name.values()}
        self.mask_by_id = {p.id: p.mask for p in self.by_name.values()}
        self._by_bit = {p.bit: p for p in self.by_name.values()}
        every = local = 0
        for permission in self.by_name.values():
            every |= permission.mask
            if permission.scope != ScopeType.GLOBAL:
                local |= permission.mask
        self.bits = KnownBits(every, local)

    def mask_named(self, name: str) -> int:
        """The mask of a permission; 0 where it is not registered."""
        permission = self.by_name.get(name)
        return permission.mask if permission else 0

    def in_mask(self, mask: int) -> list[RegisteredPermission]:
        """The permissions whose bits are set in ``mask``, by bit."""
        return [self._by_bit[bit] for bit in bits_of(mask & self.bits.every)]


class PermissionRegistry:
    """Thread-safe access to the newest snapshot.

    Args:
        read: reads all stored permissions; called at first use and when something is unknown.
        judged: names of permissions that policies judge in some places only.
    """

    def __init__(
        self,
        read: Callable[[], list[RegisteredPermission]],
        judged: Collection[str] = (),
    ) -> None:
        self._read = read
        self._judged = judged
        # The reader holds the first for the whole read; no thread waits for the second.
        self._reading = threading.Lock()
        self._lock = threading.Lock()
        # The number of readings that began, and the one that gave the snapshot.
        self._begun = self._kept = 0
        self._expired = 0
        self._snapshot: Snapshot | None = None
        # By source and operator: a text caches its hash. A new one for each snapshot.
        self._bound: dict[tuple[str, str | None], BoundRequirement] = {}
        # The cache of ``get``; empty while there is no snapshot.
        self._known: Mapping[Any, RegisteredPermission] = {}

    def expire(self) -> None:
        """Read again at the next use. It does not wait for a reading that is under way."""
        with self._lock:
            self._expired += 1
            self._snapshot, self._known, self._bound = None, {}, {}

    @property
    def known(self) -> bool:
        """Whether there is a snapshot, so that ``snapshot`` reads nothing."""
        return self._snapshot is not None

    @property
    def snapshot(self) -> Snapshot:
        return self._snapshot or self._read_once(lambda: self._snapshot)

    def refresh(self) -> Snapshot:
        """Read again, or share a reading that another thread began after this call."""
        begun_before = self._begun
        return self._read_once(lambda: self._snapshot if self._kept > begun_before else None)

    def _read_once(self, read_meanwhile: Callable[[], Snapshot | None]) -> Snapshot:
        """The snapshot that another caller read while this one waited, or a new one."""
        with self._reading:
            found = read_meanwhile()
            if found is not None:
                return found
            self._begun += 1
            expired = self._expired
            snapshot = Snapshot(self._marked(one) for one in self._read())
            with self._lock:
                # A snapshot that expired during the read is valid only for earlier callers.
                if expired == self._expired:
                    self._snapshot, self._kept = snapshot, self._begun
                    self._known, self._bound = snapshot.by_name, {}
            return snapshot

    def _marked(self, permission: RegisteredPermission) -> RegisteredPermission:
        if permission.name not in self._judged:
            return permission
        return replace(permission, judged=True)

    def by_ids(self, ids: Collection[int]) -> Mapping[int, RegisteredPermission]:
        """Permissions by id, including ``ids`` as far as they are stored."""
        found = self.snapshot.by_id
        return found if all(id_ in found for id_ in ids) else self.refresh().by_id

    def get(self, name: object, field_name: str = "permission") -> RegisteredPermission:
        """The permission called ``name``.

        Raises:
            ValidationFailed: ``name`` cannot be a name.
            UnknownPermission: it is not registered.
        """
        try:
            return self._known[name]
        except (KeyError, TypeError):
            pass  # unknown yet, or nothing that can be a name, such as a list
        return self.get_many([name], field_name)[0]

    def get_many(
        self, names: Iterable[object], field_name: str = "permissions"
    ) -> list[RegisteredPermission]:
        """Like ``get`` for several names; all unknown ones are reported at once."""
        if isinstance(names, str):
            raise ValidationFailed({field_name: "must be a list of names, not one string"})
        wanted = [checked_name(name, field_name) for name in names]
        known = self.snapshot.by_name
        if all(name in known for name in wanted):
            return [known[name] for name in wanted]
        return self._look_again(wanted, field_name)

    def _look_again(self, names: list[str], field_name: str) -> list[RegisteredPermission]:
        known = self.refresh().by_name
        unknown = [name for name in names if name not in known]
        if unknown:
            raise UnknownPermission(unknown, field_name)
        return [known[name] for name in names]

    def mask_of_id(self, permission_id: int) -> int:
        """The mask of the permission with this database id; 0 if there is none.

        No check can name a permission that has no name here, so 0 takes nothing from any user.
        """
        mask = self.snapshot.mask_by_id.get(permission_id)
        if mask is None:
            mask = self.refresh().mask_by_id.get(permission_id, 0)
        return mask

    def asked(self, requirement: Requirement) -> Asked:
        """The question of a requirement: a single permission, or the whole requirement.

        Raises:
            UnknownPermission: a name in it is not registered.
        """
        name = requirement.one_name
        return self.bind(requirement) if name is None else self.get(name)

    def bind(self, requirement: Requirement) -> BoundRequirement:
        """The requirement in bits, kept until permissions change; raises as ``asked``."""
        kept = self._bound
        about = requirement.expression.source, requirement.operator
        found = kept.get(about)
        if found is None:
            permissions = tuple(self.get_many(requirement.expression.names))
            masks = {permission.name: permission.mask for permission in permissions}
            if len(kept) >= MOST_BOUND:
                kept.clear()
            found = kept[about] = BoundRequirement(
                requirement,
                permissions,
                requirement.expression.bind(masks),
                self.snapshot.bits.local,
                any(permission.judged for permission in permissions),
            )
        return found
