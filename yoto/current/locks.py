"""Locks of the current application; see ``AdvancedOptimization``."""

from __future__ import annotations

from yoto.optimization import AdvancedOptimization

# It holds nothing: what it is asked, it asks the current application.
create_lock = AdvancedOptimization().create_lock
