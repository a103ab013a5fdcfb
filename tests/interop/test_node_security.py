"""The security profiles at npm's `ocpp-ws-io`: a password, a password within TLS, the station's own certificate."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.world import World
from tests.hub.link.certificates import Authority
from tests.interop.nodecsms import NodeCsms

pytestmark = pytest.mark.interop

PASSWORD = "a-password-of-16"


@pytest.mark.parametrize("version", ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])
@pytest.mark.parametrize("profile", [1, 2, 3])
async def test_a_station_shows_who_it_is(tmp_path: Path, node: list[str], version: str, profile: int) -> None:
    authority = Authority(tmp_path)
    server, station = authority.issue("localhost"), authority.issue("garage")
    files = [*server, authority.certificate] if profile > 1 else []
    async with NodeCsms(node, "ocpp_ws_io", version, str(profile), *map(str, files)) as csms:
        scheme = "wss" if profile > 1 else "ws"
        given = {
            "url": f"'{scheme}://localhost:{csms.port}/ocpp'",
            "versions": f"[{version}]",
            "security_profile": profile,
            **({"password": PASSWORD} if profile < 3 else {"cert": station[0], "key": station[1]}),
            **({"ca": authority.certificate} if profile > 1 else {}),
        }
        more = ", csms: {" + ", ".join(f"{name}: {value}" for name, value in given.items()) + "}"
        async with World(tmp_path, {"garage": ("keba/p30", {}, more)}):
            await csms.until(lambda: csms.calls("StatusNotification"))
        (shown,) = [said for said in csms.heard if "password" in said or "subject" in said]
        wanted: dict[str, Any] = {"password": PASSWORD} if profile < 3 else {"subject": {"CN": "garage"}}
        assert {name: shown.get(name) for name in wanted} == wanted
        assert csms.complaints() == []
