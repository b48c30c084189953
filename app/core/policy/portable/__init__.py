"""Refusing Rego that is valid and that the engines read differently."""

from app.core.policy.portable.checks import check_portable
from app.core.policy.portable.syntax import Syntax

__all__ = ["Syntax", "check_portable"]
