"""What guards the API has, and how they are set until an operator sets them otherwise."""

from __future__ import annotations

from collections.abc import Mapping

from app.core.resilience import Settings

GUARDS: Mapping[str, Mapping[str, Settings]] = {}
