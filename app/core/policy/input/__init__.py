"""The document that policies read as ``input``."""

from app.core.policy.input.builder import ABSENT, InputBuilder, Part, Question

__all__ = ["ABSENT", "InputBuilder", "Part", "Question"]
