"""Why something can't be opened or reached, in words for a person."""

import errno
import socket
import ssl

import pytest

from hub.errors import reason


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FileNotFoundError(errno.ENOENT, "x", "/a/b"), "No such file or directory"),
        (OSError(errno.ECONNREFUSED, "Connect call failed ('127.0.0.9', 502)"), "Connection refused"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "Name or service not known"),
        (ssl.SSLError(1, "[SSL] PEM lib"), "[SSL] PEM lib"),
        (OSError("Multiple exceptions: this, that"), "Multiple exceptions: this, that"),
        (ConnectionError(), "ConnectionError"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), "it is no text in UTF-8"),
    ],
)
def test_no_number_and_no_address_stands_in_a_reason(error: OSError | UnicodeError, words: str) -> None:
    assert reason(error) == words
