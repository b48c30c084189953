"""Transactions on the tables of alerts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy.orm import Session

from yoto.persistence.alerts.evaluation import EvaluationRows
from yoto.persistence.alerts.operators import OperatorRows
from yoto.persistence.alerts.pruning import PruningRows
from yoto.persistence.alerts.webhooks import WebhookRows
from yoto.sealing import Sealer, sealer_of
from yoto.store import sessions


class SqlAlertRows(EvaluationRows, OperatorRows, WebhookRows, PruningRows):
    """See ``AlertRows``."""


class SqlAlertStore:
    """See ``AlertStore``; works inside and outside the contexts of its application."""

    def __init__(self, app: Flask) -> None:
        """Nothing is opened before the first transaction."""
        self._app = app
        self._unreadable: set[int] = set()

    @contextmanager
    def reading(self) -> Iterator[SqlAlertRows]:
        """See ``AlertStore``."""
        with sessions.reading(self._app) as session:
            yield self._rows(session)

    @contextmanager
    def writing(self) -> Iterator[SqlAlertRows]:
        """See ``AlertStore``."""
        with sessions.recording(self._app) as session:
            yield self._rows(session)

    def _rows(self, session: Session) -> SqlAlertRows:
        return SqlAlertRows(session, self._newest, self._sealer, self._unreadable)

    def _sealer(self) -> Sealer:
        return sealer_of(self._app)

    @contextmanager
    def _newest(self) -> Iterator[Session]:
        """The rows committed now, beside a transaction with an older snapshot."""
        with sessions.reading(self._app) as session:
            yield session
