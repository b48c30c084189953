"""``flask permission templates``, ``apply-template``: sets of permissions for roles."""

from __future__ import annotations

import click
from flask.cli import AppGroup, with_appcontext

from yoto.errors import PlatformError
from yoto.extensions import permissions
from yoto.permission import PermissionTemplate
from yoto.store.db import writing
from yoto.store.models import ScopeType


def add_templates(group: AppGroup) -> None:
    """Add the commands to ``flask permission``."""
    for command in (templates, apply_template):
        group.add_command(command)


@click.command("templates")
@with_appcontext
def templates() -> None:
    """Show the permission templates with their levels; each has those above it, too."""
    try:
        found = permissions.list_templates()
    except PlatformError as error:
        raise click.ClickException(str(error)) from None
    for template in found:
        _show(template)


@click.command("apply-template")
@click.argument("role_id", type=int)
@click.argument("template")
@click.argument("level")
@click.option("--scope", type=click.Choice([scope.value for scope in ScopeType]), default="global")
@click.option("--scope-id", type=int, help="The server or channel.")
@click.option("--set", "settings", multiple=True, help="A parameter: --set resource=wiki.page")
@click.option("--replace", is_flag=True, help="Remove what the role allows of the levels above.")
@click.option("--register", is_flag=True, help="Register the permissions that are not yet.")
@click.option("--reason", help="For the audit log.")
@with_appcontext
def apply_template(
    role_id: int,
    template: str,
    level: str,
    scope: str,
    scope_id: int | None,
    settings: tuple[str, ...],
    replace: bool,
    register: bool,
    reason: str | None,
) -> None:
    """Let role ROLE_ID allow all that a LEVEL of a TEMPLATE has, in a scope."""
    try:
        with writing():
            receipt = permissions.apply_template(
                role_id,
                template,
                level,
                scope,
                scope_id,
                parameters=dict(_parameter(setting) for setting in settings),
                replace=replace,
                register=register,
                reason=reason,
            )
    except PlatformError as error:
        raise click.ClickException(str(error)) from None
    click.echo(
        f"Role {role_id} allows the {len(receipt.ids)} permissions of '{template}: {level}'."
    )


def _show(template: PermissionTemplate) -> None:
    click.echo(f"{template.name}: {template.description}")
    for parameter in template.parameters:
        default = "" if parameter.default is None else f" (default {parameter.default})"
        click.echo(f"  {{{parameter.name}}}  {parameter.description}{default}")
    for level in template.levels:
        names = ", ".join(spec.name for spec in level.permissions)
        click.echo(f"  {level.name:<14} {names}")


def _parameter(setting: str) -> tuple[str, str]:
    name, equals, value = setting.partition("=")
    if not equals:
        raise click.UsageError(f"--set {setting}: write it like resource=wiki.page")
    return name, value
