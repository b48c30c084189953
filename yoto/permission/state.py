"""The parts of one app's permission system, kept in ``app.extensions``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

from flask import Flask, current_app
from sqlalchemy.orm import Session

from yoto.cache import PlaceKey, Slot
from yoto.events import Event
from yoto.monitor import Recorder
from yoto.permission.boundaries import BoundaryWatch
from yoto.permission.caching.caching import Caching
from yoto.permission.database.pool import SidePool
from yoto.permission.loading.source import ResolutionSource
from yoto.permission.registry.catalogue import Catalogue
from yoto.permission.registry.registry import PermissionRegistry, RegisteredPermission
from yoto.permission.registry.scopes import Place, place_of
from yoto.permission.verdict.abac import JudgedPlaces, PolicyCheck
from yoto.permission.verdict.meters import CheckMeters, PolicyFailures
from yoto.permission.verdict.verdict import Decision
from yoto.permission.ways import Ways

EXTENSION = "yoto.permissions"
# Through the proxy each attribute costs more than the whole look-up.
_current = current_app._get_current_object  # type: ignore[attr-defined]
# Permissions of this prefix are the operators', and checked in maintenance too.
BREAK_GLASS = "platform."


class AccessGranted(NamedTuple):
    """A decorated function granted access.

    Attributes:
        requirement: the requirement as it is written.
        key: the place's key in the cache.
        at: when; a reading of the monotonic clock.
    """

    user_id: int
    requirement: str
    key: PlaceKey
    at: float

    @property
    def place(self) -> Place:
        """The place."""
        return place_of(self.key)


@dataclass(frozen=True, slots=True)
class SuperAdminUse:
    """A user is allowed an action only as a super-admin."""

    user_id: int
    permission: str
    place: Place


@dataclass(frozen=True, slots=True)
class EmergencyUse:
    """A user with emergency access is about to do something that it affects."""

    user_id: int
    permission: str
    place: Place


def nothing_remembered(user_id: int, key: PlaceKey) -> Slot | None:
    """The memory of an app without a cache."""
    return None


def lent_to_nobody(user_id: int, permission: str, place: Place | None, reason: str) -> bool:
    """Whether somebody may ask for a permission, in an app in which nobody can."""
    return False


def unreported(use: object) -> None:
    """Report nothing: a query is no use of the power."""


class Recording(Protocol):
    """Records decisions, beside the requests that made them."""

    def picks(self) -> bool:
        """Whether the next decision is one of those that are recorded if they allow."""

    def take(
        self,
        user_id: int,
        asked: str,
        operator: str | None,
        place: Place,
        decision: Decision,
        mask: int,
        context: Mapping[str, Any] | None,
    ) -> None:
        """Record a decision that was picked, or a denial.

        Args:
            asked, operator: a permission, or an expression and how its parts are joined.
            mask: all that the user may do there.
        """

    def figures(self) -> Mapping[str, int]:
        """Counts of its work, for the state of this process."""


def unknown(user_id: int, permission: str, scope: str) -> float | None:
    """How unusual it is is not known to anybody."""
    return None


@dataclass(slots=True)
class PermissionState:
    """The parts, as wired by ``PermissionSystem.init_app``.

    Attributes:
        reader: the connection that the registry reads on.
        subject_loader: gives the id of the user who makes the current request, or raises.
        visitor: gives the user for queries; None without a user.
        authenticated_at: when the current user proved their identity: epoch seconds, an
            aware ``datetime``, or None for unknown. None: it is never known.
        policy: asks the policy engine; None means that there is none, which denies.
        clock: the present time in epoch seconds.
        on_super_admin_use: called for each use of super-admin power, before it takes effect.
        caching: the cache and its parts; None: every check reads the database.
        remembered: finds the entry in memory that may answer at once.
        records: records decisions; None: none are recorded.
        catalogue: the permissions that come with the code.
        judged: permissions that policies check in some places only, with these places.
        on_emergency_use: as ``on_super_admin_use``, for emergency access.
        on_granted: called with user, requirement and place of each access that a decorator granted,
            within the request: must be quick.
        unusual: by user, permission and scope, how unusual it is that they do this now, 0 to 1;
            None: it cannot be determined.
        boundaries: looks for moments known ahead.
        figures: further entries of the status of this process, by name.
        meters: count and time verdicts.
        policy_failures: counts decisions by roles alone because policies gave no verdict.
        ways: the ways by which rights come, for policies.
        may_ask: whether somebody who was denied for a reason may ask to be lent a permission in a
            place; it reads no store. Arguments: user, permission, place, reason.
        joins: each is called with the session and the event of a step that is about to be
            committed, to store what else belongs to it.
    """

    registry: PermissionRegistry
    reader: SidePool
    source: ResolutionSource
    subject_loader: Callable[[], int] | None
    policy: PolicyCheck | None
    clock: Callable[[], float]
    on_super_admin_use: Callable[[SuperAdminUse], None]
    visitor: Callable[[], Any] | None = None
    authenticated_at: Callable[[], Any] | None = None
    caching: Caching | None = None
    remembered: Callable[[int, PlaceKey], Slot | None] = nothing_remembered
    records: Recording | None = None
    catalogue: Catalogue = field(default_factory=Catalogue)
    judged: JudgedPlaces | None = None
    on_emergency_use: Callable[[EmergencyUse], None] = unreported
    on_granted: Callable[[int, str, PlaceKey], None] | None = None
    unusual: Callable[[int, str, str], float | None] = unknown
    boundaries: BoundaryWatch | None = None
    figures: dict[str, Callable[[], Any]] = field(default_factory=dict)
    meters: CheckMeters = field(default_factory=lambda: CheckMeters(Recorder()))
    policy_failures: PolicyFailures = field(default_factory=PolicyFailures)
    ways: Ways | None = None
    may_ask: Callable[[int, str, Place | None, str], bool] = lent_to_nobody
    joins: list[Callable[[Session, Event], object]] = field(default_factory=list)

    def quiet(self) -> PermissionState:
        """The state for queries: a verdict is no use of a power, and is not recorded."""
        return replace(
            self, on_super_admin_use=unreported, on_emergency_use=unreported, records=None
        )

    def asks(
        self,
        permission: RegisteredPermission,
        place: Place,
        context: Mapping[str, Any] | None = None,
    ) -> bool:
        """Whether policies decide too.

        Raises:
            StoreUnavailable: the places where policies decide could not be read.
        """
        if permission.abac or context is not None:
            return True
        return permission.judged and self.judged is not None and self.judged.holds(place)

    def asks_in(
        self,
        permission: RegisteredPermission,
        places: Sequence[Place],
        context: Mapping[str, Any] | None = None,
    ) -> frozenset[Place]:
        """The ``places`` where policies decide too; one look, however many they are.

        Raises: as ``asks``.
        """
        if permission.abac or context is not None:
            return frozenset(places)
        if not permission.judged or self.judged is None:
            return frozenset()
        return self.judged.among(places)


def state_of(app: Flask) -> PermissionState:
    """The state of ``app``.

    Raises:
        KeyError: it has no permission system.
    """
    found: PermissionState = app.extensions[EXTENSION]
    return found


def get_state() -> PermissionState:
    """The state of the current app.

    Raises:
        RuntimeError: outside an app context, or the app has no permission system.
        MaintenanceMode: the platform is in maintenance.
    """
    state = get_state_in_maintenance()
    if state.caching is not None:
        state.caching.start()
        state.caching.maintenance.check()
    return state


def get_state_for(permission: object) -> PermissionState:
    """The state for checks of one permission.

    In maintenance, operators' own permissions are still checked: it could not be ended otherwise.

    Raises: as ``get_state``.
    """
    state = get_state_to_ask(permission)
    if state.caching is not None:
        state.caching.start_threads()
    return state


def get_state_to_ask(permission: object) -> PermissionState:
    """The state for checks that memory may answer: starts no thread; raises as ``get_state``."""
    state = get_state_in_maintenance()
    caching = state.caching
    if caching is not None and caching.maintenance.in_doubt and not is_operators(permission):
        caching.maintenance.check()
    return state


def is_operators(permission: object) -> bool:
    """Whether a permission is checked in maintenance too."""
    return isinstance(permission, str) and permission.startswith(BREAK_GLASS)


def strictest_of(names: Sequence[str]) -> str:
    """The one of ``names`` that decides for all in ``get_state_to_ask``.

    In maintenance, operators' own permissions are checked only if no other is asked about with
    them.
    """
    return next((name for name in names if not is_operators(name)), names[0])


def get_state_in_maintenance() -> PermissionState:
    """The state for the few calls that work in maintenance too.

    Raises:
        RuntimeError: as ``get_state``.
    """
    try:
        app = _current()
    except RuntimeError:
        raise RuntimeError(
            "permissions need an app context: work inside a request, or with 'app.app_context()'"
        ) from None
    state = app.extensions.get(EXTENSION)
    if state is None:
        raise RuntimeError("this app has no permission system: call permissions.init_app(app)")
    found: PermissionState = state
    return found
