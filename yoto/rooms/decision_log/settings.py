"""Settings of the decision log."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask

from yoto.settings import declares, flag, number, of, read, settings_of, share, whole


@declares
class DecisionRecords:
    """Decision records: [decision-records.md](decision-records.md)"""

    DECISION_RECORDS = flag(True, "Whether decisions are recorded: all denials, and a sample.")
    DECISION_RECORD_ALLOW_SAMPLE = share(0.01, 0, "Share of allowed decisions that is recorded.")
    DECISION_RECORD_DAYS = number(30.0, 0.01, 3650, "days", "How long records are kept.")
    DECISION_RECORD_ROWS = whole(
        10_000_000, 1_000, 1_000_000_000, "rows", "The most records that are kept; the oldest go."
    )


@dataclass(frozen=True, slots=True)
class RecordSettings:
    """Settings of decision records: which decisions, and for how long.

    Attributes:
        allow_sample: the share of allowed decisions, 0 to 1; denials are all recorded.
        days: how long records are kept.
        rows: the most that are kept, counted by their ids.
    """

    allow_sample: float = of("DECISION_RECORD_ALLOW_SAMPLE")
    days: float = of("DECISION_RECORD_DAYS")
    rows: int = of("DECISION_RECORD_ROWS")


def record_settings(app: Flask) -> RecordSettings | None:
    """The decisions that ``app`` records, and for how long; None: it records none."""
    config = settings_of(app)
    return read(RecordSettings, config) if config["DECISION_RECORDS"] else None
