"""A candidate beside the live policies: what would change if it were promoted."""

from app.core.policy.shadow.deny_rate import DenyRate, Tally, jumped
from app.core.policy.shadow.flips import FlipCounts
from app.core.policy.shadow.report import ShadowReport, report_of
from app.core.policy.shadow.runner import Shadow

__all__ = [
    "DenyRate",
    "FlipCounts",
    "Shadow",
    "ShadowReport",
    "Tally",
    "jumped",
    "report_of",
]
