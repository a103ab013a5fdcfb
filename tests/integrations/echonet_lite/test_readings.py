"""Meters, PV and batteries as flat values: the names of the appendix, and those that all of a kind have."""

import pytest

from integrations.echonet_lite.properties import Classes, ObjectClass
from integrations.echonet_lite.readings import COMMON, FAST, flat, keys, named, shown, snake

CLASSES = Classes()


def known(code: int) -> ObjectClass:
    found = CLASSES.get(code)
    assert found is not None
    return found


def test_names_are_spelt_as_evhub_spells_keys() -> None:
    assert snake("instantaneousElectricPower") == "instantaneous_electric_power"
    assert snake("currentRphase") == "current_rphase"


def test_a_smart_meter_counts_with_its_coefficient_and_unit() -> None:
    image = {0xE0: "0000 3039", 0xE3: "0000 0001", 0xD3: "0000 0002", 0xE1: "01", 0xE7: "ffff fc18"}
    values = flat(known(0x0288), {epc: bytes.fromhex(edt) for epc, edt in image.items()})
    assert values["energy_total"] == 2469.0
    assert values["energy_export"] == 0.2
    assert values["power"] == -1000
    assert values["coefficient"] == 2


def test_what_a_meter_does_not_measure_is_unknown() -> None:
    values = flat(known(0x0288), {0xE7: bytes.fromhex("7ffffffe"), 0xE8: bytes.fromhex("00a07ffe")})
    assert values["power"] is None
    assert (values["current_l1"], values["current_l2"]) == (16.0, None)


def test_a_sub_meter_has_coefficients_for_everything() -> None:
    image = {0xE8: "0064 7ffe", 0xD8: "000a", 0xE9: "07d0 fffe", 0xD9: "0001", 0xE1: "000003e8", 0xD4: "03"}
    values = flat(known(0x028D), {epc: bytes.fromhex(edt) for epc, edt in image.items()})
    assert values["current_l1"] == 100.0
    assert values["energy_total"] == 1.0


def test_channels_of_a_distribution_board_are_named_alike_whichever_property_they_came_with() -> None:
    image = {
        0xC2: "02",
        0xC6: "00000bb8",
        0xC7: "0064 0032",
        0xC8: "03f2 03e8",
        0xD2: "0000 04d2 00a0 fff6",
        0xB7: "05 02 00000064 7ffffffe",
        0xB5: "05 01 00a0 0014",
        0xBA: "03 01 00000064 0000 000a",
    }
    values = flat(known(0x0287), {epc: bytes.fromhex(edt) for epc, edt in image.items()})
    assert values["channel_3_energy"] == 12.34
    assert values["channel_3_current_l1"] == 16.0
    assert values["channel_3_current_l2"] == -1.0
    assert (values["channel_5_power"], values["channel_6_power"]) == (100, None)
    assert (values["channel_5_current_l1"], values["channel_5_current_l2"]) == (16.0, 2.0)
    assert set(values) <= keys(known(0x0287))
    assert values["channel_3_normal_direction_electric_energy"] == 1.0
    assert (values["power"], values["current_l2"], values["voltage_l1"]) == (3000, 5.0, 101.0)


@pytest.mark.parametrize(
    ("code", "epc", "edt", "key", "value"),
    [
        (0x0279, 0xE0, "0fa0", "power", 4000),
        (0x0279, 0xE1, "000003e8", "energy_total", 1.0),
        (0x027D, 0xD3, "fffff448", "power", -3000),
        (0x027D, 0xE4, "32", "soc", 50),
        (0x027D, 0xD8, "000003e8", "energy_total", 1.0),
        (0x0287, 0xF0, "0102", "epc_f0", "0102"),
        (0x0287, 0xC6, "01", "power", "01"),
    ],
)
def test_values_by_example(code: int, epc: int, edt: str, key: str, value: object) -> None:
    assert flat(known(code), {epc: bytes.fromhex(edt)})[key] == value


def test_what_it_has_nothing_to_say_about_is_unknown() -> None:
    assert flat(known(0x027D), {0xE4: b""})["soc"] is None


def test_every_value_has_a_name_in_both_languages_and_its_unit() -> None:
    names = named(
        known(0x0287), ["power", "channel_3_energy", "instantaneous_current_r_phase", "epc_f0", "soc"]
    )
    assert names["power"] == {
        "en": "Measured instantaneous amount of electric energy",
        "ja": "瞬時電力計測値",
        "unit": "W",
    }
    assert names["channel_3_energy"] == {
        "en": "Measurement channel 3: energy",
        "ja": "計測チャンネル3: energy",
    }
    assert names["instantaneous_current_r_phase"]["unit"] == "A"
    assert set(names) == {"power", "channel_3_energy", "instantaneous_current_r_phase"}


def test_histories_and_who_it_is_are_not_read_again_and_again() -> None:
    read = shown(known(0x0288), range(0x80, 0x100))
    assert not {0xE2, 0xE4, 0xEC, 0xEE, 0xD0, 0x8A, 0x9F} & set(read)
    assert {0xE0, 0xE3, 0xE7, 0xE8, 0xD3, 0xE1} <= set(read)


@pytest.mark.parametrize("code", sorted(COMMON))
def test_every_common_value_is_one_of_the_class_and_is_read_often(code: int) -> None:
    about = known(code)
    keys = {snake(each.key) for each in about.properties.values()}
    sources = [source for source in COMMON[code].values() if any(source.startswith(key) for key in keys)]
    missing = set(COMMON[code].values()) - set(sources)
    assert missing <= {"instantaneous_voltage_r_s", "instantaneous_voltage_s_t"}
    assert set(about.properties) >= FAST[code]


@pytest.mark.parametrize("code", [0x0279, 0x027D, 0x0287, 0x0288, 0x028D])
def test_what_a_class_may_tell_is_known_before_it_is_there(code: int) -> None:
    foreseen = keys(known(code))
    assert "power" in foreseen
    assert "powerr" not in foreseen


def test_a_board_may_have_many_channels() -> None:
    foreseen = keys(known(0x0287))
    assert {"channel_1_power", "channel_252_current_l2", "current_l1", "energy_total"} <= foreseen
    assert "channel_1_current" not in foreseen
    assert "channel_253_power" not in foreseen
