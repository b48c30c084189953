"""A candidate beside the live policies: the verdicts that its promotion would change."""

from yoto.policy.shadow.deny_rate import DenyRate, Tally, jumped
from yoto.policy.shadow.flips import FlipCounts
from yoto.policy.shadow.report import ShadowReport, report_of
from yoto.policy.shadow.runner import Shadow

__all__ = [
    "DenyRate",
    "FlipCounts",
    "Shadow",
    "ShadowReport",
    "Tally",
    "jumped",
    "report_of",
]
