"""Recent decisions of guards, kept for a while: for dry runs, and to see refused callers."""

from .calls import (
    REFUSED,
    BreakerCall,
    LimitedCall,
    Noted,
    SlotCall,
    Trail,
    caller_of,
    key_of,
    top_keys,
)
from .stored import KEPT_FOR, MOST_CALLS, StoredTrails, TrailReading

__all__ = [
    "KEPT_FOR",
    "MOST_CALLS",
    "REFUSED",
    "BreakerCall",
    "LimitedCall",
    "Noted",
    "SlotCall",
    "StoredTrails",
    "Trail",
    "TrailReading",
    "caller_of",
    "key_of",
    "top_keys",
]
