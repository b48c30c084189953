"""Rules of alerts: thresholds, those of the code and those of operators."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict

from yoto.auth.operators import ADMIN, VIEW
from yoto.errors import UnknownResource
from yoto.http.operation import After, Author, Command, Limit, Reason, SeenVersion, Subject
from yoto.http.paging import PAGE_DEFAULT, Page, cut
from yoto.moments import Epoch
from yoto.monitor.alert_rules import AlertRule, settable
from yoto.monitor.signals import Direction, unit_of

from ..extension import alerts as platform
from ..rulebook import RuleInForce
from .alerts import RuleName

alert_rules = Subject(
    "alert_rules", "/alerts/rules", "From which values on there is an alert", "alert rule", "alerts"
)


@dataclass(frozen=True, kw_only=True)
class ShownRule(AlertRule):
    """A rule as it holds now, with the operators' changes and the code's values."""

    unit: Annotated[str, "`count`, `share` (0 to 1), `ms`, `s`, `bytes` or `per_second`"]
    direction: Annotated[Direction, "The side on which values are bad"]
    hold: Annotated[float, "s beyond before an alert"]
    recover: Annotated[float, "s back before its end"]
    hysteresis: Annotated[float, "How far back, as a share of the threshold"]
    unknown_after: Annotated[
        float | None, "s without a value after which that is an alert; null: never"
    ]
    own: Annotated[bool, "Operators made it"]
    version: int
    set: Annotated[Mapping[str, Any], "The fields that operators set"]
    default: Annotated[Mapping[str, Any], "Such fields in code; empty: it has no such rule"]

    def __post_init__(self) -> None:
        """Skip the checks: the rule was checked when it was made."""


class Rules(TypedDict):
    """Every rule."""

    items: list[ShownRule]


class RuleChange(TypedDict):
    """One version of the operators' changes to a rule."""

    version: int
    set: dict[str, Any]
    by: str
    reason: str
    at: Epoch


alert_rules.names = {ShownRule: "AlertRule", Rules: "AlertRules"}


def rule_lines(found: ShownRule, **given: Any) -> list[str]:
    limits = " / ".join("-" if limit is None else f"{limit:g}" for limit in found.limits)
    state = "" if found.enabled else ", off"
    changed = f", set: {json.dumps(dict(found.set))}" if found.set else ""
    return [
        f"{found.name:<16} {found.metric}: {limits} ({found.direction} is bad) for {found.hold:g} s"
        f"{state}; version {found.version}{changed}"
    ]


def _lines(found: Rules, **given: Any) -> Iterator[str]:
    for one in found["items"]:
        yield from rule_lines(one)


def _removed(found: None, rule: str, **given: Any) -> list[str]:
    return [f"{rule} is removed; its alerts end with the next evaluation."]


@alert_rules.operation(
    "GET",
    "",
    VIEW,
    Command("rules", _lines, "Show the active rules, and what operators set on them."),
)
def list_alert_rules() -> Rules:
    """The active rules"""
    return {"items": [_shown(one) for one in platform.rules.list()]}


@alert_rules.operation("POST", "", ADMIN, body="NewRule", status=201, tagged=True)
def add_alert_rule(
    name: RuleName,
    values: Annotated[dict[str, Any | None], "At least `metric`, `direction` and one threshold"],
    reason: Reason,
    by: Author,
) -> ShownRule:
    """Make a rule on any series that is measured"""
    return _shown(platform.rules.add(name, values, by=by, reason=reason))


@alert_rules.operation(
    "POST",
    "/<rule>/remove",
    ADMIN,
    Command("rule-remove", _removed, "End RULE, which operators made."),
)
def remove_alert_rule(rule: str, reason: Reason, by: Author, version: SeenVersion) -> None:
    """End a rule that operators made; takes `If-Match`"""
    platform.rules.remove(rule, by=by, reason=reason, version=version)


@alert_rules.operation("GET", "/<rule>", VIEW, tagged=True)
def read_alert_rule(rule: str) -> ShownRule:
    """A rule, with its version as entity tag"""
    found = {one.rule.name: one for one in platform.rules.list()}.get(rule)
    if found is None:
        raise UnknownResource("alert rule", rule, field="rule")
    return _shown(found)


@alert_rules.operation("GET", "/<rule>/history", VIEW)
def read_alert_rule_history(
    rule: str, after: After = None, limit: Limit = PAGE_DEFAULT
) -> Page[RuleChange]:
    """Changes that operators made to a rule, newest first, and why"""
    found = platform.rules.history(rule, after, limit + 1)
    page = cut(found, limit, lambda change: change.version)
    changes: list[RuleChange] = [
        {
            "version": one.version,
            "set": one.values or {},
            "by": one.author,
            "reason": one.reason,
            "at": one.at / 1000,
        }
        for one in page.items
    ]
    return Page(changes, page.next)


@alert_rules.operation(
    "PUT",
    "/<rule>",
    ADMIN,
    Command(
        "set",
        rule_lines,
        "Set FIELDs of RULE, such as warning=0.7 or enabled=false.",
        arguments=("values",),
        called={"values": "fields"},
    ),
    body="SetRule",
    tagged=True,
)
def set_alert_rule(
    rule: str,
    values: dict[str, Any | None],
    reason: Reason,
    by: Author,
    version: SeenVersion,
) -> ShownRule:
    """Set thresholds and other fields; takes `If-Match`"""
    return _shown(platform.rules.set(rule, values, by=by, reason=reason, version=version))


@alert_rules.operation(
    "POST",
    "/<rule>/reset",
    ADMIN,
    Command("reset", rule_lines, "Take back what operators set on RULE."),
    tagged=True,
)
def reset_alert_rule(rule: str, reason: Reason, by: Author, version: SeenVersion) -> ShownRule:
    """Take back what operators set; takes `If-Match`"""
    return _shown(platform.rules.reset(rule, by=by, reason=reason, version=version))


def _shown(one: RuleInForce) -> ShownRule:
    coded = platform.rules.default(one.rule.name)
    plain = {} if coded is None else coded.to_mapping()
    return ShownRule(
        **one.rule.to_mapping(),
        unit=unit_of(one.rule.metric),
        own=one.own,
        version=one.version,
        set=one.values,
        default={name: plain[name] for name in settable() if name in plain},
    )
