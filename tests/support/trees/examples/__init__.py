"""Ten worlds from the field: five of OpenFGA's samples, and five of other trades.

Each is plain data, so that the same steps can be taken on the platform.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.support.trees.by_hand import Example
from tests.support.trees.examples.samples import (
    banking,
    custom_roles,
    expenses,
    gdrive,
    superadmin,
)
from tests.support.trees.examples.trades import (
    game_studio,
    hospital,
    law_firm,
    newsroom,
    school,
)

EXAMPLES: dict[str, Callable[[], Example]] = {
    make.__name__: make
    for make in (
        gdrive,
        custom_roles,
        superadmin,
        banking,
        expenses,
        hospital,
        newsroom,
        school,
        law_firm,
        game_studio,
    )
}
