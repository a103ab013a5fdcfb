"""Where a configured charger is; the wire is in test_device.py and test_discovery.py."""

import pytest

from integrations.echonet_lite.nodes import KnownNode, Look
from integrations.echonet_lite.place import Place

UID, OTHER = "FE" + "0A" * 16, "FE" + "0B" * 16


def node(host: str = "192.0.2.9", uid: str | None = UID, key: str | None = None) -> KnownNode:
    look = Look(uid, objects=(0x02A11F, 0x02A120, 0x028801))
    return KnownNode(key or uid or f"@{host}", host, look, 0.0, 0.0)


@pytest.mark.parametrize(
    ("link", "known", "eoj", "means"),
    [
        ({"eoj": 0x02A1, "host": "auto"}, node(), 0x02A11F, True),
        ({"eoj": 0x02A1, "host": "auto"}, node(), 0x02A120, False),
        ({"eoj": 0x02A1, "host": ""}, node(), 0x028801, False),
        ({"eoj": 0x02A1, "host": "192.0.2.9", "instance": 0x20}, node(), 0x02A120, True),
        ({"eoj": 0x02A1, "host": "192.0.2.8"}, node(), 0x02A11F, False),
        ({"eoj": 0x02A1, "identification": UID.lower()}, node("192.0.2.77"), 0x02A11F, True),
        ({"eoj": 0x02A1, "identification": OTHER}, node(), 0x02A11F, False),
        (
            {"eoj": 0x02A1, "identification": UID, "host": "192.0.2.9"},
            node(key=f"{UID}@192.0.2.9"),
            0x02A11F,
            True,
        ),
        (
            {"eoj": 0x02A1, "identification": UID, "host": "192.0.2.8"},
            node(key=f"{UID}@192.0.2.9"),
            0x02A11F,
            False,
        ),
        ({"eoj": 0x02A1, "host": "192.0.2.9"}, node(uid=None), 0x02A11F, True),
    ],
)
def test_which_object_is_meant(link: dict[str, object], known: KnownNode, eoj: int, means: bool) -> None:
    """Rules 13 and 15: the first of its class, by address or identification, and of twins the one there."""
    assert Place.of(link).means(known, eoj) is means
