"""An FTP server on loopback, by hand: plain, or in TLS as it is asked for or from the first byte."""

import contextlib
import socket
import ssl
import threading
from typing import Any


class FtpServer:
    """One client at a time; knows what a transfer needs. In TLS it wants both connections to be of one session."""

    def __init__(
        self,
        files: dict[str, bytes],
        folders: tuple[str, ...] = (),
        *,
        secure: ssl.SSLContext | None = None,
        implicit: bool = False,
    ) -> None:
        self.files, self.folders = files, folders
        self.users = {"evhub": "secret", "anonymous": "evhub@"}
        self.logins: list[bool] = []
        """Was each in TLS?"""
        self.abrupt = False
        """Data connections are closed without a word."""
        self._secure, self._implicit = secure, implicit
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
            with contextlib.suppress(OSError):
                Talk(self, client).run()

    def wrapped(self, sock: socket.socket) -> ssl.SSLSocket:
        assert self._secure is not None
        return self._secure.wrap_socket(sock, server_side=True)


class Talk:
    def __init__(self, server: FtpServer, client: socket.socket) -> None:
        self._server, self._client = server, client
        self._folder = self._name = ""
        self._private = False
        self._listener: socket.socket | None = None

    def run(self) -> None:
        try:
            if self._server._implicit:
                self._client = self._server.wrapped(self._client)
            self._say("220 hello")
            while line := self._line():
                command, _, argument = line.partition(" ")
                self._do(command, argument)
        finally:
            self._client.close()

    def _line(self) -> str:
        """Byte by byte: what follows may be TLS."""
        line = b""
        while not line.endswith(b"\n") and (byte := self._client.recv(1)):
            line += byte
        return line.decode().strip()

    def _say(self, text: str) -> None:
        self._client.sendall(f"{text}\r\n".encode())

    def _do(self, command: str, argument: str) -> None:
        getattr(self, f"_{command.lower()}", self._anything)(argument)

    def _anything(self, _argument: str) -> None:
        self._say("200 as you like")

    def _auth(self, _argument: str) -> None:
        if self._server._secure is None:
            return self._say("502 no TLS here")
        self._say("234 go on")
        self._client = self._server.wrapped(self._client)

    def _quit(self, _argument: str) -> None:
        """Some just go."""
        if not self._server.abrupt:
            return self._say("221 bye")
        self._client.shutdown(socket.SHUT_RDWR)

    def _prot(self, argument: str) -> None:
        self._private = argument == "P"
        self._say("200 so be it")

    def _user(self, argument: str) -> None:
        self._name = argument
        self._say("331 password?")

    def _pass(self, argument: str) -> None:
        self._server.logins.append(isinstance(self._client, ssl.SSLSocket))
        self._say("230 in" if self._server.users.get(self._name) == argument else "530 no")

    def _cwd(self, argument: str) -> None:
        good = argument.rstrip("/") in self._server.folders
        self._folder = f"{argument.rstrip('/')}/" if good else self._folder
        self._say("250 there" if good else "550 no such folder")

    def _pasv(self, _argument: str) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        high, low = divmod(self._listener.getsockname()[1], 256)
        self._say(f"227 (10,0,0,1,{high},{low})")  # a lie that a client must not follow

    def _retr(self, name: str) -> None:
        if self._folder + name not in self._server.files:
            self._listening().close()
            return self._say("550 no such file")
        with contextlib.closing(self._data()) as data:
            data.sendall(self._server.files[self._folder + name])
            self._farewell(data)
        self._say("226 done")

    def _stor(self, name: str) -> None:
        with contextlib.closing(self._data()) as data:
            self._server.files[self._folder + name] = b"".join(iter(lambda: data.recv(65536), b""))
            self._farewell(data)
        self._say("226 done")

    def _listening(self) -> socket.socket:
        assert self._listener is not None
        return self._listener

    def _data(self) -> Any:
        with self._listening() as listener:
            self._say("150 here")
            data, _ = listener.accept()
        if not self._private:
            return data
        within = self._server.wrapped(data)
        if not within.session_reused:
            within.close()
            self._say("522 that is another client")
        return within

    def _farewell(self, data: socket.socket) -> None:
        if isinstance(data, ssl.SSLSocket) and not self._server.abrupt:
            with contextlib.suppress(OSError):
                data.unwrap()
