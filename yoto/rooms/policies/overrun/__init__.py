"""Ends evaluations that nothing in this process can end."""

from yoto.rooms.policies.overrun.deadline import (
    EVALUATION_SECONDS,
    EvaluationDeadline,
    Overrun,
    Overruns,
    overrun_folder,
)

__all__ = ["EVALUATION_SECONDS", "EvaluationDeadline", "Overrun", "Overruns", "overrun_folder"]
