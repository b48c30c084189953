"""What another configuration would have done with the calls of the last minutes."""

from .dry_run import Caveat, DryRun, dry_run

__all__ = [
    "Caveat",
    "DryRun",
    "dry_run",
]
