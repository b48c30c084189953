"""Reading Rego sources without running them, for all engines alike."""

from app.core.policy.rego.calls import Call, Functions, calls_of, defined_functions
from app.core.policy.rego.heads import has_rule, package_of, test_rules
from app.core.policy.rego.inputs import EVERYTHING, reads_of
from app.core.policy.rego.moving import Moved, move
from app.core.policy.rego.negations import negations
from app.core.policy.rego.tokens import Kind, Token, tokenize

__all__ = [
    "EVERYTHING",
    "Call",
    "Functions",
    "Kind",
    "Moved",
    "Token",
    "calls_of",
    "defined_functions",
    "has_rule",
    "move",
    "negations",
    "package_of",
    "reads_of",
    "test_rules",
    "tokenize",
]
