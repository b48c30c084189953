"""Performs an act that its caller named by ``Idempotency-Key`` once, however often it is sent.

After draft-ietf-httpapi-idempotency-key-header: the key is claimed in the database before the act;
its response is kept for a day and given again. A rejected act may be tried again, and so may one
that failed before anything was recorded; one that failed later may have had an effect.

A worker may die in between. A claim is marked as begun in the transaction of the act's first record
in the audit log, or of the first row that the request writes: a claim without that mark after
``IDEMPOTENCY_LEASE`` stands for nothing done, and is taken over by the next request with the key.
The first worker, should it still live, then finds the claim gone before it acts.

A key belongs to an account and to the credential that it came with: a sign-in, or a token of the
control plane. The break-glass token has no account, and must work without the database: its keys
are passed over.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import re
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, NamedTuple, TypeVar

from flask import Response, after_this_request, current_app, g, request
from sqlalchemy import ColumnElement, and_, delete, event, select, update
from sqlalchemy.engine import Connection, CursorResult, RootTransaction
from sqlalchemy.exc import IntegrityError

from yoto.auth.identity import credential_of_caller, current_user_id
from yoto.errors import ValidationFailed, WriteConflict
from yoto.http.problems import IDEMPOTENCY_HEADER, problem
from yoto.persistence import STORE_FAILURES
from yoto.request.context import before_recording, current_record, note_record, request_id
from yoto.store.columns import utcnow
from yoto.store.db import db, first_read, writing
from yoto.store.models import IDEMPOTENCY_KEPT, IDEMPOTENCY_LEASE, IdempotencyKey

HEADER = IDEMPOTENCY_HEADER
REPLAYED_HEADER = "Idempotency-Replayed"
KEPT_HEADERS = ("Content-Type", "ETag", "Location")
SECRET_MARK = "__secret_answer__"
ONCE_MARK = "__once__"
# The header as OpenAPI describes it, and the further responses of an operation that takes it.
PARAMETER = {
    "in": "header",
    "name": HEADER,
    "description": "Names this act: sent again within a day, it is answered as before, not done",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
RESPONSES = {"409": "CONFLICT", "422": "UNPROCESSABLE_ENTITY"}
# The problem of an act whose COMMIT was cut.
UNKNOWN = "outcome-unknown"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")

log = logging.getLogger(__name__)

View = TypeVar("View", bound=Callable[..., Any])


def secret_answer(view: View) -> View:
    """Mark the response of a view as holding a secret that is shown once: it is not kept."""
    setattr(view, SECRET_MARK, True)
    return view


def once(view: View) -> View:
    """Perform the view once for each key of its callers. It comes inside the decorator that asks
    for a right: a caller without that right learns nothing by a key and leaves no row.
    """

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        before = None
        if HEADER in request.headers:
            before = claim(current_user_id(), credential_of_caller())
        return view(*args, **kwargs) if before is None else before

    setattr(guarded, ONCE_MARK, True)
    return guarded  # type: ignore[return-value]


def document(operation: dict[str, Any]) -> None:
    """Describe the key as OpenAPI does, in an operation that takes one."""
    operation["parameters"] = [*operation.get("parameters", ()), PARAMETER]
    for status, described in RESPONSES.items():
        operation["responses"].setdefault(status, described)


def claim(user_id: int, credential: str) -> Response | None:
    """Claim the key of this request, if it has one.

    Args:
        user_id: the caller.
        credential: the credential that identifies them; the key serves with no other.

    Returns:
        The response to give instead of acting: that of before, or a problem. None: go on.

    Raises:
        ValidationFailed: the key is no text of 1 to 255 visible characters.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise ValidationFailed({HEADER: "must be 1 to 255 visible ASCII characters"})
    asked = _fingerprint(credential)
    db.session.rollback()  # earlier reads belong to no act
    with writing():
        db.session.execute(
            delete(IdempotencyKey).where(
                IdempotencyKey.user_id == user_id,
                IdempotencyKey.idempotency_key == key,
                IdempotencyKey.created_at < utcnow() - IDEMPOTENCY_KEPT,
            )
        )
        row = IdempotencyKey(user_id=user_id, idempotency_key=key, fingerprint=asked)
        db.session.add(row)
        try:
            db.session.commit()
        except IntegrityError:
            db.session.rollback()
            return _known(user_id, key, asked)
    _go_on(row.id, row.created_at)
    return None


def _keep(response: Response) -> Response:
    """Keep how the act of this request ended, if that is known and can be kept."""
    try:
        _settle(g.idempotency_claim, response)
    except STORE_FAILURES:
        # The act is done, or rejected, and its response stands; the key stays as if this were
        # unknown.
        log.exception("the end of an act with a key could not be kept, request %s", request_id())
        db.session.rollback()
    return response


class Claim(NamedTuple):
    """The claim of this request on a key."""

    id: int
    created_at: datetime

    @property
    def held(self) -> ColumnElement[bool]:
        """The row, unless another request has taken it over."""
        return and_(IdempotencyKey.id == self.id, IdempotencyKey.created_at == self.created_at)


def _go_on(id_: int, created_at: datetime) -> None:
    claim = g.idempotency_claim = Claim(id_, created_at)
    g.recorded = False
    transaction: RootTransaction | None = None

    def begin(connection: Connection) -> None:
        """Say that the act begins, in the transaction of its record, or raise."""
        nonlocal transaction
        if transaction is not None and transaction.is_active:
            return
        statement = update(IdempotencyKey).where(claim.held).values(recorded_at=utcnow())
        if connection.execute(statement).rowcount == 0:
            raise WriteConflict(TimeoutError("the lease of the key was over"))
        transaction = connection.get_transaction()

    before_recording(begin)
    # A write without a record is an act all the same.
    event.listen(db.session(), "after_flush", lambda session, _: note_record(session.connection()))
    after_this_request(_keep)


def _settle(claim: Claim, response: Response) -> None:
    db.session.rollback()
    if current_record().outcome.get("problem") == UNKNOWN:
        # The claim says by itself whether the act stands: it was marked in the same transaction.
        return
    with writing():
        if response.status_code >= 500 and g.recorded:
            db.session.execute(
                update(IdempotencyKey).where(claim.held).values(recorded_at=utcnow())
            )
        elif response.status_code < 300 and not response.is_streamed:
            secret = hasattr(current_app.view_functions.get(request.endpoint or ""), SECRET_MARK)
            kept = {
                name: response.headers[name] for name in KEPT_HEADERS if name in response.headers
            }
            db.session.execute(
                update(IdempotencyKey)
                .where(claim.held)
                .values(
                    status=response.status_code,
                    headers=json.dumps(kept),
                    body=None if secret else response.get_data(as_text=True),
                )
            )
        else:
            db.session.execute(delete(IdempotencyKey).where(claim.held))
        db.session.commit()


def _fingerprint(credential: str) -> str:
    version = request.headers.get("If-Match", "")
    asked = "\0".join((credential, request.method, request.full_path, version))
    return hashlib.sha256(asked.encode() + b"\0" + request.get_data(cache=True)).hexdigest()


def _known(user_id: int, key: str, asked: str) -> Response | None:
    with first_read():
        row = db.session.scalar(
            select(IdempotencyKey).where(
                IdempotencyKey.user_id == user_id, IdempotencyKey.idempotency_key == key
            )
        )
    if row is not None and row.fingerprint != asked:
        text = "was used for something else, or with another credential"
        return problem(422, "validation-failed", f"{HEADER}: {text}", errors={HEADER: [text]})
    if row is None or (row.status is None and row.recorded_at is None):
        return _wait_or_take_over(row)
    if row.status is None:
        return problem(
            409,
            "idempotency-in-progress",
            "The act of this key is recorded and its answer was lost, or is on its way: it is done,"
            " at least in part. Look before you do it by another key.",
        )
    if row.body is None:
        return problem(
            409,
            "idempotency-secret",
            "This was done before; its answer held a secret and is shown once only.",
        )
    headers = {**json.loads(row.headers or "{}"), REPLAYED_HEADER: "true"}
    return Response(row.body, row.status, headers)


def _wait_or_take_over(row: IdempotencyKey | None) -> Response | None:
    """None: the key is this request's now, since the earlier claim did nothing in time."""
    now = utcnow()
    left = 0.0 if row is None else (row.created_at + IDEMPOTENCY_LEASE - now).total_seconds()
    if row is not None and left <= 0:
        with writing():
            taken: CursorResult[Any] = db.session.execute(  # type: ignore[assignment]
                update(IdempotencyKey)
                .where(
                    Claim(row.id, row.created_at).held,
                    IdempotencyKey.status.is_(None),
                    IdempotencyKey.recorded_at.is_(None),
                )
                .values(created_at=now)
            )
            db.session.commit()
        if taken.rowcount:
            _go_on(row.id, now)
            return None
    return problem(
        409,
        "idempotency-in-progress",
        "The act of this key is about to begin elsewhere; send it again a little later.",
        headers={"Retry-After": str(max(1, math.ceil(left)))},
    )
