"""Lets the many applications of a test run share what Werkzeug compiles for their addresses.

More than two thirds of ``create_app`` is Werkzeug taking apart, for each of some three hundred
routes, the same text, and compiling two functions of it. They are made from nothing but what the
key below holds, and are only read.
"""

from __future__ import annotations

from typing import Any

from werkzeug.routing import Rule

_compiled: dict[Any, dict[str, Any]] = {}
_MADE = ("_parts", "_trace", "_converters", "arguments")
_BUILDERS = ("_build", "_build_unknown")


def share_rules() -> None:
    """Compile each rule once a process from now on."""
    compile_rule = Rule.compile

    def shared(rule: Rule) -> None:
        assert rule.map is not None
        key = (
            rule.rule,
            rule.host if rule.map.host_matching else rule.subdomain,
            rule.merge_slashes,
            tuple(sorted((rule.defaults or {}).items())),
            tuple(rule.map.converters.items()),
        )
        made = _compiled.get(key)
        if made is None:
            compile_rule(rule)
            made = {name: getattr(rule, name) for name in _MADE}
            made |= {name: getattr(rule, name).__func__ for name in _BUILDERS}
            _compiled[key] = made
            return
        for name in _MADE:
            setattr(rule, name, made[name])
        for name in _BUILDERS:
            setattr(rule, name, made[name].__get__(rule, None))

    Rule.compile = shared  # type: ignore[method-assign]
