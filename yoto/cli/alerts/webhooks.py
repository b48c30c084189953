"""Commands about webhooks."""

from __future__ import annotations

import click
from flask.cli import AppGroup, with_appcontext

from yoto.cli.acts import acting
from yoto.cli.options import as_json, echo_json, says_why
from yoto.extensions import alerts as platform
from yoto.http.paging import PAGE_DEFAULT, cut
from yoto.monitor import Level


def add_webhooks(group: AppGroup) -> None:
    """Add them to ``flask alerts``."""
    for command in (webhooks, add_webhook, remove_webhook, test_webhook, deliveries):
        group.add_command(command)


@click.command("webhooks")
@as_json
@with_appcontext
def webhooks(as_json: bool) -> None:
    """Show where alerts are sent."""
    with acting():
        found = platform.webhooks.list()
    if as_json:
        echo_json(found)
        return
    for one in found:
        trouble = f", {one.failures} failures in a row" if one.failures else ""
        click.echo(
            f"{one.id:>6}  {one.name}  {one.url}  from {one.min_level}, {one.waiting} waiting"
            f"{trouble}"
        )
    if not found:
        click.echo("Alerts are sent nowhere.")


@click.command("webhook-add")
@click.argument("name")
@click.option("--url", prompt=True, hide_input=True, help="Where to; asked for if not given.")
@click.option(
    "--min-level", type=click.Choice([level.value for level in Level]), default=Level.WARNING.value
)
@says_why
@with_appcontext
def add_webhook(name: str, url: str, min_level: str, reason: str, actor: str) -> None:
    """Send alerts to a webhook called NAME; prints the secret that signs them, once."""
    with acting():
        added = platform.webhooks.add(name, url, by=actor, reason=reason, min_level=min_level)
    click.echo(f"Webhook {added.webhook.id} is {added.webhook.url}; its secret is {added.secret}")


@click.command("webhook-remove")
@click.argument("webhook_id", type=int)
@says_why
@with_appcontext
def remove_webhook(webhook_id: int, reason: str, actor: str) -> None:
    """Send nothing to WEBHOOK_ID any more; what waits for it is given up."""
    with acting():
        platform.webhooks.remove(webhook_id, by=actor, reason=reason)
    click.echo(f"Webhook {webhook_id} is removed.")


@click.command("webhook-test")
@click.argument("webhook_id", type=int)
@says_why
@with_appcontext
def test_webhook(webhook_id: int, reason: str, actor: str) -> None:
    """Send a test message to WEBHOOK_ID now."""
    with acting():
        outcome = platform.webhooks.test(webhook_id, by=actor, reason=reason)
    if not outcome.delivered:
        raise click.ClickException(f"not delivered: {outcome.error}")
    click.echo(f"Delivered: HTTP status {outcome.status}.")


@click.command("deliveries")
@click.argument("webhook_id", type=int)
@click.option("--after", type=int, help="Continue behind the message of this number.")
@as_json
@with_appcontext
def deliveries(webhook_id: int, after: int | None, as_json: bool) -> None:
    """Show the latest messages to WEBHOOK_ID and what came of them."""
    with acting():
        found = platform.webhooks.deliveries(webhook_id, after, PAGE_DEFAULT + 1)
    page = cut(found, PAGE_DEFAULT, lambda one: one.id)
    if as_json:
        echo_json(page)
        return
    for one in page.items:
        state = "waiting" if one.settled_at is None else "given up"
        came = "delivered" if one.delivered else f"{state}, {one.attempts} tries: {one.error}"
        click.echo(f"{one.id:>6}  {one.event}  {came}")
    if not found:
        click.echo("Nothing was sent there lately.")
    if page.next is not None:
        click.echo(f"More with --after {page.next}.")
