"""What is a line of a known_hosts file, and what isn't."""

import pytest

from hub.config.host_keys import is_one

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGVZ0oZWaBzkg8wLsiYSsTbYbKC1OKjtcPTRlrXyQbfK"


@pytest.mark.parametrize(
    "host", ["files.lan", "[files.lan]:2222", "files.lan,192.0.2.9", "|1|c2FsdA==|aGFzaA=="]
)
def test_a_line_of_ssh_keyscan_is_good(host: str) -> None:
    assert is_one(f"{host} {KEY}")
    assert is_one(f"{host} {KEY} with a comment")


@pytest.mark.parametrize(
    "line",
    [
        "files.lan",
        KEY,
        f"# files.lan:22 {KEY}",
        f"files.lan {KEY[:-10]}!",
        f"files.lan ssh-rsa {KEY.split()[1]}",
        "SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDXjSVhF0tM4v1pYhU",
    ],
)
def test_anything_else_is_none(line: str) -> None:
    assert not is_one(line)
