"""What a bundle must be on every engine, whichever is going to run it."""

from __future__ import annotations

from app.core.policy.bundle import Bundle
from app.core.policy.engine.embedded.module import builtins, syntax_of
from app.core.policy.portable import check_portable
from app.core.policy.sources import check_bundle


def admit(bundle: Bundle) -> None:
    """Refuse what an engine lacks, or would answer otherwise than another.

    Tests may use what engines read differently: they decide nothing, and must hold where they run.

    Raises:
        PolicyError: the first thing that is wrong, with line and column.
    """
    check_bundle(bundle, builtins())
    check_portable(syntax_of(bundle.modules))
