"""Uses of the break-glass token without a session, such as by programs: each must be noticed.

Each address is reported once every few minutes, however many requests it makes.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from flask import current_app, has_request_context

from yoto.auth.failed_sign_ins import Pace
from yoto.persistence import STORE_FAILURES
from yoto.request.context import origin
from yoto.store.db import db, writing
from yoto.store.models import record_audit

EXTENSION = "yoto.break_glass_uses"
BETWEEN_USES = 300.0  # s
BETWEEN_REFUSALS = 60.0  # s

log = logging.getLogger(__name__)


@dataclass(slots=True)
class BreakGlassUses:
    """The break-glass tokens that one process was shown.

    Attributes:
        refused: wrong tokens so far.
    """

    uses: Pace = field(default_factory=lambda: Pace(BETWEEN_USES))
    refusals: Pace = field(default_factory=lambda: Pace(BETWEEN_REFUSALS))
    refused: int = 0


def note_break_glass(opened: bool) -> None:
    """Log that a request came with the break-glass token, or with a wrong one; a use is recorded,
    too. A call outside a request only checks whether a credential is still valid.

    It works without the database: then the log alone has it.
    """
    if not has_request_context():
        return
    known: BreakGlassUses = current_app.extensions.setdefault(EXTENSION, BreakGlassUses())
    address = str(origin().address)
    if not opened:
        known.refused += 1
        if known.refusals.allows(address):
            log.warning(
                "a break-glass token was refused, from %s; %d so far", address, known.refused
            )
        return
    if not known.uses.allows(address):
        return
    log.critical("the glass was broken: its token comes with requests, %s", origin())
    try:
        db.session.rollback()  # reads so far belong to no act
        with writing():
            record_audit(
                "control.break_glass",
                "control",
                by=None,
                after={"via": "break_glass"},
                reason="sent the break-glass token with a request",
            )
            db.session.commit()
    except STORE_FAILURES:
        log.exception("the use of the break-glass token could not be recorded")
        db.session.rollback()
