"""``flask yoto guards routes``: the guards of each route, and routes without any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from werkzeug.routing import Rule

from yoto.cli.options import as_json, echo_json
from yoto.resilience import route_guards

guards = AppGroup("guards", help="What guards stand where.")


@guards.command("routes")
@click.option("--unguarded", is_flag=True, help="Only those that have none.")
@as_json
@with_appcontext
def routes(unguarded: bool, as_json: bool) -> None:
    """List the routes of the application with their guards and permissions.

    Checks that the application makes by itself, in hooks or views, are not listed.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    found = [one for one in routes_of(app) if not (unguarded and one["guards"])]
    if as_json:
        echo_json(found)
        return
    for one in found:
        shown = ", ".join(f"{guard['kind']} {guard['name']}" for guard in one["guards"]) or "none"
        click.echo(f"{','.join(one['methods']):<12} {one['rule']:<40} {shown}")


def routes_of(app: Flask) -> Iterator[Mapping[str, Any]]:
    """The rules of an application; one whose methods have different guards comes once for each.

    Yields:
        ``rule``, ``endpoint``, ``methods``, and ``guards`` with ``kind`` and ``name``.
    """
    for rule in sorted(app.url_map.iter_rules(), key=lambda one: one.rule):
        methods = _methods_of(rule)
        found = {method: route_guards(app, rule.endpoint, method) for method in methods}
        for guards_here, same in groupby(sorted(methods, key=found.__getitem__), found.get):
            yield {
                "rule": rule.rule,
                "endpoint": rule.endpoint,
                "methods": list(same),
                "guards": [{"kind": kind, "name": name} for kind, name in guards_here or ()],
            }


def _methods_of(rule: Rule) -> list[str]:
    """The methods that a view handles itself: HEAD belongs to GET, and OPTIONS mostly to Flask."""
    methods = set(rule.methods or ())
    if "GET" in methods:
        methods.discard("HEAD")
    if getattr(rule, "provide_automatic_options", False):
        methods.discard("OPTIONS")
    return sorted(methods)
