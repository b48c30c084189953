"""The functions that policies may call on regopy, and the functions that replace them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

# The package of ``functions.rego``, and its tables.
PACKAGE = "yoto_regopy"
SOURCE = (resources.files(__package__) / "functions.rego").read_text("utf-8")
TABLES: Mapping[str, object] = {
    "octets": {str(number): f"{number:08b}" for number in range(256)},
    "digits": {digit: f"{int(digit, 16):04b}" for digit in "0123456789abcdefABCDEF"},
    "sizes": {str(size): size for size in range(129)},
    "zeros": ["0" * 16] * 8,
}


@dataclass(frozen=True, slots=True)
class Function:
    """A builtin.

    Attributes:
        arguments: how many it takes; another number would be silently undefined.
        checked: whether our own function is called instead, which raises an error for values that
            regopy would turn into something else.
        unordered: whether the order of an array does not matter to it.
    """

    arguments: int
    checked: bool = False
    unordered: bool = False


FUNCTIONS: Mapping[str, Function] = {
    **{
        f"is_{kind}": Function(1)
        for kind in ("array", "boolean", "null", "number", "object", "set", "string")
    },
    "array.concat": Function(2),
    "concat": Function(2, checked=True),
    "contains": Function(2),
    "count": Function(1, checked=True, unordered=True),
    "endswith": Function(2),
    "glob.match": Function(3, checked=True),
    "indexof": Function(2, checked=True),
    "lower": Function(1, checked=True),
    "net.cidr_contains": Function(2, checked=True),
    "numbers.range": Function(2),
    "object.get": Function(3),
    "object.keys": Function(1),
    "regex.match": Function(2, checked=True),
    "replace": Function(3, checked=True),
    "round": Function(1, checked=True),
    "split": Function(2, checked=True),
    "sprintf": Function(2, checked=True),
    "startswith": Function(2),
    "substring": Function(3, checked=True),
    "sum": Function(1, checked=True, unordered=True),
    "time.clock": Function(1),
    "time.date": Function(1),
    "time.now_ns": Function(0),
    "time.weekday": Function(1),
    "to_number": Function(1, checked=True),
    "trim": Function(2, checked=True),
    "trim_prefix": Function(2),
    "trim_suffix": Function(2),
    "type_name": Function(1),
}


def called_instead(name: str) -> str:
    """The path of the function that is called instead of a checked one."""
    return f"data.{PACKAGE}.{name.replace('.', '_')}_checked"
