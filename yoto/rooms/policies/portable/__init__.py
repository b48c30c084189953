"""Refuses valid Rego that the engines read differently."""

from yoto.rooms.policies.portable.bodies import OBJECTS
from yoto.rooms.policies.portable.checks import check_costs, check_portable
from yoto.rooms.policies.portable.heads import MIXED_HEADS, mixed_heads, recursive

__all__ = ["MIXED_HEADS", "OBJECTS", "check_costs", "check_portable", "mixed_heads", "recursive"]
