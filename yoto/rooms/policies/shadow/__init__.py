"""A candidate beside the live policies: the verdicts that its promotion would change."""

from yoto.rooms.policies.shadow.deny_rate import DenyRate, Tally, jumped
from yoto.rooms.policies.shadow.flips import FlipCounts
from yoto.rooms.policies.shadow.report import ShadowReport, report_of
from yoto.rooms.policies.shadow.runner import Shadow

__all__ = [
    "DenyRate",
    "FlipCounts",
    "Shadow",
    "ShadowReport",
    "Tally",
    "jumped",
    "report_of",
]
