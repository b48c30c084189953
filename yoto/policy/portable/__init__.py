"""Refusing Rego that is valid and that the engines read differently."""

from yoto.policy.portable.checks import check_portable
from yoto.policy.portable.heads import recursive

__all__ = ["check_portable", "recursive"]
