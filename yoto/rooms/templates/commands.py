"""``flask permission templates``, ``apply-template``: sets of permissions for roles."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Annotated

import click
from flask.cli import AppGroup

from yoto.cli.operations import command
from yoto.rooms.templates.applying import TEMPLATES
from yoto.rooms.templates.template import PermissionTemplate
from yoto.store.models import ScopeType

commands = AppGroup("permission")


@command(commands, "templates")
def templates() -> Iterator[str]:
    """Show the permission templates with their levels; each includes the levels above it."""
    return chain.from_iterable(map(_lines, TEMPLATES.all()))


@command(commands, "apply-template <role_id> <template> <level>", writes=True, settings="set")
def apply_template(
    role_id: int,
    template: str,
    level: str,
    scope: ScopeType = ScopeType.GLOBAL,
    scope_id: Annotated[int | None, "The server or channel."] = None,
    settings: Annotated[tuple[str, ...], "A parameter: --set resource=wiki.page"] = (),
    replace: Annotated[bool, "Remove what the role allows of the levels above."] = False,
    register: Annotated[bool, "Register the permissions that are not yet."] = False,
    reason: Annotated[str | None, "For the audit log."] = None,
) -> str:
    """Grant role ROLE_ID all permissions of a LEVEL of a TEMPLATE, in a scope."""
    receipt = TEMPLATES.apply(
        role_id,
        template,
        level,
        scope,
        scope_id,
        parameters=dict(map(_parameter, settings)),
        replace=replace,
        register=register,
        reason=reason,
    )
    return f"Role {role_id} allows the {len(receipt.ids)} permissions of '{template}: {level}'."


def _lines(template: PermissionTemplate) -> Iterator[str]:
    yield f"{template.name}: {template.description}"
    for parameter in template.parameters:
        default = "" if parameter.default is None else f" (default {parameter.default})"
        yield f"  {{{parameter.name}}}  {parameter.description}{default}"
    for level in template.levels:
        names = ", ".join(spec.name for spec in level.permissions)
        yield f"  {level.name:<14} {names}"


def _parameter(setting: str) -> tuple[str, str]:
    name, equals, value = setting.partition("=")
    if not equals:
        raise click.UsageError(f"--set {setting}: write it like resource=wiki.page")
    return name, value
