"""The stand-in charger: what its properties say while a car charges, discharges, is full, leaves."""

from hub.simulate.ev import Car
from integrations.echonet_lite.simulated import DISCHARGER, ChargerObject, Traits

V2H = Traits(class_code=DISCHARGER)


def plugged(traits: Traits | None = None, needs_wh: float = 20_000) -> ChargerObject:
    charger = ChargerObject(traits or Traits())
    charger.plug(Car(needs_wh=needs_wh, phases=1, max_current=30))
    return charger


def number(charger: ChargerObject, epc: int, *, signed: bool = False) -> int:
    return int.from_bytes(charger.values[epc], "big", signed=signed)


def test_a_car_charges_after_the_mode_was_set_and_within_the_limit() -> None:
    charger = plugged()
    assert charger.values[0xC7] == b"\x41"
    assert number(charger, 0xD3) == 0
    assert charger.write(0xED, (160).to_bytes(2, "big"))
    assert charger.write(0xDA, b"\x42")
    charger.pass_time(3600)
    assert number(charger, 0xD3) == 3200
    assert number(charger, 0xD8) == 4200
    assert number(charger, 0xE4) == 58


def test_without_a_car_the_battery_has_nothing_to_say() -> None:
    charger = ChargerObject()
    assert charger.values[0xC7] == b"\x30"
    assert {charger.values[epc] for epc in (0xD0, 0xE2, 0xE4, 0xE6)} == {b""}


def test_a_full_car_ends_the_mode_or_stays_in_it_as_the_make_does() -> None:
    for stays, mode in ((False, 0x44), (True, 0x42)):
        charger = plugged(Traits(stays=stays), needs_wh=1000)
        charger.write(0xDA, b"\x42")
        charger.pass_time(7200)
        assert charger.mode == mode
        assert charger.power_w == 0


def test_a_mode_comes_after_its_lag_and_a_discharger_prepares_meanwhile() -> None:
    charger = plugged(Traits(class_code=DISCHARGER, lag_s=2))
    assert charger.write(0xDA, b"\x42")
    assert (charger.values[0xDA], charger.values[0xE1]) == (b"\x44", b"\x48")
    charger.pass_time(1)
    assert charger.mode == 0x44
    charger.pass_time(1)
    assert (charger.values[0xDA], charger.values[0xE1]) == (b"\x42", b"\x42")


def test_a_discharger_gives_until_the_car_keeps_its_last_tenth() -> None:
    charger = plugged(V2H)
    charger.write(0xDA, b"\x43")
    charger.pass_time(3600)
    assert number(charger, 0xD3, signed=True) == -3000
    assert number(charger, 0xD4, signed=True) == -150
    assert number(charger, 0xD6) == 3000
    for _ in range(10):
        charger.pass_time(3600)
    assert charger.power_w == 0


def test_what_is_out_of_range_unknown_or_rejected_is_refused() -> None:
    charger = plugged(Traits(rejects=frozenset({0xDA})))
    refused = [
        (0xEB, (500).to_bytes(4, "big")),
        (0xEB, b"\x01"),
        (0xED, (10).to_bytes(2, "big")),
        (0xDA, b"\x42"),
        (0xC7, b"\x41"),
        (0xDC, b"\x03"),
        (0xCD, b"\x00"),
    ]
    assert [charger.write(*each) for each in refused] == [False] * len(refused)
    assert not ChargerObject(Traits(class_code=0x02A1)).write(0xDA, b"\x43")


def test_what_is_ignored_is_accepted_and_nothing_happens() -> None:
    charger = plugged(Traits(ignores=frozenset({0xDA})))
    assert charger.write(0xDA, b"\x42")
    assert charger.values[0xDA] == b"\x44"


def test_a_charger_that_must_be_asked_finds_the_car_by_the_confirmation() -> None:
    charger = plugged(Traits(confirms=True))
    assert charger.values[0xC7] == b"\x44"
    assert charger.values[0xE4] == b""
    assert charger.write(0xCD, b"\x10")
    assert charger.values[0xC7] == b"\x41"


def test_a_make_without_meter_state_of_charge_or_limits_lacks_their_properties() -> None:
    charger = plugged(Traits(meter=False, soc=False, limits=frozenset()))
    values = charger.values
    assert not {0xD3, 0xD8, 0xEB, 0xED} & set(values)
    assert values[0xE4] == b""
    assert not {0xEB, 0xED} & charger.settable


def test_a_fault_and_the_switch_end_what_is_drawn() -> None:
    charger = plugged()
    charger.write(0xDA, b"\x42")
    charger.fault = 0x16
    assert (charger.power_w, charger.values[0x88], charger.values[0x89]) == (0, b"\x41", b"\x00\x16")
    charger.fault = 0
    assert charger.write(0x80, b"\x31")
    assert charger.power_w == 0
    charger.unplug()
    assert charger.values[0xC7] == b"\x30"


def test_only_the_newer_releases_tell_the_actual_mode() -> None:
    assert 0xE1 not in plugged(Traits(class_code=DISCHARGER, release="P")).values
    assert 0xE1 in plugged(V2H).announced


def test_a_car_that_needs_more_than_a_battery_holds_begins_empty() -> None:
    charger = ChargerObject()
    charger.plug(Car(needs_wh=100_000, phases=1))
    assert charger.values[0xE2] == bytes(4)
    assert charger.values[0xE4] == b"\0"
