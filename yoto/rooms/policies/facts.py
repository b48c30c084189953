"""The events that policies publish."""

from __future__ import annotations

from yoto.events import Event, event_type


@event_type("policy.changed")
class PolicyChanged(Event, frozen=True, kw_only=True):
    """The set of policies, or its candidate, has a new revision.

    Attributes:
        kind, name: the changed entry: ``rego`` or ``data``, and its name.
        version: the version that it is about.
        action: ``put``, ``rollback``, ``remove``, ``shadow``, ``promote``, ``drop``, ``default``.
        revision, bundle: number and version of the whole set now.
        author: the author of the change.
    """

    kind: str
    name: str
    version: int
    action: str
    revision: int
    bundle: str
    author: str = ""


@event_type("policy.load_failed")
class PolicyLoadFailed(Event, frozen=True, kw_only=True):
    """A process cannot run a revision and keeps the set that it has."""

    revision: int
    reason: str


@event_type("policy.slow")
class PolicySlow(Event, frozen=True, kw_only=True):
    """An alert: evaluating takes longer than ``bound_ms`` in a process.

    Attributes:
        bundle: the set in service.
        median_ms: median of the observed evaluations.
        suspects: policies, dearest first, with the ms that each adds; empty if not measured.
    """

    bundle: str
    median_ms: float
    bound_ms: float
    suspects: dict[str, float] = {}


@event_type("policy.taken_out")
class PolicyTakenOut(Event, frozen=True, kw_only=True):
    """A process does not evaluate a set any more, because it is too slow.

    Attributes:
        instead: ``deny``, or ``last_good`` for the set that was in service before.
    """

    bundle: str
    median_ms: float
    limit_ms: float
    instead: str


@event_type("policy.put_back")
class PolicyPutBack(Event, frozen=True, kw_only=True):
    """A process evaluates a set again that it had taken out."""

    bundle: str
    median_ms: float


@event_type("policy.rolled_back")
class PolicyRolledBack(Event, frozen=True, kw_only=True):
    """A promotion was undone, because denials jumped.

    Attributes:
        share_before, share_after: denials among decisions, 0 to 1.
    """

    name: str
    version: int
    share_before: float
    share_after: float
