"""People who keep a started server busy."""

from __future__ import annotations

import itertools
import random
import threading
from typing import Self

from tests.support.closing import Closing
from tests.support.people import Place, call, settle
from tests.support.process import RunningYoto

# s between two requests of one of them: few enough to leave the processors to others, and never the
# same number a second, so that what is counted is seen to move.
SHORTEST, LONGEST = 0.05, 0.35


class Load(Closing):
    """While it is entered, people read and write, try what they may not, and one manages."""

    def __init__(self, server: RunningYoto, people: int = 2) -> None:
        self._server = server
        self._people = people
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        place = settle(self._server, self._people)
        for token in place.tokens.values():
            thread = threading.Thread(target=self._keep_on, args=(place, token), daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def _keep_on(self, place: Place, token: str) -> None:
        messages = f"channels/{place.channel_id}/messages"
        for turn in itertools.count():
            if self._stop.wait(random.uniform(SHORTEST, LONGEST)):
                return
            call(self._server, "GET", messages, token=token)
            if turn % 20 == 0:
                call(self._server, "POST", messages, {"content": f"turn {turn}"}, token)
            if turn % 10 == 0:
                # Policies are asked about it, and let its owner alone.
                call(self._server, "GET", f"servers/{place.server_id}/invites", token=token)
            if turn % 7 == 0:
                # The audit log of the platform is for others: a denial.
                call(self._server, "GET", "admin/audit", token=token)

    def close(self) -> None:
        """Stop asking."""
        self._stop.set()
        for thread in self._threads:
            thread.join(20)
