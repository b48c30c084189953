"""``flask alerts``: the declared operations, and commands with parameters of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import click
from flask import current_app

from yoto.cli.operations import command, group_of
from yoto.collectors import health_components, measured_values
from yoto.extensions import monitor
from yoto.http.operation import Author, Reason
from yoto.http.paging import PAGE_MAX, Page
from yoto.moments import moment
from yoto.monitor.alert_rules import Level
from yoto.monitor.health import HealthReport, assess
from yoto.monitor.series_names import with_labels

from .operating.alerts import AlertDetail, ShownAlert, acknowledge_alert
from .operating.alerts import alerts as subject
from .operating.alerts import list_alerts, read_alert, read_alert_history
from .operating.causes import alert_causes
from .operating.rules import ShownRule, add_alert_rule, alert_rules, rule_lines
from .operating.webhooks import (
    add_alert_webhook,
    alert_webhooks,
    rotate_alert_webhook,
    test_alert_webhook,
)

alerts = group_of(subject, alert_causes, alert_rules, alert_webhooks)


def _health(found: HealthReport) -> Iterator[str]:
    for part in found.components.values():
        value = "unknown" if part.value is None else f"{part.value:.4g}"
        limit = "" if part.limit is None else f"limit {part.limit:g}"
        yield f"{part.name:<10} {part.band:<10} {value:>10}  {limit}"
    yield f"{'overall':<10} {found.overall}"


def _alerts(found: Page[ShownAlert], **given: Any) -> Iterator[str]:
    yield from map(_line, found.items)
    if not found.items:
        yield "There are no such alerts."
    if found.next is not None:
        yield f"More with --after {found.next}."


def _detail(found: AlertDetail, **given: Any) -> Iterator[str]:
    yield _line(found)
    for entry in found["history"]:
        yield f"  {moment(entry['at'])}  {entry['type']}"
    if found["history_next"] is not None:
        yield f"More with --after {found['history_next']}."


@command(alerts, "health", _health)
def health() -> HealthReport:
    """Show the health of all workers in the last minute, with the limit behind each band."""
    return assess(health_components(current_app), measured_values(monitor.current)())


@command(alerts, "list", _alerts)
def list_(
    all: Annotated[bool, "Also those that are over."] = False,
    rule: Annotated[str | None, "Only of this rule."] = None,
    level: Annotated[Level | None, "Only of this level."] = None,
    after: Annotated[int | None, "Continue behind the alert of this number."] = None,
    limit: Annotated[int, "1 to 100."] = 50,
) -> Page[ShownAlert]:
    """Show the active alerts, newest first."""
    return list_alerts("any" if all else "open", rule, level, after, limit)


@command(alerts, "show <alert_id>", _detail)
def show(
    alert_id: int,
    after: Annotated[int | None, "Continue its history behind the entry of this number."] = None,
) -> AlertDetail:
    """Show the alert ALERT_ID and its history."""
    page = read_alert_history(alert_id, after, PAGE_MAX)
    return {**read_alert(alert_id), "history": [*page.items], "history_next": page.next}


@command(alerts, "ack <alert_id>")
def acknowledge(
    alert_id: int, by: Author, note: Annotated[str, "What is being done about it."] = ""
) -> str:
    """Acknowledge the alert ALERT_ID."""
    alert = acknowledge_alert(alert_id, note, by)
    return f"Alert {alert_id} is acknowledged by {alert['acknowledged_by']}."


@command(alerts, "rule-add <rule> <metric> <direction> <fields>", rule_lines)
def add_rule(
    rule: str,
    metric: str,
    direction: Literal["high", "low"],
    fields: dict[str, Any],
    reason: Reason,
    by: Author,
) -> ShownRule:
    """Make RULE on METRIC, whose values in DIRECTION of a threshold are bad, with FIELDs such as
    warning=100."""
    values = {"metric": metric, "direction": direction, **fields}
    return add_alert_rule(rule, values, reason, by)


@command(alerts, "webhook-add <name>")
def add_webhook(
    name: str,
    reason: Reason,
    by: Author,
    url: Annotated[str | None, "Where to; asked for if not given."] = None,
    min_level: Level = Level.WARNING,
    access_requests: Annotated[bool, "Send the steps of access requests, too."] = False,
) -> str:
    """Send alerts to a webhook called NAME; prints the secret that signs them, once."""
    url = click.prompt("Url", hide_input=True) if url is None else url
    added = add_alert_webhook(name, url, reason, by, min_level, access_requests)
    return f"Webhook {added.id} is {added.url}; its secret is {added.secret}"


@command(alerts, "webhook-rotate <webhook_id>")
def rotate_webhook(webhook_id: int, reason: Reason, by: Author) -> str:
    """Sign messages to WEBHOOK_ID with a new secret, printed once, and with the previous one."""
    made = rotate_alert_webhook(webhook_id, reason, by)
    return f"Webhook {made.id} has a new secret, {made.secret}; both sign until webhook-settle."


@command(alerts, "webhook-test <webhook_id>")
def test_webhook(webhook_id: int, reason: Reason, by: Author) -> str:
    """Send a test message to WEBHOOK_ID now."""
    outcome = test_alert_webhook(webhook_id, reason, by)
    if not outcome["delivered"]:
        raise click.ClickException(f"not delivered: {outcome['error']}")
    return f"Delivered: HTTP status {outcome['status']}."


def _line(alert: ShownAlert) -> str:
    limit, value, peak = alert["limit"], alert["value"], alert["peak_value"]
    notes = [
        f"now {value:.4g}" if alert["open"] and value is not None else "",
        "" if peak is None else f"peak {peak:.4g} ({alert['peak_level']})",
        "" if limit is None else f"limit {limit:g}",
        f"since {moment(alert['raised_at'])}",
        "" if alert["open"] else f"resolved {moment(alert['resolved_at'])}",
        f"acknowledged by {alert['acknowledged_by']}" if alert["acknowledged_by"] else "",
        "silenced" if alert["silenced"] else "",
    ]
    about = ", ".join(note for note in notes if note)
    level = alert["level"] if alert["open"] else alert["peak_level"]
    series = with_labels(alert["rule"], alert["labels"])
    return f"{alert['id']:>6}  {level:<8}  {series}  {alert['text']} ({about})"
