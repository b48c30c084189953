"""Settings of suggestions."""

from __future__ import annotations

from yoto.settings import declares, number


@declares
class Tuning:
    """Tuning: [tuning.md](tuning.md)"""

    TUNING_WINDOW = number(300.0, 5, 3600, "s", "Time compared before and after a change.")
