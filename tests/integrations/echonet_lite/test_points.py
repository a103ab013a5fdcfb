from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.blueprint.compile import load_blueprint
from hub.blueprint.convert import Conversion
from hub.blueprint.mapping import Point
from hub.integration.loader import load_codec
from integrations.echonet_lite.points import SIZES, edt, read
from integrations.echonet_lite.schema import CODEC, LINK

ROOT = Path(__file__).parents[3] / "blueprints"


def point(**keys: Any) -> Point:
    return Point("it", ("it",), {"epc": 0xD3, **keys}, Conversion())


@pytest.mark.parametrize(
    ("keys", "told", "value"),
    [
        ({"type": "u32"}, "00000c80", 3200),
        ({"type": "i32"}, "fffff380", -3200),
        ({"type": "u32"}, "0c80", None),
        ({"type": "u16"}, "00000c80", None),
        ({"type": "u32", "byte": 4}, "000004b000001770", 6000),
        ({"type": "u32", "byte": 4}, "000004b0", None),
        ({}, "41", 0x41),
        ({"type": "string"}, "45562d312000", "EV-1"),
        ({"type": "string"}, "0000", None),
        ({"type": "bytes", "byte": 1}, "03aabbcc", "aabbcc"),
        ({"type": "u8"}, "", None),
    ],
)
def test_bytes_become_a_value_or_none(keys: dict[str, Any], told: str, value: object) -> None:
    assert read(point(**keys), bytes.fromhex(told)) == value


@given(st.sampled_from(sorted(SIZES)), st.integers(-(2**31), 2**32 - 1))
def test_what_is_written_reads_back_the_same(kind: str, raw: int) -> None:
    bits = 8 * SIZES[kind]
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if kind[0] == "i" else (0, 2**bits - 1)
    if low <= raw <= high:
        assert read(point(type=kind), edt(point(type=kind), raw)) == raw
    else:
        with pytest.raises(ValueError, match="doesn't fit"):
            edt(point(type=kind), raw)


def test_texts_and_bytes_are_written_too() -> None:
    assert edt(point(type="string"), "EV") == b"EV"
    assert edt(point(type="bytes"), "0102") == b"\1\2"
    with pytest.raises(ValueError, match="no number"):
        edt(point(type="u8"), "EV")


@pytest.mark.parametrize(
    ("key", "bad"), [("eoj", 0), ("instance", 128), ("identification", "FE00"), ("retries", 0)]
)
def test_a_link_says_what_it_expects(key: str, bad: object) -> None:
    check: Any = LINK[key]
    with pytest.raises(ValueError, match="expected"):
        check(bad)


def test_an_identification_is_seventeen_bytes_in_hex() -> None:
    check: Any = CODEC.link_keys["identification"]
    assert check("fe" + "00" * 16) == "FE" + "00" * 16
    assert check("") == ""


def test_a_plan_tells_what_each_group_reads() -> None:
    mapping = load_blueprint("echonet/ev_charger", {}, (ROOT,), load_codec)
    lines = CODEC.plan(mapping)
    assert lines[0] == "once    once         Get 8A 8C 8D"
    assert lines[1] == "fast    every 5 s    Get 80 84 85 88 C7 D3 D8 DA"
