"""What the hub's own node does once: its settings, and what it has found."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hub.errors import HubError
from hub.integration.api import Found, ServiceSetup
from integrations.echonet_lite.makers import maker
from integrations.echonet_lite.network import NETWORKS
from integrations.echonet_lite.service import EchonetService, kept_id, make_service
from tests.integrations.echonet_lite.peer import CHARGER, Peer, charger, interface, uid, until


@asynccontextmanager
async def running(folder: Path, **settings: Any) -> AsyncIterator[EchonetService]:
    setup = ServiceSetup({"interfaces": [interface()], **settings}, folder, lambda: None)
    service = make_service(setup)
    assert isinstance(service, EchonetService)
    task = asyncio.create_task(service.run())
    try:
        yield service
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert not service.found()


def one(service: EchonetService, key: str) -> Callable[[], list[Found]]:
    return lambda: [found for found in service.found() if found.key == key]


async def test_what_is_found_says_who_it_is_and_what_a_charger_of_it_needs(tmp_path: Path) -> None:
    objects = {CHARGER: charger(), 0x027E02: charger(), 0x028801: {}, 0x05FF01: {}, 0x02FF01: {}}
    async with Peer(objects=objects, number=70_001) as peer, running(tmp_path) as service:
        service.scan()
        identification = uid(70_001).hex().upper()
        await until(one(service, f"{identification}/02A101"))
        told = {found.key.partition("/")[2]: found for found in service.found()}
        assert told.keys() == {"02A101", "027E02", "028801", "02FF01"}
        wallbox = told["02A101"]
        assert wallbox.address == peer.host
        assert service.counters()["frames"] > 0
        assert wallbox.vendor == "Kanagawa Institute of Technology"
        assert wallbox.kind == "EV Charger"
        assert wallbox.name == "echonet-011171-1"
        assert wallbox.inputs == {"host": peer.host, "instance": 1, "identification": identification}
        assert told["027E02"].blueprint == "echonet/ev_charger_discharger"
        assert told["028801"].blueprint is None
        assert told["02FF01"].kind == "class 02FF"


async def test_a_node_without_identification_is_configured_by_its_address(tmp_path: Path) -> None:
    async with Peer(profile={0x83: b""}) as peer, running(tmp_path) as service:
        peer.announce()
        await until(one(service, f"@{peer.host}/02A101"))
        (found,) = service.found()
        assert found.inputs == {"host": peer.host, "instance": 1}
        assert found.name == "echonet-" + peer.host.replace(".", "-")


async def test_nothing_is_searched_for_when_nobody_wants_it(tmp_path: Path) -> None:
    async with Peer() as peer, running(tmp_path, discover=False) as service:
        await until(lambda: service._network)
        async with NETWORKS.use() as network:
            assert not network.discovery.searching
        service.scan()
        await until(lambda: peer.asked())


def test_our_identification_stays_the_same(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made = kept_id(tmp_path)
    assert len(made) == 13
    assert kept_id(tmp_path) == made
    assert len(kept_id(tmp_path / "missing")) == 13
    assert "will take this hub for a new node" in caplog.text


def test_a_range_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(HubError, match=r"echonet_lite.instances.192\.0\.2\.9: '02A101-027E05'"):
        make_service(ServiceSetup({"instances": {"192.0.2.9": "02A101-027E05"}}, tmp_path, lambda: None))


def test_makers_have_names() -> None:
    assert maker(0x00006C) == "Nichicon"
    assert maker(0xABCDEF) == "ABCDEF"
    assert maker(0) == maker(0xFFFFFE) == ""
