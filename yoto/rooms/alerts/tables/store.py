"""Transactions on the tables of alerts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy.orm import Session

from yoto.sealing import Sealer, sealer_of
from yoto.store import sessions

from .evaluation import EvaluationRows
from .operators import OperatorRows
from .pruning import PruningRows
from .webhooks import WebhookRows


class AlertRows(EvaluationRows, OperatorRows, WebhookRows, PruningRows):
    """The rows of one transaction. Ids grow; lists are newest first unless they say otherwise.

    ``after`` begins after the row of that id.
    """


class AlertStore:
    """Opens transactions, inside and outside the contexts of its application. Methods raise
    ``StoreUnavailable`` when the database is unavailable."""

    def __init__(self, app: Flask) -> None:
        """Nothing is opened before the first transaction."""
        self._app = app
        self._unreadable: set[int] = set()

    @contextmanager
    def reading(self) -> Iterator[AlertRows]:
        """A transaction for reading."""
        with sessions.reading(self._app) as session:
            yield self._rows(session)

    @contextmanager
    def writing(self) -> Iterator[AlertRows]:
        """A transaction for writing: it is committed when the block ends, undone if it raises."""
        with sessions.recording(self._app) as session:
            yield self._rows(session)

    def _rows(self, session: Session) -> AlertRows:
        return AlertRows(session, self._sealer, self._unreadable)

    def _sealer(self) -> Sealer:
        return sealer_of(self._app)
