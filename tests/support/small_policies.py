"""Small policies for tests that are not about what the default ones say."""

from __future__ import annotations

from typing import Any

MAIN = """\
package yoto.authz

default allow := false

allow if count(deny) == 0

decision := {"allow": allow, "deny": [code | some code in deny]}

deny contains "nobody" if not input.subject.id
"""

# Denies what has a number above the bound.
BOUND = """\
package yoto.authz

deny contains "above_bound" if not input.number <= {bound}
"""

BOUND_TEST = """\
package yoto.authz_test

import data.yoto.authz

test_below if not "above_bound" in authz.deny with input as {{"number": {bound}}}

test_above if "above_bound" in authz.deny with input as {{"number": {bound} + 1}}
"""


def bound(number: int) -> str:
    """A policy that denies what is above ``number``, with code ``above_bound``."""
    return BOUND.replace("{bound}", str(number))


def bound_tests(number: int) -> str:
    """The tests of ``bound(number)``."""
    return BOUND_TEST.format(bound=number)


def question(number: Any, user: str = "42") -> dict[str, Any]:
    """An input."""
    return {
        "subject": {"id": user},
        "action": {"name": "message.send"},
        "resource": {"scope": "channel", "id": 3},
        "number": number,
    }
