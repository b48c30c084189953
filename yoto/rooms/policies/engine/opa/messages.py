"""Puts OPA's errors into our words."""

from __future__ import annotations

from typing import Any

from yoto.errors import PolicyError
from yoto.rooms.policies.engine.opa.layout import Layout


def compile_error(layout: Layout, body: Any) -> PolicyError:
    """The reason why a module was refused, from the body of the response."""
    return _error("bundle", layout, body)


def evaluation_error(layout: Layout, body: Any) -> PolicyError | None:
    """The error inside a policy; None if the response is about something else."""
    if not isinstance(body, dict) or body.get("code") != "internal_error":
        return None
    first = _first(body)
    if not str(first.get("code", "")).startswith("eval_"):
        return None
    return _error("decision", layout, body)


def _error(policy: str, layout: Layout, body: Any) -> PolicyError:
    first = _first(body)
    message = first.get("message") or (body.get("message") if isinstance(body, dict) else None)
    reason = layout.original(str(message or body))
    location = first.get("location")
    if not isinstance(location, dict):
        return PolicyError(policy, reason)
    file, line, column = (location.get(key) for key in ("file", "row", "col"))
    if not isinstance(line, int) or not isinstance(column, int):
        return PolicyError(policy, reason)
    for placed in layout.modules:
        found = placed.place(line, column) if placed.module_id == file else None
        if found is not None:
            policy, line, column = found
    return PolicyError(policy, f"line {line}, column {column}: {reason}")


def _first(body: Any) -> dict[str, Any]:
    errors = body.get("errors") if isinstance(body, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else {}
    return first if isinstance(first, dict) else {}
