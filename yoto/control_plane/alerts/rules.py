"""Routes of ``/control/api/alerts/rules``: thresholds."""

from __future__ import annotations

from typing import Any

from yoto.control_plane.alerts.rule_schemas import (
    RULE_CHANGE_PAGE,
    AlertRuleSchema,
    AlertRulesSchema,
    NewRuleSchema,
    SetRuleSchema,
)
from yoto.errors import UnknownResource
from yoto.extensions import alerts
from yoto.http.acts import author
from yoto.http.control_api import ADMIN, VIEW, ActSchema, ControlBlueprint, right
from yoto.http.paging import Page, PageQuery, cut
from yoto.http.preconditions import edits, etag, if_match
from yoto.monitor import RuleChange, RuleInForce, settable, unit_of

alert_rules_control = ControlBlueprint(
    "alert_rules_control", __name__, "/alerts/rules", "From which values on there is an alert"
)

Answer = tuple[dict[str, Any], int, dict[str, str]]


@alert_rules_control.get("")
@right(VIEW)
@alert_rules_control.response(200, AlertRulesSchema)
def list_alert_rules() -> dict[str, Any]:
    """The rules in force"""
    return {"items": [_shown(one) for one in alerts.rules.list()]}


@alert_rules_control.post("")
@right(ADMIN)
@alert_rules_control.arguments(NewRuleSchema)
@alert_rules_control.response(201, AlertRuleSchema)
def add_alert_rule(body: dict[str, Any]) -> Answer:
    """Make a rule on any series that is measured"""
    made = alerts.rules.add(body["name"], body["values"], by=author(), reason=body["reason"])
    return _shown(made), 201, etag(made.version)


@alert_rules_control.post("/<rule>/remove")
@right(ADMIN)
@alert_rules_control.arguments(ActSchema)
@alert_rules_control.response(204)
@edits(alert_rules_control)
def remove_alert_rule(body: dict[str, Any], rule: str) -> None:
    """End a rule that operators made; takes `If-Match`"""
    with if_match() as version:
        alerts.rules.remove(rule, by=author(), reason=body["reason"], version=version)


@alert_rules_control.get("/<rule>")
@right(VIEW)
@alert_rules_control.response(200, AlertRuleSchema)
def read_alert_rule(rule: str) -> Answer:
    """A rule, with its version as entity tag"""
    found = {one.rule.name: one for one in alerts.rules.list()}.get(rule)
    if found is None:
        raise UnknownResource("alert rule", rule, field="rule")
    return _tagged(found)


@alert_rules_control.get("/<rule>/history")
@right(VIEW)
@alert_rules_control.arguments(PageQuery, location="query")
@alert_rules_control.response(200, RULE_CHANGE_PAGE)
def read_alert_rule_history(query: dict[str, Any], rule: str) -> Page[RuleChange]:
    """What operators set on a rule, newest first, and why"""
    limit = query["limit"]
    found = alerts.rules.history(rule, query["after"], limit + 1)
    return cut(found, limit, lambda change: change.version)


@alert_rules_control.put("/<rule>")
@right(ADMIN)
@alert_rules_control.arguments(SetRuleSchema)
@alert_rules_control.response(200, AlertRuleSchema)
@edits(alert_rules_control)
def set_alert_rule(body: dict[str, Any], rule: str) -> Answer:
    """Set thresholds and other fields; takes `If-Match`"""
    with if_match() as version:
        changed = alerts.rules.set(
            rule, body["values"], by=author(), reason=body["reason"], version=version
        )
    return _tagged(changed)


@alert_rules_control.post("/<rule>/reset")
@right(ADMIN)
@alert_rules_control.arguments(ActSchema)
@alert_rules_control.response(200, AlertRuleSchema)
@edits(alert_rules_control)
def reset_alert_rule(body: dict[str, Any], rule: str) -> Answer:
    """Take back what operators set; takes `If-Match`"""
    with if_match() as version:
        changed = alerts.rules.reset(rule, by=author(), reason=body["reason"], version=version)
    return _tagged(changed)


def _tagged(one: RuleInForce) -> Answer:
    return _shown(one), 200, etag(one.version)


def _shown(one: RuleInForce) -> dict[str, Any]:
    coded = alerts.rules.default(one.rule.name)
    plain = {} if coded is None else coded.to_mapping()
    return {
        **one.rule.to_mapping(),
        "unit": unit_of(one.rule.metric),
        "own": one.own,
        "version": one.version,
        "set": dict(one.values),
        "default": {name: plain[name] for name in settable() if name in plain},
    }
