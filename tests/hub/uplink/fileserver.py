"""An HTTP server on loopback that tests speak to."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Files(ThreadingHTTPServer):
    """`content`: path -> body. `stored`: what was sent, as (method, path, headers, body). `answers`: path -> status."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content: dict[str, bytes] = {}
        self.moved: dict[str, str] = {}
        self.answers: dict[str, int] = {}
        self.short = False
        self.stored: list[tuple[str, str, dict[str, str], bytes]] = []
        self.port = self.server_address[1]


class Handler(BaseHTTPRequestHandler):
    server: Files  # type: ignore[assignment]

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        body = self.server.content.get(self.path)
        if self.path in self.server.moved:
            self.send_response(302)
            self.send_header("Location", self.server.moved[self.path])
        else:
            self.send_response(404 if body is None else 200)
        self.send_header("Content-Length", str(len(body or b"") + 5 * self.server.short))
        self.end_headers()
        self.wfile.write(body or b"")

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.answers.get(f"{self.command} {self.path}", 201)
        if status < 300:
            self.server.stored.append((self.command, self.path, dict(self.headers), body))
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_PUT  # noqa: N815


@contextmanager
def http_server(secure: ssl.SSLContext | None = None) -> Iterator[Files]:
    server = Files()
    if secure is not None:
        server.socket = secure.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
