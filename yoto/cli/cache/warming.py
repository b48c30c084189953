"""What is asked for most, and bringing it into the cache."""

from __future__ import annotations

import json
import sys

import click

from yoto.cache import GLOBAL_PLACE, PlaceKey
from yoto.cli.acts import acting
from yoto.cli.cache.group import cache
from yoto.cli.options import as_json, with_reason
from yoto.extensions import optimization, permissions
from yoto.http.acts import record_act
from yoto.nodes import MAX_ID, key_text, shown_text
from yoto.operate import invalidation
from yoto.permission import WarmUpReport

BAR_WIDTH = 30


@cache.command("hot")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@as_json
def hot(limit: int, as_json: bool) -> None:
    """Show who asks for most, and where, and by which roles: decayed numbers of requests."""
    counts = optimization.hot
    with acting():
        limit = min(limit, counts.settings.members)
        pairs, roles = counts.pairs(limit), counts.roles(limit)
    if as_json:
        shown = {
            "pairs": [pair._asdict() | {"place": _place(pair.place)} for pair in pairs],
            "roles": [role._asdict() for role in roles],
        }
        click.echo(json.dumps(shown, indent=2))
        return
    for pair in pairs:
        click.echo(f"user {pair.user_id:<10} {_place(pair.place):<20} {pair.requests:>12,.1f}")
    for role in roles:
        click.echo(f"role {role.role_id:<31} {role.requests:>12,.1f}")
    if not pairs:
        click.echo("No recent requests.")


@cache.command("forget-hot")
@click.argument("user_id", type=click.IntRange(1, MAX_ID))
@with_reason
def forget_hot(user_id: int, reason: str) -> None:
    """Forget where one user asked for permissions."""
    with acting():
        gone = invalidation.forget_hot(user_id, reason)["places"]
    click.echo(f"Forgot user {user_id} in {gone} places.")


@cache.command("warm")
@as_json
@with_reason
def warm(as_json: bool, reason: str) -> None:
    """Warm up: what is hot into Redis, history into the forecaster, a look at each component.

    The exit status is 1 when a step failed.
    """
    with acting():
        record_act("cache.warm_up", "cli", reason=reason)
        _warm_up(as_json)


@cache.command("refresh")
@as_json
@with_reason
def refresh(as_json: bool, reason: str) -> None:
    """Let every worker forget everything, then warm up as 'warm' does.

    The exit status is 1 when a step failed.
    """
    with acting():
        position = invalidation.forget_all(reason)
        # What is read by programs is the report alone.
        click.echo(f"Every worker forgets everything; position {position}.", err=as_json)
        _warm_up(as_json)


def _warm_up(as_json: bool) -> None:
    report = permissions.warm_up(progress=None if as_json else _show_progress)
    if as_json:
        click.echo(json.dumps(report.to_plain(), indent=2))
    else:
        _show(report)
    if not report.success:
        sys.exit(1)


def _show_progress(step: str, done: int, total: int) -> None:
    """Draw the bar of a step anew; on a terminal only."""
    if sys.stderr.isatty():
        filled = BAR_WIDTH * done // total if total else 0
        bar = "#" * filled + "-" * (BAR_WIDTH - filled)
        end = "\n" if total and done == total else ""
        click.echo(f"\r{step:<14} [{bar}] {done}/{total} {end}", nl=False, err=True)


def _show(report: WarmUpReport) -> None:
    for name, step in report.steps.items():
        outcome = "ok" if step.success else "failed"
        click.echo(f"{name:<14} {outcome:<7} {step.time:8.2f} s")
        for key, value in step.to_plain()["details"].items():
            shown = value if not isinstance(value, dict) else ", ".join(map(str, value.values()))
            click.echo(f"    {key}: {shown}")
    click.echo(
        f"{'total':<14} {'ok' if report.success else 'failed':<7} {report.total_time:8.2f} s"
    )


def _place(key: PlaceKey) -> str:
    return "global" if key == GLOBAL_PLACE else shown_text(key_text(key))
