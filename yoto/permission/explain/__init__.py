"""Explanations of verdicts, and the smallest change that would turn one."""

from yoto.permission.explain.explaining import Explaining
from yoto.permission.explain.report import Explanation, VerdictChange

__all__ = ["Explaining", "Explanation", "VerdictChange"]
