"""``flask suggestions``: what could be tuned, and what is being tried."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import current_app
from flask.cli import AppGroup

from yoto.cli.acts import acting
from yoto.cli.options import as_json, echo_json, says_why
from yoto.resilience import Tuner
from yoto.wiring import tuner_of

suggestions = AppGroup("suggestions", help="See and follow suggestions to tune settings.")


@contextmanager
def _tuning() -> Iterator[Tuner]:
    """The tuner for one command."""
    with acting():
        yield tuner_of(current_app._get_current_object())  # type: ignore[attr-defined]


@suggestions.command("list")
@as_json
def list_suggestions(as_json: bool) -> None:
    """Show what is suggested now, the surest first, and the change that is being observed."""
    with _tuning() as tuner:
        trial = tuner.trial()
        found = tuner.suggestions()
    if as_json:
        echo_json({"trial": trial, "suggestions": [one.to_plain() for one in found]})
        return
    if trial is not None:
        click.echo(f"{trial.id} is being observed; nothing is suggested meanwhile.")
    for one in found:
        how = "" if one.live else " (needs a restart)"
        click.echo(f"{one.id}  now {one.now:g}, confidence {one.confidence:.0%}{how}")
        click.echo(f"  why: {one.why}")
        click.echo(f"  effect: {one.effect}")
    if trial is None and not found:
        click.echo("Nothing is suggested.")


@suggestions.command("apply")
@click.argument("suggestion_id", metavar="ID")
@says_why
def apply(suggestion_id: str, reason: str, actor: str) -> None:
    """Follow suggestion ID in all processes; it is taken back if it does harm."""
    with _tuning() as tuner:
        found = tuner.apply(suggestion_id, author=actor, reason=reason)
        window = tuner.settings.window
    click.echo(f"{found.setting} is {found.proposed:g} (was {found.now:g}).")
    click.echo(f"{found.metric} is observed for {window:g} s.")


@suggestions.command("dismiss")
@click.argument("suggestion_id", metavar="ID")
@says_why
def dismiss(suggestion_id: str, reason: str, actor: str) -> None:
    """Do not suggest ID again."""
    with _tuning() as tuner:
        found = tuner.dismiss(suggestion_id, author=actor, reason=reason)
    click.echo(f"{found.id} is not suggested any more.")


@suggestions.command("restore")
@click.argument("suggestion_id", metavar="ID")
@says_why
def restore(suggestion_id: str, reason: str, actor: str) -> None:
    """Let dismissed suggestion ID be made again."""
    with _tuning() as tuner:
        tuner.restore(suggestion_id, author=actor, reason=reason)
    click.echo(f"{suggestion_id} may be suggested again.")
