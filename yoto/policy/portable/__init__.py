"""Refusing Rego that is valid and that the engines read differently."""

from yoto.policy.portable.checks import check_portable
from yoto.policy.portable.syntax import Syntax

__all__ = ["Syntax", "check_portable"]
