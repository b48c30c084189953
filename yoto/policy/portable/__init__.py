"""Refusing Rego that is valid and that the engines read differently."""

from yoto.policy.portable.checks import check_portable

__all__ = ["check_portable"]
