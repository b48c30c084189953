"""One connection of eventlet's server. Eventlet must have patched the standard library."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import eventlet.wsgi

from app.server.connections import ENVIRON_KEY, READER_KEY, Connections, reader
from app.server.contained import answer_failure
from app.server.heads import PlainHeaders, QuickHeads
from app.server.quick_answers import QuickAnswer
from yoto.request import REQUEST_ID_KEY

log = logging.getLogger(__name__)

CLOSE = "Connection: close\r\n"

# Requests with one of these want more than a response; eventlet handles them.
_MORE = frozenset({"CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING", "HTTP_UPGRADE"})


class Protocol(QuickHeads, eventlet.wsgi.HttpProtocol):  # type: ignore[misc]
    """Eventlet's, on a connection that is bounded; what it would find out anew for each request of
    a connection it knows.
    """

    def __init__(self, connections: Connections, conn_state: list[Any], server: Any) -> None:
        address, found, _ = conn_state
        admitted = connections.admit(found, address[0])
        if admitted is None:
            return
        self.admitted = admitted
        self._lasting: dict[str, Any] | None = None
        try:
            super().__init__(conn_state, server)
        except OSError as error:
            log.debug("a connection of %s ended: %s", address[0], error)
        except Exception:
            log.exception("a connection of %s ended by an error", address[0])
        finally:
            admitted.leave()

    def setup(self) -> None:
        """As eventlet's; reads and writes end in time."""
        super().setup()
        for one in (self.rfile, self.wfile):
            one.close()
        self.rfile = self.reader = reader(self.admitted)
        self.wfile = io.BufferedWriter(self.admitted.stream(), self.wbufsize)

    def handle_one_request(self) -> None:
        """As eventlet's."""
        self.admitted.await_request()
        super().handle_one_request()

    def handle_one_response(self) -> None:
        """As eventlet's; a plain request without a body gets its response at once."""
        headers = self.headers
        if isinstance(headers, PlainHeaders) and headers.environ.keys().isdisjoint(_MORE):
            self._answer()
            return
        application = self.application

        def ending(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
            def begin(*said: Any) -> Any:
                self._end_when_told()
                return start(*said)

            return application(environ, begin)

        # Eventlet sets it for each request anew.
        self.application = ending
        super().handle_one_response()

    def _end_when_told(self) -> None:
        """Found when the head goes out, since the process may have been asked to stop meanwhile."""
        self.close_connection = self.close_connection or self.admitted.ends

    def _connection_line(self) -> str:
        self._end_when_told()
        if self.close_connection:
            return CLOSE
        kept = self.headers.get("Connection", "").lower() == "keep-alive"
        return "Connection: keep-alive\r\n" if kept else ""

    def _answer(self) -> None:
        answer = QuickAnswer(self.admitted.write, self.command, self._connection_line)
        body = None
        try:
            body = self.application(self.environ, answer.start)
            for piece in body:
                answer.write(piece)
            answer.end()
        except Exception:
            # The application's exception is logged; data that was sent already cannot be taken
            # back.
            log.debug("an answer broke off", exc_info=True)
            self.close_connection = True
            if answer.waits:
                for piece in answer_failure(self.environ[REQUEST_ID_KEY], answer.start):
                    answer.write(piece)
                answer.end()
        finally:
            if hasattr(body, "close"):
                body.close()

    def get_environ(self) -> dict[str, Any]:
        """As eventlet's, with the connection."""
        headers = self.headers
        if not isinstance(headers, PlainHeaders):
            environ: dict[str, Any] = super().get_environ()
            return environ | {ENVIRON_KEY: self.admitted, READER_KEY: self.rfile}
        if self._lasting is None:
            self._lasting = self._of_connection()
        raw_path, query, parameters = self.path.partition("?")
        environ = self._lasting | {
            "REQUEST_METHOD": self.command,
            "RAW_PATH_INFO": raw_path,
            "PATH_INFO": unquote(raw_path, encoding="latin1") if "%" in raw_path else raw_path,
            # The standard library's default for a body without a content type.
            "CONTENT_TYPE": "text/plain",
            "headers_raw": tuple(headers.pairs),
            "eventlet.posthooks": [],
        }
        environ |= headers.environ
        if query:
            environ["QUERY_STRING"] = parameters
        chunked = headers.get("Transfer-Encoding", "").lower() == "chunked"
        environ["wsgi.input"] = environ["eventlet.input"] = eventlet.wsgi.Input(
            self.rfile,
            headers.get("Content-Length", None if chunked else "0"),
            self.connection,
            chunked_input=chunked,
        )
        return environ

    def _of_connection(self) -> dict[str, Any]:
        """The entries common to the environs of all its requests."""
        host, port = self.request.getsockname()[:2]
        client, client_port = self.client_address[:2]

        def set_idle() -> None:
            self.conn_state[2] = eventlet.wsgi.STATE_IDLE

        return self.server.get_environ() | {
            "SCRIPT_NAME": "",
            "SERVER_PROTOCOL": "HTTP/1.0",
            "SERVER_NAME": host,
            "SERVER_PORT": str(port),
            "REMOTE_ADDR": client,
            "REMOTE_PORT": str(client_port),
            "GATEWAY_INTERFACE": "CGI/1.1",
            "eventlet.set_idle": set_idle,
            ENVIRON_KEY: self.admitted,
            READER_KEY: self.rfile,
        }
