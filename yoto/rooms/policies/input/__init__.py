"""The document that policies read as ``input``."""

from yoto.rooms.policies.input.builder import ABSENT, InputBuilder, Part, PartUnknown, Question

__all__ = ["ABSENT", "InputBuilder", "Part", "PartUnknown", "Question"]
