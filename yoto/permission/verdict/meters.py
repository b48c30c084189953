"""Counts verdicts, and times those that memory alone does not give."""

from __future__ import annotations

import threading
from collections import defaultdict

from yoto.monitor import Counter, Recorder, names
from yoto.permission.verdict.verdict import Decision

# The label of a condition over several permissions, and of reasons beyond the limit: policies can
# make up any number of them.
SEVERAL = "(several)"
OTHER = "(other)"
MOST_DENIALS = 500
# By permission, tier and result; checks beyond the limit have no permission of their own.
MOST_CHECKS = 500


class CheckMeters:
    """The metrics of decisions. Safe for threads.

    Attributes:
        plain: allows from memory by permission; plain ints, right to a few counts. Their time is
            not measured, which would double it.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.plain: defaultdict[str, int] = defaultdict(int)
        self._recorder = recorder
        self._observe = recorder.histogram(names.CHECK_TIME).observe
        self._errors = recorder.counter(names.CHECK_ERRORS)
        # By labels, so that no name is built twice.
        self._checks: dict[tuple[str, str, bool], Counter] = {}
        self._denials: dict[tuple[str, str], Counter] = {}

    def decided(self, permission: str | None, decision: Decision, seconds: float) -> None:
        """Take note of a verdict.

        Args:
            permission: the checked one; None for a condition over several.
        """
        self._observe(seconds)
        asked = permission or SEVERAL
        checks = self._checks.get((asked, decision.tier, decision.allowed))
        if checks is None:
            checks = self._new_checks(asked, decision)
        checks.add()
        if not decision.allowed:
            self._denied(asked, decision.reason)

    def _new_checks(self, permission: str, decision: Decision) -> Counter:
        if len(self._checks) >= MOST_CHECKS:
            permission = OTHER
        checks = self._recorder.counter(
            names.CHECKS,
            permission=permission,
            tier=decision.tier,
            result="allowed" if decision.allowed else "denied",
        )
        self._checks[permission, decision.tier, decision.allowed] = checks
        return checks

    def failed(self) -> None:
        """Count a check that ended without a verdict, because a store was unavailable."""
        self._errors.add()

    def _denied(self, permission: str, reason: str) -> None:
        denials = self._denials.get((permission, reason))
        if denials is None:
            if len(self._denials) >= MOST_DENIALS:
                permission = reason = OTHER
            denials = self._recorder.counter(names.DENIALS, permission=permission, reason=reason)
            self._denials[permission, reason] = denials
        denials.add()


class PolicyFailures:
    """Decisions by roles alone, where policies gave no verdict and that is allowed.

    Safe for threads.
    """

    def __init__(self) -> None:
        self._counts: defaultdict[str, int] = defaultdict(int)
        self._lock = threading.Lock()

    def add(self, permission: str) -> None:
        """Count one decision."""
        with self._lock:
            self._counts[permission] += 1

    def counts(self) -> dict[str, int]:
        """Decisions by permission, since the process started."""
        with self._lock:
            return dict(self._counts)
