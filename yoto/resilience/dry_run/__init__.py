"""Dry runs: the effect of another configuration on the calls of the last minutes."""

from .dry_run import Caveat, DryRun, dry_run

__all__ = [
    "Caveat",
    "DryRun",
    "dry_run",
]
