"""Who would gain and who would lose what by a change of rights, and two people side by side."""

from yoto.permission.what_if.acts import ACTS, place_of_act
from yoto.permission.what_if.report import (
    ChangedCell,
    ChangedVerdict,
    Comparison,
    Differing,
    PersonChange,
    Side,
    WhatIf,
)
from yoto.permission.what_if.trying import Trying

__all__ = [
    "ACTS",
    "ChangedCell",
    "ChangedVerdict",
    "Comparison",
    "Differing",
    "PersonChange",
    "Side",
    "Trying",
    "WhatIf",
    "place_of_act",
]
