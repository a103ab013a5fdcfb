"""Every property of every class, by value and by byte."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import HubError
from integrations.echonet_lite.edt import AnyOf, Clock, Code, Epcs, Factor, Fields, Items, Number, Raw, Type
from integrations.echonet_lite.properties import SHIPPED, Classes, ObjectClass, PropertyType
from tests.integrations.echonet_lite.check_classes import differences

CLASSES = Classes.load()
RELEASES = [None, *"ADFGHIJKMNOPQR"]


def known(code: int, release: str | None = None) -> ObjectClass:
    found = CLASSES.get(code, release)
    assert found is not None
    return found


def definitions() -> list[Any]:
    found: dict[tuple[int, int, str], PropertyType] = {}
    for code in (int(file.stem, 16) for file in SHIPPED.glob("*.yaml")):
        for release in RELEASES:
            for epc, each in known(code, release).properties.items():
                if code == 0 or each != known(0, release).properties.get(epc):
                    found[code, epc, each.since] = each
    return [
        pytest.param(each, id=f"{code:04X}-{epc:02X}-{since}")
        for (code, epc, since), each in sorted(found.items())
    ]


def bytes_of(kind: Type, data: st.DataObject) -> bytes:
    """Some bytes that the type allows."""
    if isinstance(kind, Number):
        return data.draw(st.integers(kind.low, kind.high)).to_bytes(kind.size, "big", signed=kind.signed)
    if isinstance(kind, Code):
        shared = [code for low, high in kind.ranges for code in range(low, high + 1)]
        return data.draw(st.sampled_from(sorted({*kind.labels, *shared}))).to_bytes(kind.size, "big")
    if isinstance(kind, Factor):
        return bytes([data.draw(st.sampled_from(sorted(kind.values)))])
    if isinstance(kind, Raw):
        return data.draw(st.binary(min_size=kind.narrowest, max_size=kind.widest))
    if isinstance(kind, Epcs):
        return kind.write(data.draw(st.lists(st.integers(0x80, 0xFF))))
    if isinstance(kind, Clock):
        moment = data.draw(st.datetimes())
        return kind.write({4: moment.date(), 2: moment.strftime("%H:%M")}.get(kind.size, moment))
    if isinstance(kind, AnyOf):
        return bytes_of(data.draw(st.sampled_from(kind.of)), data)
    if isinstance(kind, Fields):
        return b"".join(bytes_of(each, data) for each in kind.fields.values())
    assert isinstance(kind, Items)
    return b"".join(
        bytes_of(kind.item, data)
        for _ in range(data.draw(st.integers(kind.least, max(kind.least, min(kind.most, 40)))))
    )


@pytest.mark.parametrize("about", definitions())
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_every_property_comes_back_byte_for_byte(about: PropertyType, data: st.DataObject) -> None:
    edt = bytes_of(about.type, data)
    value = about.decode(edt)
    if edt:
        assert about.encode(value) == edt
        assert about.decode(about.encode(value)) == value


@pytest.mark.parametrize("about", definitions())
@settings(max_examples=15, deadline=None)
@given(edt=st.binary(max_size=255))
def test_any_bytes_are_a_value_or_an_error_with_words(about: PropertyType, edt: bytes) -> None:
    try:
        about.decode(edt)
    except ValueError as error:
        assert "bytes" in str(error)


def test_the_shipped_files_are_what_the_appendix_says() -> None:
    assert list(differences()) == []


@pytest.mark.parametrize(
    ("code", "epc", "edt", "value"),
    [
        (0x02A1, 0x80, "30", True),
        (0x02A1, 0xC7, "41", "chargeable"),
        (0x02A1, 0xC7, "4a", "0x4a"),
        (0x02A1, 0xC5, "00000bb8", 3000),
        (0x02A1, 0xCA, "003c0140", {"minimumCurrent": 6.0, "maximumCurrent": 32.0}),
        (0x02A1, 0xC8, "000004b000001770", {"minimumElectricPower": 1200, "maximumElectricPower": 6000}),
        (0x02A1, 0xD3, "ffffffff", None),
        (0x02A1, 0xD3, "fffffc18", None),
        (0x027E, 0xD3, "fffffc18", -1000),
        (0x02A1, 0xD8, "0012d687", 1234.567),
        (0x02A1, 0xE4, "", None),
        (0x02A1, 0xE6, "00", {"dataSize": 0, "id": ""}),
        (0x02A1, 0xE6, "02abcd", {"dataSize": 2, "id": "abcd"}),
        (0x02A1, 0xED, "00a0", 16.0),
        (0x02A1, 0x9F, "0380c7da", [0x80, 0xC7, 0xDA]),
        (0x02A1, 0x9F, "11" + "01" * 16, list(range(0x80, 0x90))),
        (0x02A1, 0x89, "0000", "noFault"),
        (0x02A1, 0x89, "0016", "switch 0x0016"),
        (0x0288, 0xE7, "7ffffffe", None),
        (0x0288, 0xE7, "fffffffe", -2),
        (0x0288, 0xE8, "000a7ffe", {"rPhase": 1.0, "tPhase": None}),
        (0x0288, 0xE1, "03", 0.001),
        (0x0288, 0x97, "0c22", "12:34"),
        (
            0x0288,
            0xEA,
            "07e80b150c1e00fffffffe",
            {"dateAndTime": "2024-11-21T12:30:00", "electricEnergy": None},
        ),
        (0x0EF0, 0xD6, "0102a101", {"numberOfInstances": 1, "instanceList": ["02a101"]}),
    ],
)
def test_values_by_example(code: int, epc: int, edt: str, value: object) -> None:
    found = known(code).properties[epc].decode(bytes.fromhex(edt))
    assert found == value
    assert type(found) is type(value)


def test_energy_is_multiplied_by_the_coefficient_and_the_unit_that_the_meter_tells() -> None:
    energy = known(0x0288).properties[0xE0]
    assert energy.coefficients == {0xD3, 0xE1}
    assert energy.decode(bytes.fromhex("000004d2"), {0xD3: 1, 0xE1: 0.1}) == 123.4
    assert energy.decode(bytes.fromhex("000004d2")) == 1234
    assert energy.unit == "kWh"


def test_the_definition_follows_the_release_of_the_device() -> None:
    def modes(release: str | None) -> set[object]:
        kind = known(0x027E, release).properties[0xDA].type
        assert isinstance(kind, Code)
        return set(kind.labels.values())

    assert "rapidCharge" in modes("D")
    assert "rapidCharge" not in modes("G")
    assert "chargingDischarging" in modes("N")
    assert modes("Z") == modes(None) == modes("?")
    assert known(0x02A1, "D").properties[0xC7].since == "G"
    assert known(0x02A1, "j").properties[0xC7].since == "J"


def test_a_class_has_the_super_class_but_a_profile_has_not() -> None:
    assert known(0x02A1).properties[0x9A].key == "hourMeter"
    assert 0x9A not in known(0x0EF0).properties
    assert CLASSES.get(0x0130) is None


def test_what_nobody_defined_is_raw_hex() -> None:
    charger = known(0x02A1)
    assert charger.spell(0xF3, b"\x01\x02") == ("epc_f3", "0102")
    assert charger.spell(0xE4, b"\x01\x02") == ("remainingCapacity3", "0102")
    assert charger.spell(0xE4, b"\x32") == ("remainingCapacity3", 50)


@pytest.mark.parametrize(
    ("epc", "value", "words"),
    [
        (0xED, 9000, "from 0 to 6553.3 A"),
        (0xED, "x", "expected a number"),
        (0xDA, "fly", "none of charge, standby, idle, other"),
        (0xCA, 3, "expected {minimumCurrent, maximumCurrent}"),
        (0x83, "00", "1 bytes instead of 17"),
        (0x83, 5, "bytes in hex"),
        (0x97, "noon", "ISO 8601"),
        (0x9F, "80", "list of EPCs"),
        (0x81, "zz", "hexadecimal"),
    ],
)
def test_what_cannot_be_written_is_said(epc: int, value: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        known(0x02A1).properties[epc].encode(value)


def test_a_users_file_changes_adds_and_removes(tmp_path: Path) -> None:
    (tmp_path / "02A1.yaml").write_text(
        "properties:\n"
        "  0xF0: {key: cableLock, access: oo-, type: code, labels: {0x30: [true, locked, 施錠]}}\n"
        "  0xD3: {type: i32, range: [-9999, 9999]}\n"
        "  0xE7: null\n"
    )
    own = Classes.load(tmp_path).get(0x02A1)
    assert own is not None
    assert own.properties[0xF0].decode(b"\x30") is True
    assert own.properties[0xF0].names["en"] == "cableLock"
    assert own.properties[0xD3].decode(bytes.fromhex("fffffc18")) == -1000
    assert 0xE7 not in own.properties
    assert known(0x02A1).properties[0xD3].decode(bytes.fromhex("fffffc18")) is None


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("02A1", "properties: {0xF0: {key: x, access: ooo, type: u33}}", "no type 'u33'"),
        ("02A1", "properties: {0xF0: {key: x, type: u8}}", "'access' is missing"),
        ("02A1", "properties: {0x10: {key: x, type: u8}}", "no EPC"),
        ("02A1", "properties: [", ":1:"),
        ("02A1", "- 1", "expected a map"),
        ("0130", "properties: {}", "'key' is missing"),
        ("charger", "{}", "file name such as"),
    ],
)
def test_a_users_mistake_is_named_with_its_file(tmp_path: Path, name: str, text: str, words: str) -> None:
    (tmp_path / f"{name}.yaml").write_text(text)
    with pytest.raises(HubError, match=words) as caught:
        Classes.load(tmp_path)
    assert str(tmp_path) in str(caught.value)
