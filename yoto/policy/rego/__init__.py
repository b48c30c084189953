"""Reading Rego sources without running them, for all engines alike."""

from yoto.policy.rego.calls import Call, calls_of, defined_functions, given_by_with
from yoto.policy.rego.heads import has_rule, package_of, path_at, test_rules
from yoto.policy.rego.inputs import EVERYTHING, reads_of
from yoto.policy.rego.moving import Moved, move
from yoto.policy.rego.parser import Syntax, parse, syntax_of
from yoto.policy.rego.tokens import Kind, Token, tokenize

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
