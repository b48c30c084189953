"""``flask alerts``: what is declared, and commands that put it in words of their own."""

from __future__ import annotations

import click
from flask import current_app

from yoto.cli.acts import acting
from yoto.cli.operations import group_of
from yoto.cli.options import as_json, echo_json, field_value, says_who, says_why
from yoto.collectors import measured_values
from yoto.extensions import monitor
from yoto.http.paging import PAGE_MAX
from yoto.moments import moment
from yoto.monitor import Level, assess, format_series, health_components
from yoto.operate.alert_rules import add_alert_rule, alert_rules, rule_lines
from yoto.operate.alert_webhooks import add_alert_webhook, alert_webhooks, test_alert_webhook
from yoto.operate.alerts import (
    ShownAlert,
    acknowledge_alert,
)
from yoto.operate.alerts import alerts as subject
from yoto.operate.alerts import list_alerts, read_alert, read_alert_history

LEVEL = click.Choice([level.value for level in Level])

alerts = group_of(subject, alert_rules, alert_webhooks)


@alerts.command("health")
@as_json
def health(as_json: bool) -> None:
    """Show how all workers did in the last minute, with the limit behind each band."""
    report = assess(health_components(current_app), measured_values(monitor.current)())
    if as_json:
        echo_json(report)
        return
    for part in report.components.values():
        value = "unknown" if part.value is None else f"{part.value:.4g}"
        limit = "" if part.limit is None else f"limit {part.limit:g}"
        click.echo(f"{part.name:<10} {part.band:<10} {value:>10}  {limit}")
    click.echo(f"{'overall':<10} {report.overall}")


@alerts.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that are over.")
@click.option("--rule", help="Only of this rule.")
@click.option("--level", type=LEVEL, help="Only of this level.")
@click.option("--after", type=int, help="Continue behind the alert of this number.")
@click.option("--limit", type=int, default=50, show_default=True, help="1 to 100.")
@as_json
def list_(
    everything: bool,
    rule: str | None,
    level: Level | None,
    after: int | None,
    limit: int,
    as_json: bool,
) -> None:
    """Show the alerts that hold, newest first."""
    with acting():
        page = list_alerts("any" if everything else "open", rule, level, after, limit)
    if as_json:
        echo_json(page)
        return
    for alert in page.items:
        click.echo(_line(alert))
    if not page.items:
        click.echo("There are no such alerts.")
    if page.next is not None:
        click.echo(f"More with --after {page.next}.")


@alerts.command("show")
@click.argument("alert_id", type=int)
@click.option("--after", type=int, help="Continue its history behind the entry of this number.")
@as_json
def show(alert_id: int, after: int | None, as_json: bool) -> None:
    """Show the alert ALERT_ID and what happened to it."""
    with acting():
        alert = read_alert(alert_id)
        page = read_alert_history(alert_id, after, PAGE_MAX)
    if as_json:
        echo_json({**alert, "history": page.items, "history_next": page.next})
        return
    click.echo(_line(alert))
    for entry in page.items:
        click.echo(f"  {moment(entry['at'])}  {entry['type']}")
    if page.next is not None:
        click.echo(f"More with --after {page.next}.")


@alerts.command("ack")
@click.argument("alert_id", type=int)
@click.option("--note", default="", help="What is being done about it.")
@says_who
def acknowledge(alert_id: int, note: str, actor: str) -> None:
    """Say that you take care of the alert ALERT_ID."""
    with acting():
        alert = acknowledge_alert(alert_id, note, actor)
    click.echo(f"Alert {alert_id} is acknowledged by {alert['acknowledged_by']}.")


@alerts.command("rule-add")
@click.argument("rule")
@click.argument("metric")
@click.argument("direction", type=click.Choice(["high", "low"]))
@click.argument("fields", nargs=-1, required=True, metavar="FIELD=VALUE...")
@says_why
@as_json
def add_rule(
    rule: str,
    metric: str,
    direction: str,
    fields: tuple[str, ...],
    reason: str,
    actor: str,
    as_json: bool,
) -> None:
    """Make RULE on METRIC, of which values on the side of DIRECTION are bad, with FIELDs such as
    warning=100."""
    values = {"metric": metric, "direction": direction, **dict(map(field_value, fields))}
    with acting():
        made = add_alert_rule(rule, values, reason, actor)
    if as_json:
        echo_json(made)
        return
    for line in rule_lines(made):
        click.echo(line)


@alerts.command("webhook-add")
@click.argument("name")
@click.option("--url", prompt=True, hide_input=True, help="Where to; asked for if not given.")
@click.option("--min-level", type=LEVEL, default=Level.WARNING.value)
@says_why
def add_webhook(name: str, url: str, min_level: Level, reason: str, actor: str) -> None:
    """Send alerts to a webhook called NAME; prints the secret that signs them, once."""
    with acting():
        added = add_alert_webhook(name, url, reason, actor, min_level)
    click.echo(f"Webhook {added.id} is {added.url}; its secret is {added.secret}")


@alerts.command("webhook-test")
@click.argument("webhook_id", type=int)
@says_why
def test_webhook(webhook_id: int, reason: str, actor: str) -> None:
    """Send a test message to WEBHOOK_ID now."""
    with acting():
        outcome = test_alert_webhook(webhook_id, reason, actor)
    if not outcome["delivered"]:
        raise click.ClickException(f"not delivered: {outcome['error']}")
    click.echo(f"Delivered: HTTP status {outcome['status']}.")


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
    series = format_series(alert["rule"], alert["labels"])
    return f"{alert['id']:>6}  {level:<8}  {series}  {alert['text']} ({about})"
