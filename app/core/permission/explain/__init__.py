"""Why a verdict is what it is, and the smallest change that would turn it."""

from app.core.permission.explain.explaining import Explaining
from app.core.permission.explain.report import Explanation

__all__ = ["Explaining", "Explanation"]
