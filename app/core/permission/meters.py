"""Counts and times verdicts that are not taken on the short way through memory."""

from __future__ import annotations

from app.core.monitor import Counter, Recorder, names
from app.core.permission.verdict import Decision

# The label of a condition over several permissions, and of reasons beyond the most that are told
# apart: policies may make up as many as they like.
SEVERAL = "(several)"
OTHER = "(other)"
MOST_DENIALS = 500


class CheckMeters:
    """The metrics of decisions. Safe for threads."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._observe = recorder.histogram(names.CHECK_TIME).observe
        self._errors = recorder.counter(names.CHECK_ERRORS)
        # By tier and result, and by permission and reason, so that no name is put together twice.
        self._checks: dict[tuple[str, bool], Counter] = {}
        self._denials: dict[tuple[str, str], Counter] = {}

    def decided(self, permission: str | None, decision: Decision, seconds: float) -> None:
        """Take note of a verdict.

        Args:
            permission: what was asked for; None for a condition over several.
        """
        self._observe(seconds)
        key = decision.tier, decision.allowed
        checks = self._checks.get(key)
        if checks is None:
            result = "allowed" if decision.allowed else "denied"
            checks = self._recorder.counter(names.CHECKS, tier=decision.tier, result=result)
            self._checks[key] = checks
        checks.add()
        if not decision.allowed:
            self._denied(permission or SEVERAL, decision.reason)

    def failed(self) -> None:
        """Take note of a check that ended without a verdict, because a store was away."""
        self._errors.add()

    def _denied(self, permission: str, reason: str) -> None:
        denials = self._denials.get((permission, reason))
        if denials is None:
            if len(self._denials) >= MOST_DENIALS:
                permission = reason = OTHER
            denials = self._recorder.counter(names.DENIALS, permission=permission, reason=reason)
            self._denials[permission, reason] = denials
        denials.add()
