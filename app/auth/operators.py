"""The operator's identity here: an account by session or API token, or a break-glass session."""

from __future__ import annotations

from werkzeug.exceptions import Unauthorized

from app.auth import break_glass
from app.auth.api_tokens import token_use
from app.auth.break_glass_uses import note_break_glass
from app.auth.session import in_break_glass_session, session_ends_at, session_identity
from yoto.auth.operators import Operator, Via, bearer_token


def operator_at_hand() -> Operator:
    """The operator who makes this request.

    Raises:
        Unauthorized: the credential is missing, not accepted here, or no longer valid.
    """
    secret = bearer_token()
    if secret is not None:
        return operator_of(secret)
    if in_break_glass_session():
        return Operator(Via.BREAK_GLASS, None, ends_at=session_ends_at())
    return Operator(Via.SESSION, session_identity(), ends_at=session_ends_at())


def operator_of(secret: str) -> Operator:
    """The operator that an API token, or the break-glass token, stands for.

    Raises:
        Unauthorized: the token is not valid.
    """
    if secret.startswith(break_glass.PREFIX):
        opened = break_glass.opens(secret)
        note_break_glass(opened)
        if opened:
            return Operator(Via.BREAK_GLASS, None)
    else:
        use = token_use(secret)
        if use is not None:
            return Operator(Via.TOKEN, use.account, use.rights, use.token_id, ends_at=use.ends_at)
    raise Unauthorized("The token is invalid or no longer valid.")
