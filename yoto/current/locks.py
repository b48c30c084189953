"""Locks of the current application; see ``AdvancedOptimization``."""

from __future__ import annotations

from yoto.optimization import AdvancedOptimization, locked

__all__ = ["create_lock", "create_multi_lock", "create_read_write_lock", "locked", "take_up_lock"]

# It holds nothing: what it is asked, it asks the current application.
_current = AdvancedOptimization()
create_lock = _current.create_lock
create_multi_lock = _current.create_multi_lock
create_read_write_lock = _current.create_read_write_lock
take_up_lock = _current.take_up_lock
