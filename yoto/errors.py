"""The one error tree of the platform: a class for each way a caller can react.

Every class carries the data that the reaction needs, as attributes; ``yoto.http`` turns each into
``application/problem+json`` (RFC 9457). Nothing here knows HTTP.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from typing import Any


class PlatformError(Exception):
    """Root of everything the platform raises on purpose."""


class ConfigurationError(PlatformError):
    """A configuration value is missing or wrong; the process must not start.

    Attributes:
        key: the configuration key, as the operator writes it.
        reason: the mistake, and the right form.
    """

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"{key}: {reason}")
        self.key = key
        self.reason = reason


class ValidationFailed(PlatformError):
    """Input was refused and nothing changed.

    Attributes:
        errors: field name to the list of messages about it.
    """

    def __init__(self, errors: Mapping[str, Sequence[str] | str]) -> None:
        self.errors: dict[str, list[str]] = {
            field: [messages] if isinstance(messages, str) else list(messages)
            for field, messages in errors.items()
        }
        super().__init__("; ".join(f"{f}: {', '.join(m)}" for f, m in self.errors.items()))


class UnknownPermission(ValidationFailed):
    """A permission name that is not registered."""

    def __init__(self, names: Sequence[str], field: str = "permission") -> None:
        super().__init__({field: [f"unknown permission '{name}'" for name in names]})
        self.names = list(names)


class UnknownResource(ValidationFailed):
    """An id that names nothing: a server, channel, role, user or group that is not there.

    Attributes:
        kind: the kind of the missing object, such as ``"channel"``.
        resource_id: the id that was not found.
    """

    def __init__(self, kind: str, resource_id: Any, field: str | None = None) -> None:
        super().__init__({field or f"{kind}_id": [f"no {kind} {resource_id}"]})
        self.kind = kind
        self.resource_id = resource_id


class VersionConflict(ValidationFailed):
    """The entry was changed by another request since it was read; nothing was changed now.

    Attributes:
        current_version: the version it has by now.
        current: its values by now, so that the caller can decide again without another read.
        details: further facts that help the caller to decide, by name.
    """

    def __init__(self, current_version: int, current: Any, **details: Any) -> None:
        super().__init__({"version": f"is {current_version} by now; read the entry again"})
        self.current_version = current_version
        self.current = current
        self.details = details


class WriteConflict(PlatformError):
    """Another request changed the same things first; nothing was changed, and it may be tried anew.

    Attributes:
        cause: the database's error.
    """

    def __init__(self, cause: BaseException) -> None:
        super().__init__("the change collides with another one; nothing was changed")
        self.cause = cause


class LastAdministrator(PlatformError):
    """After the change no administrator would be left; nothing was changed.

    Attributes:
        errors: the field that it is about, and why.
    """

    def __init__(self, field: str) -> None:
        message = "is the last administrator who can sign in; name another one first"
        if field != "user_id":
            message = "the last administrator who can sign in would be none; name another one first"
        self.errors = {field: [message]}
        super().__init__(f"{field}: {message}")


class StoreUnavailable(PlatformError):
    """A store (``"redis"``, ``"database"``, ``"opa"``) did not respond; try again later.

    Attributes:
        store: the name of the store.
        cause: the driver's exception, if there was one.
        retry_after: seconds after which a new attempt makes sense.
    """

    def __init__(
        self, store: str, cause: BaseException | None = None, retry_after: float = 1.0
    ) -> None:
        detail = f": {type(cause).__name__}: {cause}" if cause is not None else ""
        super().__init__(f"{store} is unavailable{detail}")
        self.store = store
        self.cause = cause
        self.retry_after = retry_after


class StoreBusy(StoreUnavailable):
    """All connections of this process to a store are in use, and none came free in time."""


class OutcomeUnknown(StoreUnavailable):
    """A store was lost while it committed: what was asked may have been done."""


class NotSetUp(StoreUnavailable):
    """A store answers, and nothing was ever set up in it: ``command`` does."""

    def __init__(self, store: str, command: str = "flask setup", retry_after: float = 5.0) -> None:
        super().__init__(store, None, retry_after)
        self.args = (f"the {store} is not set up: run '{command}'",)


class DeadlineExceeded(PlatformError):
    """The time for this work is over; nothing further was begun.

    Attributes:
        deadline: seconds that the work had.
        spent: seconds of them by what it waited for, as far as it is known.
    """

    def __init__(self, deadline: float, spent: Mapping[str, float] | None = None) -> None:
        super().__init__(f"the deadline of {deadline:g} s has passed")
        self.deadline = deadline
        self.spent = dict(spent or {})


class Rejected(PlatformError):
    """A guard refused the call before it ran.

    Attributes:
        retry_after: seconds after which the call may be admitted.
    """

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RateLimited(Rejected):
    """A rate limit is used up.

    Attributes:
        limit: units allowed in a window.
        remaining: units left now.
        reset: seconds until the whole limit is free again.
        dimension: the dimension that refused, such as ``"user"``.
    """

    def __init__(
        self,
        limit: int,
        remaining: int,
        reset: float,
        retry_after: float,
        name: str = "",
        dimension: str = "",
    ) -> None:
        super().__init__(f"rate limit of {name or 'this call'} is used up", retry_after)
        self.limit = limit
        self.remaining = remaining
        self.reset = reset
        self.name = name
        self.dimension = dimension


class CircuitOpen(Rejected):
    """The circuit breaker ``name`` is open."""

    def __init__(self, name: str, retry_after: float) -> None:
        super().__init__(f"circuit breaker '{name}' is open", retry_after)
        self.name = name


class CircuitIsolated(CircuitOpen):
    """The circuit breaker ``name`` was forced open by an operator."""


class BulkheadFull(Rejected):
    """All ``limit`` slots of the bulkhead ``name`` are taken."""

    def __init__(self, name: str, limit: int, retry_after: float) -> None:
        super().__init__(f"bulkhead '{name}' is full ({limit} slots)", retry_after)
        self.name = name
        self.limit = limit


class QueueFull(Rejected):
    """The queue of items of kind ``name`` holds ``limit`` that are not done."""

    def __init__(self, name: str, limit: int, retry_after: float) -> None:
        super().__init__(f"the queue of '{name}' is full ({limit} items)", retry_after)
        self.name = name
        self.limit = limit


class Degraded(Rejected):
    """The feature ``name`` is switched off at degradation ``level`` and has no fallback."""

    def __init__(self, name: str, level: str, retry_after: float = 30.0) -> None:
        super().__init__(f"'{name}' is degraded ({level})", retry_after)
        self.name = name
        self.level = level


class MaintenanceMode(PlatformError, builtins.PermissionError):
    """The permission platform is in maintenance; ``reason`` is shown to the caller."""

    def __init__(self, reason: str | None, retry_after: float = 60.0) -> None:
        super().__init__(f"maintenance: {reason or 'no reason given'}")
        self.reason = reason
        self.retry_after = retry_after


class PermissionDenied(PlatformError, builtins.PermissionError):
    """The caller may not do this.

    Attributes:
        decision: the verdict with its reason code (an ``yoto.permission.Decision``).
        permission: the requested permission: a name or an expression.
        scope, scope_id: the node that was asked about, its type and its id as the application
            has it; ``"global"`` and None: everywhere; both None: several nodes, or a write.
        requestable: whether the caller may ask to be lent it there.
    """

    def __init__(
        self,
        decision: Any,
        permission: str = "",
        scope: str | None = None,
        scope_id: Any = None,
        requestable: bool = False,
    ) -> None:
        about = permission or ", ".join(getattr(decision, "roles", ()))
        super().__init__(f"denied: {about} ({getattr(decision, 'reason', decision)})")
        self.decision = decision
        self.permission = permission
        self.scope = scope
        self.scope_id = scope_id
        self.requestable = requestable


class SignInAgain(PermissionDenied):
    """The caller may do this, but has to authenticate again first.

    Attributes:
        within: how many seconds ago that may be at most.
    """

    def __init__(
        self,
        decision: Any,
        permission: str,
        within: float,
        scope: str | None = None,
        scope_id: Any = None,
    ) -> None:
        super().__init__(decision, permission, scope, scope_id)
        self.within = within


class PolicyError(PlatformError):
    """A policy was refused at load, or could not be evaluated (which counts as a deny)."""

    def __init__(self, policy: str, reason: str) -> None:
        super().__init__(f"policy '{policy}': {reason}")
        self.policy = policy
        self.reason = reason


class PolicyUnavailable(StoreUnavailable):
    """The policy engine did not respond, which counts as a deny; its store is ``"opa"``."""

    def __init__(self, cause: BaseException | None = None, retry_after: float = 1.0) -> None:
        super().__init__("opa", cause, retry_after)


class AlreadyRunning(PlatformError):
    """This process is doing ``task`` at the moment, as the run ``task_id``."""

    def __init__(self, task: str, task_id: str) -> None:
        super().__init__(f"'{task}' is running already, as {task_id}")
        self.task = task
        self.task_id = task_id


class LockNotAcquired(PlatformError):
    """Another holder kept the lock ``key`` for as long as we were willing to wait."""

    def __init__(self, key: str) -> None:
        super().__init__(f"lock '{key}' is held by somebody else")
        self.key = key


class LockUnconfirmed(LockNotAcquired):
    """The lock ``key`` was free, but too few replicas confirmed that they have it.

    Attributes:
        replicas: how many did.
    """

    def __init__(self, key: str, replicas: int) -> None:
        super().__init__(key)
        self.args = (f"lock '{key}' was confirmed by {replicas} replicas only",)
        self.replicas = replicas


class LockChanged(PlatformError):
    """The lock ``key`` is not held with ``token`` any more; nothing was done to it.

    Attributes:
        current: the known facts about its holder by now; None: it has no holder.
    """

    def __init__(self, key: str, token: int, current: Any) -> None:
        now = "it is not held" if current is None else "it has another holder"
        super().__init__(f"lock '{key}' is not held with token {token} any more: {now}")
        self.key = key
        self.token = token
        self.current = current


class LockLost(PlatformError):
    """The lock ``key`` with fencing ``token`` is no longer ours."""

    def __init__(self, key: str, token: int) -> None:
        super().__init__(f"lock '{key}' (token {token}) was lost")
        self.key = key
        self.token = token


class StaleToken(LockLost):
    """The resource ``key`` refused ``token``: a later holder of its lock was there already.

    Attributes:
        newest: the token of that holder, or None when the resource did not name it.
    """

    def __init__(self, key: str, token: int, newest: int | None = None) -> None:
        super().__init__(key, token)
        self.args = (f"'{key}' refused token {token}: it has seen {newest or 'a later one'}",)
        self.newest = newest
