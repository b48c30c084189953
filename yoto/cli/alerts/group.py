"""Alerts and silences."""

from __future__ import annotations

from datetime import UTC, datetime

import click
import msgspec
from flask import current_app
from flask.cli import AppGroup

from yoto.cli.acts import acting
from yoto.cli.options import Duration, as_json, echo_json, says_who, says_why
from yoto.extensions import alerts as platform
from yoto.extensions import monitor
from yoto.http.paging import PAGE_MAX, cut
from yoto.monitor import EVERY_RULE, Alert, AlertFilter, HistoryEntry, Level, Silence, assess
from yoto.wiring import health_components, measured_values

alerts = AppGroup("alerts", help="See alerts, acknowledge and silence them, set their rules.")


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
@click.option(
    "--level", type=click.Choice([level.value for level in Level]), help="Only of this level."
)
@click.option("--after", type=int, help="Continue behind the alert of this number.")
@click.option("--limit", type=int, default=50, show_default=True, help="1 to 100.")
@as_json
def list_alerts(
    everything: bool,
    rule: str | None,
    level: str | None,
    after: int | None,
    limit: int,
    as_json: bool,
) -> None:
    """Show the alerts that hold, newest first."""
    which = AlertFilter(
        open=None if everything else True, rule=rule, level=None if level is None else Level(level)
    )
    with acting():
        page = platform.desk.list(which, after, limit)
    if as_json:
        echo_json(page)
        return
    for alert in page.items:
        click.echo(_line(alert, alert.id in page.silenced))
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
        alert = platform.desk.get(alert_id)
        found = platform.desk.history(alert_id, after, PAGE_MAX + 1)
    page = cut(found, PAGE_MAX, lambda entry: entry.id)
    if as_json:
        history = [_told(entry) for entry in page.items]
        echo_json({"alert": alert, "history": history, "next": page.next})
        return
    click.echo(_line(alert, False))
    for entry in page.items:
        click.echo(f"  {_time(entry.at)}  {entry.event.type}")
    if page.next is not None:
        click.echo(f"More with --after {page.next}.")


@alerts.command("ack")
@click.argument("alert_id", type=int)
@click.option("--note", default="", help="What is being done about it.")
@says_who
def acknowledge(alert_id: int, note: str, actor: str) -> None:
    """Say that you take care of the alert ALERT_ID."""
    with acting():
        alert = platform.desk.acknowledge(alert_id, by=actor, note=note)
    click.echo(f"Alert {alert.id} is acknowledged by {alert.acknowledged_by}.")


@alerts.command("silence")
@click.argument("rule")
@click.option("--label", "labels", multiple=True, metavar="NAME=VALUE", help="Only with this.")
@click.option("--for", "seconds", type=Duration(), required=True, help="How long, such as 2h.")
@says_why
def silence(rule: str, labels: tuple[str, ...], seconds: float, reason: str, actor: str) -> None:
    """Let alerts of RULE ('*' for all) notify nobody for a while."""
    with acting():
        made = platform.desk.silence(
            rule, dict(map(_label, labels)), seconds=seconds, by=actor, reason=reason
        )
    click.echo(_silence(made))


@alerts.command("unsilence")
@click.argument("silence_id", type=int)
@says_why
def unsilence(silence_id: int, reason: str, actor: str) -> None:
    """End the silence SILENCE_ID."""
    with acting():
        platform.desk.unsilence(silence_id, by=actor, reason=reason)
    click.echo(f"Silence {silence_id} is over.")


@alerts.command("silences")
@as_json
def silences(as_json: bool) -> None:
    """Show the silences that hold."""
    with acting():
        found = platform.desk.silences()
    if as_json:
        echo_json(found)
        return
    for one in found:
        click.echo(_silence(one))
    if not found:
        click.echo("There are no silences.")


def _label(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise click.ClickException(f"{text!r} is no label; write NAME=VALUE")
    return name, value


def _line(alert: Alert, silenced: bool) -> str:
    level = alert.level if alert.open else alert.peak_level
    notes = [
        f"now {alert.value:.4g}" if alert.open and alert.value is not None else "",
        "" if alert.peak_value is None else f"peak {alert.peak_value:.4g} ({alert.peak_level})",
        "" if alert.limit is None else f"limit {alert.limit:g}",
        f"since {_time(alert.raised_at)}",
        "" if alert.resolved_at is None else f"resolved {_time(alert.resolved_at)}",
        "" if alert.acknowledged_by is None else f"acknowledged by {alert.acknowledged_by}",
        "silenced" if silenced else "",
    ]
    about = ", ".join(note for note in notes if note)
    return f"{alert.id:>6}  {level:<8}  {alert.key}  {alert.text} ({about})"


def _told(entry: HistoryEntry) -> dict[str, object]:
    event = entry.event
    return {"id": entry.id, "at": entry.at, "type": event.type, "data": msgspec.to_builtins(event)}


def _silence(silence: Silence) -> str:
    labels = "".join(f" {name}={value}" for name, value in silence.labels.items())
    rule = "every rule" if silence.rule == EVERY_RULE else silence.rule
    return (
        f"{silence.id:>6}  {rule}{labels} until {_time(silence.until)} by {silence.by}: "
        f"{silence.reason}"
    )


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
