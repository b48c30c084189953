"""Light or dark. The server knows the choice, so that no page flashes in the wrong one."""

from __future__ import annotations

from yoto.control_plane.choice import Choice

AUTO = "auto"  # as the system says
THEMES = (AUTO, "light", "dark")
CHOICE = Choice("theme", "yoto_theme", THEMES)


def current_theme() -> str:
    """One of ``THEMES``."""
    return CHOICE.chosen() or AUTO
