"""Work of a coroutine that must be done in the thread of the request.

Flask runs an asynchronous view in another thread. A session of a database that belongs to a thread,
begun there, is never given back: the teardown of a request runs in the request's own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_request_thread(work: Callable[[], T]) -> T:
    """The result of ``work``, done in the thread in which Flask called the asynchronous view.

    In this thread where no view of Flask is above. Raises what ``work`` raises.
    """
    try:
        from asgiref.sync import AsyncToSync, sync_to_async
    except ImportError:  # Flask's extra ``async``, without which it has no such views
        return work()
    if getattr(AsyncToSync.executors, "current", None) is None:
        return work()
    done: T = await sync_to_async(work)()
    return done
