"""Where a CSMS may send the hub."""

import pytest

from hub.ocpp.station.urls import CSMS, BadUrl, Reach


@pytest.mark.parametrize(
    "url",
    [
        "https://files.example/fw.bin",
        "http://user:secret@files.example:8080/a?b=c",
        "ftp://192.168.1.5/logs/",
        "https://[2001:db8::5]/x",
    ],
)
def test_file_servers_elsewhere_are_fine(url: str) -> None:
    assert Reach().check(url).hostname


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "scp://files.example/x",
        "dummy://dummy",
        "https:///no-host",
        "https://files.example:port/x",
        "https://files.example/a b",
        "https://files.example/\x00",
        f"https://files.example/{'x' * 600}",
        "http://localhost/x",
        "http://a.localhost/x",
        "http://127.1.2.3/x",
        "http://[::1]/x",
        "http://[::ffff:127.0.0.1]/x",
        "http://[fe80::1%25eth0]/x",
        "http://169.254.169.254/latest",
        "http://0.0.0.0/x",
        "http://224.0.0.1/x",
        "no address at all",
    ],
)
def test_the_hub_itself_and_what_is_no_address_are_not(url: str) -> None:
    with pytest.raises(BadUrl):
        Reach().check(url)


def test_hosts_may_be_allowed_and_all_others_forbidden() -> None:
    reach = Reach(frozenset({"127.0.0.1", "files.example"}), only=True)
    reach.check("http://127.0.0.1/x")
    reach.check("https://files.example/x")
    reach.check_address("files.example", "127.0.0.1")
    with pytest.raises(BadUrl):
        reach.check("https://other.example/x")


def test_a_csms_is_reached_by_web_sockets_alone() -> None:
    Reach().check("wss://csms.example", CSMS)
    with pytest.raises(BadUrl):
        Reach().check("https://csms.example", CSMS)


def test_a_name_is_judged_by_its_address() -> None:
    with pytest.raises(BadUrl):
        Reach().check_address("innocent.example", "127.0.0.1%eth0")
    Reach().check_address("innocent.example", "10.0.0.1")
