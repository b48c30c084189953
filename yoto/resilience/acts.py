"""Operators' actions on limits and bulkheads that change no configuration: audited, then done."""

from __future__ import annotations

from collections.abc import Callable

from yoto.audit import Audit, AuditEntry
from yoto.errors import ValidationFailed
from yoto.rules import require_reason

from .bulkhead import Bulkhead
from .config_store import Kind
from .instances import Instances
from .limiter import RateLimiter
from .settings import MultiDimensionalKey


class GuardActs:
    """Reset a caller's usage; give back the slots of dead workers."""

    def __init__(
        self,
        limiter: Callable[[str], RateLimiter],
        bulkhead: Callable[[str], Bulkhead],
        instances: Instances,
        audit: Audit | None,
    ) -> None:
        """``audit`` is called with an action before it takes effect."""
        self._limiter = limiter
        self._bulkhead = bulkhead
        self._instances = instances
        self._audit = audit

    def reset_key(
        self, name: str, key: MultiDimensionalKey | str | None, *, author: str, reason: str
    ) -> list[str]:
        """Reset the usage of these parts of a caller; every process forgets its denials.

        Args:
            key: a dimension is reset when all of its parts are given; None resets ``global``.

        Returns:
            The dimensions that were reset.

        Raises:
            ValidationFailed: no reason, or a key without any part that the limit counts.
            StoreUnavailable: Redis is unavailable.
        """
        require_reason(reason)
        limiter = self._limiter(name)
        dimensions = limiter.plan.target(key).dimensions
        counted = [item.name for item in dimensions]
        if isinstance(key, MultiDimensionalKey) and not any(item.parts for item in dimensions):
            known = ", ".join(one.name for one in limiter.plan.config.dimensions)
            raise ValidationFailed({"key": f"the limit counts {known}, and none of them is given"})
        after = {"dimensions": counted, "key": _plain(key)}
        self._record("rate_limit.reset_key", Kind.RATE_LIMIT, name, author, reason, after)
        limiter.reset(key)
        return counted

    def reset_all(self, name: str, *, author: str, reason: str) -> tuple[list[str], bool]:
        """Reset the usage of every caller; else as ``reset_key``.

        Returns:
            The dimensions, and whether nothing is left; if not, another call goes on.
        """
        require_reason(reason)
        limiter = self._limiter(name)
        counted = [dimension for dimension, _ in limiter.plan.quotas]
        after = {"dimensions": counted, "all_callers": True}
        self._record("rate_limit.reset_key", Kind.RATE_LIMIT, name, author, reason, after)
        return counted, limiter.reset_all()

    def release(self, name: str, partition: str = "", *, author: str, reason: str) -> int:
        """Give back the slots of workers that are gone; returns their number.

        Raises:
            ValidationFailed: no reason.
            StoreUnavailable: Redis is unavailable, so the live workers are unknown.
        """
        require_reason(reason)
        living = [instance.id for instance in self._instances.all()]
        after = {"partition": partition, "living": len(living)}
        self._record("bulkhead.release", Kind.BULKHEAD, name, author, reason, after)
        return self._bulkhead(name).release_dead(living, partition)

    def _record(
        self, act: str, kind: Kind, name: str, author: str, reason: str, after: object
    ) -> None:
        if self._audit is not None:
            self._audit(
                AuditEntry(
                    action=f"resilience.{act}",
                    subject=f"{kind.value}:{name}",
                    by=author,
                    reason=reason,
                    after=after,
                )
            )


def _plain(key: MultiDimensionalKey | str | None) -> object:
    if isinstance(key, MultiDimensionalKey):
        parts = {"user": key.user_id, "server": key.server_id, "ip": key.ip_address}
        return {name: value for name, value in parts.items() if value is not None}
    return key
