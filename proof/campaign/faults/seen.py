"""How one sees that a branch was taken: by a line, a count, a reply, bytes, or a fault's note."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proof.campaign.evidence import Evidence

Seen = Callable[["Evidence"], str]


def logged(pattern: str) -> Seen:
    """By a line that any process logged."""
    return lambda evidence: evidence.said(pattern)


def counted(name: str, **labels: str) -> Seen:
    """By a counter of ``/metrics`` that grew."""
    inside = ",".join(f'{key}="{value}"' for key, value in labels.items())
    shown = f"{name}{{{inside}}}" if inside else name

    def seen(evidence: Evidence) -> str:
        grown = evidence.grew(name, **labels)
        return f"{shown} +{grown:g}" if grown > 0 else ""

    return seen


def replied(code: str) -> Seen:
    """By errors of that code that the Redis servers gave."""

    def seen(evidence: Evidence) -> str:
        times = evidence.replies.get(code, 0)
        return f"{code} from Redis, {times:g} times" if times > 0 else ""

    return seen


def noted(key: str) -> Seen:
    """By what the fault itself noted while it lasted."""
    return lambda evidence: str(evidence.notes.get(key, ""))


def touched(first: str, second: str) -> Seen:
    """By bytes between two kinds of processes that met a fault of their link."""

    def seen(evidence: Evidence) -> str:
        met = sum(
            times
            for (one, other), times in evidence.touched.items()
            if one.startswith(first) and other.startswith(second)
        )
        return f"{first} to {second}: {met} pieces met it" if met else ""

    return seen


def answered(*calls: str) -> Seen:
    """By what clients asked, and were answered, while the fault lasted; by default anything."""

    def seen(evidence: Evidence) -> str:
        times = sum(n for what, n in evidence.answered.items() if not calls or what in calls)
        return f"{times} answered meanwhile" if times else ""

    return seen


def unanswered(*calls: str) -> Seen:
    """By what clients asked, and were not answered, while the fault lasted."""

    def seen(evidence: Evidence) -> str:
        times = sum(evidence.unanswered.get(what, 0) for what in calls)
        return f"{times} not answered meanwhile" if times else ""

    return seen


def either(*ways: Seen) -> Seen:
    """By the first of these that shows it."""
    return lambda evidence: next(filter(None, (way(evidence) for way in ways)), "")


def both(*ways: Seen) -> Seen:
    """By all of these together."""

    def seen(evidence: Evidence) -> str:
        found = [way(evidence) for way in ways]
        return "; ".join(found) if all(found) else ""

    return seen


# Requests of clients for which Redis is needed.
OF_REDIS = ("quota hit", "lock add")
# A line of JSON ends its text with a quotation mark.
REST = r'[^"\n]*'

REDIS_AWAY = either(
    logged(r"redis \S+ (is away|does not serve)" + REST), counted("yoto_redis_errors_total")
)
DATABASE_AWAY = either(
    counted("yoto_database_errors_total", kind="connection"),
    counted("yoto_database_errors_total", kind="timeout"),
    logged(r"store unavailable"),
)
POLICIES_AWAY = either(
    counted("yoto_policy_evaluations_total", outcome="unavailable"),
    counted("yoto_policy_evaluations_total", outcome="error"),
    logged(r"policies could not be put back on the OPA server" + REST),
)
LEASE_ENDED = either(
    logged(r"(locks lost|renewals failed): \d+, such as" + REST),
    logged(r"bulkhead \S+: a slot was lost" + REST),
    logged(r"a turn of '[^']*' took longer than its lock held"),
    counted("yoto_locks_total", outcome="lost"),
)
NGINX_NOTICED = logged(
    r"(connect\(\) failed|upstream (timed out|prematurely closed|server temporarily|sent)"
    r"|no live upstreams|recv\(\) failed)[^,\n]*"
)
LOG_RENEWED = logged(
    r"(entries of the invalidation log were missed|redis was silent for|this process was busy or)"
    + REST
)
