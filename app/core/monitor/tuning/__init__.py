"""Suggestions to change settings, and the verdict on a change that was made. Pure."""

from .advisers import advise
from .levers import LEVERS, LIVE, Lever
from .picture import Picture, QueuePicture, StorePicture, picture_of
from .suggestion import Suggestion
from .verdict import METRICS, Verdict, judge, readings

__all__ = [
    "LEVERS",
    "LIVE",
    "METRICS",
    "Lever",
    "Picture",
    "QueuePicture",
    "StorePicture",
    "Suggestion",
    "Verdict",
    "advise",
    "judge",
    "picture_of",
    "readings",
]
