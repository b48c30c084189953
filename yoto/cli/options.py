"""Options, arguments and output that several command groups share."""

from __future__ import annotations

import getpass
import json
import os
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

import click

from yoto.nodes import GLOBAL_KIND, MAX_ID, NodeId
from yoto.store.columns import utcnow
from yoto.store.models import account_of
from yoto.store.resources import known_types

SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)([smhd]?)")


def login() -> str:
    """``cli:`` and the name of the account on this machine, as an author."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        # A container may run as a user id without a name.
        return f"cli:{os.getuid()}"


class Duration(click.ParamType[float]):
    """Seconds, or a number with s, m, h or d behind it."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        match = _DURATION.fullmatch(str(value))
        if match is None:
            self.fail(f"{value!r} is no duration; write 90, 90s, 15m, 2h or 1d", param, ctx)
        return float(match[1]) * SECONDS[match[2]]


def duration_text(seconds: float) -> str:
    """Seconds as a text for ``Duration``, in the largest unit that divides them: 15m."""
    unit = next((one for one in ("d", "h", "m") if seconds % SECONDS[one] == 0), "s")
    return f"{seconds / SECONDS[unit]:g}{unit}"


class Pair(click.ParamType[tuple[str, Any]]):
    """``FIELD=VALUE``; the value is JSON or, if it is none or ``plain`` is set, text."""

    name = "text"

    def __init__(self, plain: bool) -> None:
        self._plain = plain

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Any]:
        name, separator, given = value.partition("=")
        if not separator or not name:
            form = "NAME=VALUE" if self._plain else "FIELD=VALUE"
            raise click.ClickException(f"{value!r} has no value; write {form}")
        if self._plain:
            return name, given
        try:
            return name, json.loads(given)
        except ValueError:
            return name, given


class Moment(click.ParamType[datetime]):
    """A moment in ISO 8601 with its zone."""

    name = "moment"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"'{value}' is not like 2026-01-31T08:00Z", param, ctx)
        if moment.utcoffset() is None:
            self.fail(f"'{value}' has no time zone, such as the Z of 2026-01-31T08:00Z", param, ctx)
        return moment


RowId = Annotated[int, click.IntRange(1, MAX_ID)]
Scope = Annotated[str, "'global', or a type of resources, such as 'channel'."]
Json = Annotated[bool, "Machine-readable output."]
ScopeId = Annotated[str | None, "Its id: an integer, a UUID or a text, as its type has it."]


def resource_of(scope: str, scope_id: str | None) -> tuple[str, NodeId | None]:
    """The scope, and the id as its type has it.

    Raises:
        ValidationFailed: the type is unknown, or the id is none of it.
    """
    if scope == GLOBAL_KIND or scope_id is None:
        return scope, scope_id
    return scope, known_types().get(scope, asked=True).spelled(scope_id, "scope_id")


def ending(seconds: float | None) -> datetime | None:
    """The moment ``seconds`` from now; None: never."""
    return None if seconds is None else utcnow() + timedelta(seconds=seconds)


def _author(context: click.Context, option: click.Parameter, by: str) -> str:
    """Any name, but none that looks like an account's and is none: it would be the system's."""
    if by.strip().lower().startswith("user:") and account_of(by) is None:
        raise click.BadParameter("an account is 'user:' and its number, such as user:42")
    return by


# Options that mean the same in every act: reason, author, expiry, and the version that the author
# saw.
with_reason = click.option("--reason", required=True, help="Why; it is audited.")
says_who = click.option(
    "--actor",
    "by",
    default=login,
    show_default="cli:<login name>",
    callback=_author,
    help="Who; 'user:42' for an account.",
)
how_long = click.option(
    "--for",
    "until",
    type=Duration(),
    callback=lambda context, option, seconds: ending(seconds),
    help="How long, such as 2h; then it ends by itself.",
)
seen_version = click.option(
    "--version", type=int, help="Refuse if it is at another version by now."
)
as_json = click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")


def echo_json(value: Any) -> None:
    """Print a value as JSON, also dataclasses and times."""
    click.echo(json_text(value))


def json_text(value: Any) -> str:
    """A value as JSON, also dataclasses and times."""
    return json.dumps(value, indent=2, sort_keys=True, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: getattr(value, one.name) for one in fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} is no JSON data")
