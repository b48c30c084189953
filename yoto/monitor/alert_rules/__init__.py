"""Alert rules: the thresholds of values, which health uses too."""

from .defaults import DEFAULT_RULES
from .rule import DEGRADATIONS, AlertRule, Level, level_of, refuse_fixed, settable
from .series import format_series, parse_series

__all__ = [
    "DEFAULT_RULES",
    "DEGRADATIONS",
    "AlertRule",
    "Level",
    "format_series",
    "level_of",
    "parse_series",
    "refuse_fixed",
    "settable",
]
