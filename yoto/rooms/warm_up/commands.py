"""Hot entries, and loading them into the cache."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from json import dumps
from typing import Annotated, Any, TypeAlias

import click
from flask.cli import AppGroup

from yoto.cache import GLOBAL_PLACE, PlaceKey
from yoto.cli.operations import command
from yoto.cli.options import Json
from yoto.extensions import optimization
from yoto.http.acts import record_act
from yoto.http.operation import Reason
from yoto.http.shapes import Between
from yoto.nodes import MAX_ID, key_text, shown_text
from yoto.rooms.warm_up import operating
from yoto.rooms.warm_up.extension import current_warming
from yoto.rooms.warm_up.warming import WarmUpReport

cache = AppGroup("cache")
BAR_WIDTH = 30
Hottest: TypeAlias = dict[str, list[dict[str, Any]]]


def _hottest(found: Hottest, **given: Any) -> Iterator[str]:
    for pair in found["pairs"]:
        yield f"user {pair['user_id']:<10} {pair['place']:<20} {pair['requests']:>12,.1f}"
    for role in found["roles"]:
        yield f"role {role['role_id']:<31} {role['requests']:>12,.1f}"
    if not found["pairs"]:
        yield "No recent requests."


@command(cache, "hot", _hottest)
def hot(limit: Annotated[int, click.IntRange(1)] = 20) -> Hottest:
    """Show the hottest users, places and roles, by decayed numbers of requests."""
    counts = optimization.hot
    limit = min(limit, counts.settings.members)
    return {
        "pairs": [one._asdict() | {"place": _place(one.place)} for one in counts.pairs(limit)],
        "roles": [one._asdict() for one in counts.roles(limit)],
    }


@command(cache, "forget-hot <user_id>")
def forget_hot(user_id: Annotated[int, Between(1, MAX_ID)], reason: Reason) -> str:
    """Forget where one user asked for permissions."""
    gone = operating.forget_hot(user_id, reason)["places"]
    return f"Forgot user {user_id} in {gone} places."


@command(cache, "warm")
def warm(reason: Reason, json: Json = False) -> Iterator[str]:
    """Warm up: load hot entries into Redis and history into the forecaster, and check components.

    The exit status is 1 when a step failed.
    """
    record_act("cache.warm_up", "cli", reason=reason)
    return _warm_up(json)


@command(cache, "refresh")
def refresh(reason: Reason, json: Json = False) -> Iterator[str]:
    """Make every worker forget everything, then warm up as 'warm' does.

    The exit status is 1 when a step failed.
    """
    position = operating.forget_all(reason)
    # Standard output has only the report, for programs.
    click.echo(f"Every worker forgets everything; position {position}.", err=json)
    return _warm_up(json)


def _warm_up(json: bool) -> Iterator[str]:
    report = current_warming().run(progress=None if json else _show_progress)
    yield from [dumps(report.to_plain(), indent=2)] if json else _lines(report)
    if not report.success:
        sys.exit(1)


def _show_progress(step: str, done: int, total: int) -> None:
    """Draw the bar of a step anew; on a terminal only."""
    if sys.stderr.isatty():
        filled = BAR_WIDTH * done // total if total else 0
        bar = "#" * filled + "-" * (BAR_WIDTH - filled)
        end = "\n" if total and done == total else ""
        click.echo(f"\r{step:<14} [{bar}] {done}/{total} {end}", nl=False, err=True)


def _lines(report: WarmUpReport) -> Iterator[str]:
    for name, step in report.steps.items():
        outcome = "ok" if step.success else "failed"
        yield f"{name:<14} {outcome:<7} {step.time:8.2f} s"
        for key, value in step.to_plain()["details"].items():
            shown = value if not isinstance(value, dict) else ", ".join(map(str, value.values()))
            yield f"    {key}: {shown}"
    yield f"{'total':<14} {'ok' if report.success else 'failed':<7} {report.total_time:8.2f} s"


def _place(key: PlaceKey) -> str:
    return "global" if key == GLOBAL_PLACE else shown_text(key_text(key))
