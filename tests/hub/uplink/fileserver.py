"""File servers on loopback that tests speak to: HTTP by the standard library, FTP by hand."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


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


class FtpServer:
    """One client at a time; knows what a transfer needs."""

    def __init__(self, files: dict[str, bytes], folders: tuple[str, ...] = ()) -> None:
        self.files, self.folders = files, folders
        self.users = {"evhub": "secret", "anonymous": "evhub@"}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client:
                self._talk(client)

    def _talk(self, client: socket.socket) -> None:
        say = lambda text: client.sendall(f"{text}\r\n".encode())  # noqa: E731
        say("220 hello")
        state: dict[str, Any] = {"cwd": "", "user": ""}
        for line in client.makefile("r", encoding="utf-8"):
            command, _, argument = line.strip().partition(" ")
            if command == "QUIT":
                say("221 bye")
                return
            self._do(command, argument, state, say)

    def _do(self, command: str, argument: str, state: dict[str, Any], say: Any) -> None:
        if command == "USER":
            state["user"] = argument
            say("331 password?")
        elif command == "PASS":
            say("230 in" if self.users.get(state["user"]) == argument else "530 no")
        elif command == "CWD":
            good = argument.rstrip("/") in self.folders
            state["cwd"] = f"{argument.rstrip('/')}/" if good else state["cwd"]
            say("250 there" if good else "550 no such folder")
        elif command == "PASV":
            state["data"] = socket.create_server(("127.0.0.1", 0))
            high, low = divmod(state["data"].getsockname()[1], 256)
            say(f"227 ({'10,0,0,1'},{high},{low})")  # a lie that a client must not follow
        elif command in ("RETR", "STOR"):
            self._transfer(command, state["cwd"] + argument, state, say)
        else:
            say("200 as you like")

    def _transfer(self, command: str, name: str, state: dict[str, Any], say: Any) -> None:
        with state.pop("data") as listener:
            if command == "RETR" and name not in self.files:
                return say("550 no such file")
            say("150 here")
            data, _ = listener.accept()
            with data:
                if command == "RETR":
                    data.sendall(self.files[name])
                else:
                    self.files[name] = data.makefile("rb").read()
            return say("226 done")
