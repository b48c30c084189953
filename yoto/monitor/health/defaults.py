"""The default components, with the limits of the alert rules of the same values.

Health and alerts agree: a component is degraded from its rule's warning threshold on, and failed
from the error threshold on, also if operators changed them.
"""

from __future__ import annotations

from collections.abc import Iterable

from yoto.errors import ValidationFailed

from ..alert_rules import DEFAULT_RULES, AlertRule
from .bands import Component

# By component, the rule, and the last excellent value, which no rule has.
_RULES = {
    "cache": ("hit_rate", 0.95),
    "response": ("response_time", 50.0),
    "errors": ("error_rate", 0.01),
    "memory": ("memory", 0.5),
}
# Least distance of excellent from the warning threshold, as a share of that from warning to error.
_BETTER = 0.1


def components_of(rules: Iterable[AlertRule]) -> tuple[Component, ...]:
    """The components by these rules; values that a rule leaves open are the code's."""
    by_name = {rule.name: rule for rule in rules}
    defaults = {rule.name: rule for rule in DEFAULT_RULES}
    found = []
    for name, (rule_name, excellent) in _RULES.items():
        default = defaults[rule_name]
        try:
            made = _component(name, by_name.get(rule_name, default), excellent)
        except ValidationFailed:
            made = None
        found.append(made or _component(name, default, excellent))
    return tuple(one for one in found if one is not None)


def _component(name: str, rule: AlertRule, excellent: float) -> Component | None:
    good, warning = rule.warning, rule.error
    if good is None or warning is None:
        return None
    if not rule.direction.falls_from(excellent, good):
        excellent = good + (good - warning) * _BETTER
    return Component(
        name=name,
        metric=rule.metric,
        direction=rule.direction,
        excellent=excellent,
        good=good,
        warning=warning,
    )


DEFAULT_COMPONENTS = components_of(DEFAULT_RULES)
