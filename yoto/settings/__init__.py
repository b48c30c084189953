"""The settings of the platform: each is declared once, with its default, range and meaning.

An application has them under their own names, or, where the platform is a guest, with ``YOTO_``
before each. docs/settings.md is made of the declarations.
"""

from .reading import (
    EXTENSION,
    PREFIX,
    SETTINGS,
    Combination,
    Configured,
    Defaults,
    check_combinations,
    declares,
    go_together,
    guest_settings,
    keys_of,
    known_settings,
    of,
    read,
    settings_of,
    value_of,
)
from .setting import (
    Setting,
    certificates,
    certificates_fault,
    choice,
    declared,
    flag,
    is_pair,
    number,
    optional,
    share,
    text,
    whole,
)

__all__ = [
    "EXTENSION",
    "PREFIX",
    "SETTINGS",
    "Combination",
    "Configured",
    "Defaults",
    "Setting",
    "certificates",
    "certificates_fault",
    "check_combinations",
    "choice",
    "declared",
    "declares",
    "flag",
    "go_together",
    "guest_settings",
    "is_pair",
    "keys_of",
    "known_settings",
    "number",
    "of",
    "optional",
    "read",
    "settings_of",
    "share",
    "text",
    "value_of",
    "whole",
]
