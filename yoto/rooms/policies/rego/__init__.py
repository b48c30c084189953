"""Reading Rego sources without running them, for all engines alike."""

from yoto.rooms.policies.rego.calls import Call, calls_of, defined_functions, given_by_with
from yoto.rooms.policies.rego.heads import (
    EVERYTHING,
    has_rule,
    package_of,
    path_at,
    reads_of,
    test_rules,
)
from yoto.rooms.policies.rego.moving import Moved, move
from yoto.rooms.policies.rego.parser import Syntax, parse, syntax_of
from yoto.rooms.policies.rego.tokens import Kind, Token, tokenize

__all__ = [
    "EVERYTHING",
    "Call",
    "Kind",
    "Moved",
    "Syntax",
    "Token",
    "calls_of",
    "defined_functions",
    "given_by_with",
    "has_rule",
    "move",
    "package_of",
    "parse",
    "path_at",
    "reads_of",
    "syntax_of",
    "test_rules",
    "tokenize",
]
