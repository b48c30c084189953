"""Suggestions to change settings, and the verdict on a change that was made. Pure."""

from ..levers import LEVERS, lever_of
from .picture import (
    PLAIN,
    BulkheadPicture,
    Guards,
    LimiterPicture,
    Picture,
    PoolPicture,
    QueuePicture,
    StorePicture,
    picture_of,
)
from .suggestion import Suggestion, SuggestionReport
from .verdict import METRICS, Verdict, judge, readings, unit_of_measure

__all__ = [
    "PLAIN",
    "LEVERS",
    "METRICS",
    "BulkheadPicture",
    "Guards",
    "LimiterPicture",
    "Picture",
    "PoolPicture",
    "QueuePicture",
    "StorePicture",
    "Suggestion",
    "SuggestionReport",
    "Verdict",
    "judge",
    "lever_of",
    "picture_of",
    "readings",
    "unit_of_measure",
]
