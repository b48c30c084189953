"""Why a verdict is what it is, and the smallest change that would turn it."""

from yoto.permission.explain.explaining import Explaining
from yoto.permission.explain.report import Explanation

__all__ = ["Explaining", "Explanation"]
