"""Degradation by alerts: the source of an open alert asks for a level until the alert ends."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from yoto.monitor.alert_rules import DEGRADATIONS, Level

from .machine import Transition
from .records import Alert
from .rulebook import RuleInForce

log = logging.getLogger(__name__)

SOURCE = "alert:"
# Evaluations that may fail before the level ends by itself.
MISSED = 6
SHORTEST_TTL = 30.0  # s


# Raises, renews or (0 s) takes back the level that a source asks for: source, level, s, reason.
Degrade: TypeAlias = Callable[[str, str, float, str], object]


class Degrader:
    """Renews a level at each evaluation while alerts of its rule hold.

    The source is ``alert:`` and the rule's name. It asks for the rule's ``degrade`` of all
    features; ``none`` is enough for a feature that is configured to follow the source.
    """

    def __init__(self, degrade: Degrade, interval: float) -> None:
        """``interval``: seconds between evaluations."""
        self._degrade = degrade
        self._ttl = max(SHORTEST_TTL, MISSED * interval)
        self._raised: set[str] = set()

    def apply(
        self,
        rules: Iterable[RuleInForce],
        alerts: Sequence[Alert],
        transitions: Sequence[Transition],
    ) -> int:
        """Request the levels that open alerts demand, and withdraw those of ended alerts, by
        whichever worker they were requested; returns how many calls failed."""
        failures = 0
        asked: set[str] = set()
        over = set(self._raised)
        for entry in rules:
            rule, source = entry.rule, SOURCE + entry.rule.name
            if _worst(alert.level for alert in alerts if alert.rule == rule.name) >= (
                rule.degrade_from.rank
            ):
                asked.add(source)
                failures += not self._try(source, rule.degrade, self._ttl)
            elif _worst(one.old for one in transitions if one.rule == rule.name) >= (
                rule.degrade_from.rank
            ):
                over.add(source)
        for source in over - asked:
            # A level that cannot be taken back now ends with its time.
            failures += not self._try(source, DEGRADATIONS[0], 0.0)
        self._raised = asked
        return failures

    def _try(self, source: str, level: str, ttl: float) -> bool:
        try:
            self._degrade(source, level, ttl, "an alert holds" if ttl else "the alert is over")
        except Exception:
            log.exception("degradation by %s cannot be changed", source)
            return False
        return True


def _worst(levels: Iterable[Level | None]) -> int:
    return max((level.rank for level in levels if level is not None), default=0)
