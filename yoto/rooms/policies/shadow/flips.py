"""Differences between two sets of policies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from yoto.rooms.policies.result import Verdict

# The most subjects, places and codes counted separately; the rest is counted as one.
MAX_NAMES = 200
OTHERS = "(others)"
UNKNOWN = "(unknown)"

ALLOW_TO_DENY, DENY_TO_ALLOW = "allow_to_deny", "deny_to_allow"
TABLES = ("directions", "subjects", "denied", "places", "codes")


class FlipCounts:
    """Counts of evaluations on which a candidate and the live set differ; not thread-safe.

    Attributes:
        directions: ``"allow_to_deny"`` and ``"deny_to_allow"``.
        subjects: the affected users, by id; ``denied``: those who would be denied.
        places: the affected places, as ``"<action> <scope>:<id>"``.
        codes: codes of the denial on one side that the other does not give.
    """

    def __init__(self) -> None:
        self.directions: Counter[str] = Counter()
        self.subjects: Counter[str] = Counter()
        self.denied: Counter[str] = Counter()
        self.places: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()

    def add(self, document: Mapping[str, Any], live: Verdict, candidate: Verdict) -> None:
        """Compare two verdicts on one input."""
        if live.allow == candidate.allow:
            return
        self.directions[ALLOW_TO_DENY if live.allow else DENY_TO_ALLOW] += 1
        subject = _text(document, "subject", "id")
        _count(self.subjects, subject)
        if live.allow:
            _count(self.denied, subject)
        action = _text(document, "action", "name")
        scope, id_ = _text(document, "resource", "scope"), _text(document, "resource", "id")
        _count(self.places, f"{action} {scope}:{id_}")
        for code in set(live.deny) ^ set(candidate.deny):
            _count(self.codes, code)

    def merge(self, plain: Mapping[str, Any]) -> None:
        """Add the result of ``to_plain`` in another process."""
        for table in TABLES:
            for name, count in plain.get(table, {}).items():
                _count(getattr(self, table), name, count)

    def to_plain(self) -> dict[str, dict[str, int]]:
        """JSON data."""
        return {table: dict(getattr(self, table)) for table in TABLES}


def _count(counter: Counter[str], name: str, count: int = 1) -> None:
    counter[name if name in counter or len(counter) < MAX_NAMES else OTHERS] += count


def _text(document: Mapping[str, Any], *path: str) -> str:
    value: Any = document
    for part in path:
        if not isinstance(value, Mapping) or part not in value:
            return UNKNOWN
        value = value[part]
    return str(value)
