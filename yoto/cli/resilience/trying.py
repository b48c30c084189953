"""Whether values would be valid, and what they would change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from yoto.cli.operations import command
from yoto.cli.resilience.group import Plain, Values, controller, resilience
from yoto.resilience import Kind


def _difference(found: Plain, **given: Any) -> Iterator[str]:
    for field, one in found.items():
        yield f"  {field}: {json.dumps(one['before'])} -> {json.dumps(one['after'])}"
    if not found:
        yield "No changes."


@command(resilience, "validate <kind> <name> <fields>", _difference)
def validate(kind: Kind, name: str, fields: Values) -> Plain:
    """Show the changes if FIELDs were the only values that operators set; change nothing."""
    current = controller()
    before = current.config.get(Kind(kind), name).config.to_mapping()
    after = current.config.candidate(Kind(kind), name, fields).to_mapping()
    return {
        field: {"before": before.get(field), "after": value}
        for field, value in after.items()
        if value != before.get(field)
    }
