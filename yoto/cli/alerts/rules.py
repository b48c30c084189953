"""Commands about the rules."""

from __future__ import annotations

import json

import click
from flask.cli import AppGroup, with_appcontext

from yoto.cli.acts import acting
from yoto.cli.options import as_json, echo_json, field_value, says_why
from yoto.extensions import alerts as platform
from yoto.monitor import RuleInForce

version_option = click.option(
    "--version", type=int, help="Refuse if the rule is at another version by now."
)


def add_rules(group: AppGroup) -> None:
    """Add them to ``flask alerts``."""
    for command in (rules, set_rule, reset_rule, add_rule, remove_rule):
        group.add_command(command)


@click.command("rules")
@as_json
@with_appcontext
def rules(as_json: bool) -> None:
    """Show the rules in force, and what operators set on them."""
    with acting():
        found = platform.rules.list()
    if as_json:
        echo_json([_plain(one) for one in found])
        return
    for one in found:
        click.echo(_line(one))


@click.command("set")
@click.argument("rule")
@click.argument("fields", nargs=-1, required=True, metavar="FIELD=VALUE...")
@version_option
@says_why
@as_json
@with_appcontext
def set_rule(
    rule: str,
    fields: tuple[str, ...],
    version: int | None,
    reason: str,
    actor: str,
    as_json: bool,
) -> None:
    """Set FIELDs of RULE, such as warning=0.7 or enabled=false."""
    values = dict(map(field_value, fields))
    with acting():
        changed = platform.rules.set(rule, values, by=actor, reason=reason, version=version)
    _echo(changed, as_json)


@click.command("reset")
@click.argument("rule")
@version_option
@says_why
@as_json
@with_appcontext
def reset_rule(rule: str, version: int | None, reason: str, actor: str, as_json: bool) -> None:
    """Take back what operators set on RULE."""
    with acting():
        changed = platform.rules.reset(rule, by=actor, reason=reason, version=version)
    _echo(changed, as_json)


@click.command("rule-add")
@click.argument("rule")
@click.argument("metric")
@click.argument("direction", type=click.Choice(["high", "low"]))
@click.argument("fields", nargs=-1, required=True, metavar="FIELD=VALUE...")
@says_why
@as_json
@with_appcontext
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
        made = platform.rules.add(rule, values, by=actor, reason=reason)
    _echo(made, as_json)


@click.command("rule-remove")
@click.argument("rule")
@version_option
@says_why
@with_appcontext
def remove_rule(rule: str, version: int | None, reason: str, actor: str) -> None:
    """End RULE, which operators made."""
    with acting():
        platform.rules.remove(rule, by=actor, reason=reason, version=version)
    click.echo(f"{rule} is removed; its alerts end with the next evaluation.")


def _echo(changed: RuleInForce, as_json: bool) -> None:
    if as_json:
        echo_json(_plain(changed))
        return
    click.echo(_line(changed))


def _plain(one: RuleInForce) -> dict[str, object]:
    return {
        **one.rule.to_mapping(),
        "version": one.version,
        "set": dict(one.values),
        "own": one.own,
    }


def _line(one: RuleInForce) -> str:
    rule = one.rule
    limits = " / ".join("-" if limit is None else f"{limit:g}" for limit in rule.limits)
    state = "" if rule.enabled else ", off"
    changed = f", set: {json.dumps(dict(one.values))}" if one.values else ""
    return (
        f"{rule.name:<16} {rule.metric}: {limits} ({rule.direction} is bad) for {rule.hold:g} s"
        f"{state}; version {one.version}{changed}"
    )
