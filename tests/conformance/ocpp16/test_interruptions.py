"""1.6: a transaction, and the hub, the charger or both away for a while."""

import pytest

from hub.ocpp.station.effects import Permit
from tests.conformance.bench import Bench


def hub_restarts(bench: Bench, *, after: float = 20) -> None:
    """The hub alone: whatever the charger has done meanwhile shows when it is back."""
    bench.take()
    bench.clock.advance(after)
    bench.restart()
    bench.power_up()
    bench.advance(5)


@pytest.mark.parametrize("wants", [True, False])
def test_a_hub_that_restarts_goes_on_with_a_charger_that_went_on(charging: Bench, wants: bool) -> None:
    charging.wants(wants)
    charging.advance(5)
    hub_restarts(charging)
    assert charging.told("StopTransaction") == []
    assert charging.statuses() == ["Charging" if wants else "SuspendedEV"]
    charging.present("CARD1")
    (stop,) = charging.told("StopTransaction")
    assert (stop["transactionId"], stop["reason"]) == (100, "Local")


def test_a_charger_that_was_reset_meanwhile_has_ended_its_transaction(charging: Bench) -> None:
    charging.advance(30)
    charging.outlets[1].permitted = False
    hub_restarts(charging)
    (stop,) = charging.told("StopTransaction")
    assert (stop["transactionId"], stop["reason"]) == (100, "PowerLoss")
    assert charging.told("StartTransaction") == []
    assert charging.statuses() == ["Finishing"]
    assert not charging.outlets[1].permitted
    charging.present("CARD1")
    assert len(charging.told("StartTransaction")) == 1


def test_a_charger_that_was_paused_all_the_time_goes_on(plugged: Bench) -> None:
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 0}]}
    profile = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": schedule,
    }
    plugged.ask("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": profile})
    plugged.present("CARD1")
    plugged.advance(5)
    hub_restarts(plugged)
    assert plugged.told("StopTransaction") == []
    assert plugged.statuses() == ["SuspendedEVSE"]


def test_whoever_needs_no_card_goes_on_with_a_new_transaction_after_a_power_cut() -> None:
    bench = Bench("1.6", free=True)
    bench.plug()
    bench.advance(30)
    bench.take()
    bench.power_loss()
    bench.advance(5)
    bench.report()
    owed = [said for said in bench.actions() if said in ("StartTransaction", "StopTransaction")]
    assert owed == ["StopTransaction", "StartTransaction"]
    assert bench.told("StopTransaction")[0]["reason"] == "PowerLoss"
    assert bench.outlets[1].permitted


def test_where_there_is_no_central_system_a_power_cut_costs_no_driver_his_energy() -> None:
    bench = Bench("1.6", boot=False, csms=False, tokens={"CARD1": None})
    bench.plug()
    bench.present("CARD1")
    bench.advance(30)
    before = bench.transaction
    bench.outlets[1].permitted = False
    bench.clock.advance(60)
    bench.restart()
    bench.report()
    assert bench.outlets[1].permitted
    assert bench.transaction == before


def test_a_power_cut_may_be_passed_over(charging: Bench) -> None:
    asked = {"key": "TxResumptionTimeout", "value": "600"}
    assert charging.ask("ChangeConfiguration", asked)["status"] == "Accepted"
    charging.take()
    charging.power_loss(seconds=300)
    assert charging.told("StopTransaction") == []
    assert charging.outlets[1].permitted
    charging.power_loss(seconds=700)
    assert [stop["reason"] for stop in charging.told("StopTransaction")] == ["PowerLoss"]


def test_a_cable_that_was_pulled_while_the_hub_was_away_ends_its_transaction(charging: Bench) -> None:
    charging.outlets[1].plugged = False
    hub_restarts(charging)
    (stop,) = charging.told("StopTransaction")
    assert (stop["transactionId"], stop["reason"]) == (100, "EVDisconnected")
    assert charging.statuses()[-1] == "Available"


@pytest.mark.parametrize("device", ["any"], indirect=True)  # ECHONET Lite permits a car, not a socket
def test_a_charger_that_was_reset_while_its_car_left_has_lost_its_power(charging: Bench) -> None:
    charging.outlets[1].plugged = charging.outlets[1].permitted = False
    hub_restarts(charging)
    assert [stop["reason"] for stop in charging.told("StopTransaction")] == ["PowerLoss"]
    assert charging.statuses() == ["Available"]


@pytest.mark.parametrize("device", ["any"], indirect=True)
@pytest.mark.parametrize(("went_on", "ended"), [(True, []), (False, ["PowerLoss"])])
def test_a_charger_that_is_slower_to_come_back_than_the_hub_is_heard_before_it_is_told_anything(
    charging: Bench, went_on: bool, ended: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    charging.outlets[1].permitted = went_on
    charging.take()
    charging.clock.advance(20)
    charging.restart()
    charging.effects.clear()
    charging._seen = 0
    with monkeypatch.context() as silent:
        silent.setattr(charging, "report", lambda *_: None)
        charging.connect()
        charging.state({"status": "faulted", "error_code": "OtherError", "vendor_error": "offline"})
    assert charging.last(Permit) is None
    charging.report()
    assert [stop["reason"] for stop in charging.told("StopTransaction")] == ended
    assert charging.last(Permit) == Permit(1, went_on)
    assert charging.outlets[1].permitted is went_on


def test_what_waited_for_the_end_of_a_transaction_holds_after_a_power_cut(charging: Bench) -> None:
    out = {"connectorId": 1, "type": "Inoperative"}
    assert charging.ask("ChangeAvailability", out)["status"] == "Scheduled"
    hub_restarts(charging)
    assert charging.statuses() == ["Charging"]
    charging.take()
    charging.power_loss()
    assert [stop["reason"] for stop in charging.told("StopTransaction")] == ["PowerLoss"]
    assert charging.statuses() == ["Unavailable"]


@pytest.mark.parametrize("device", ["any"], indirect=True)
def test_what_waited_for_a_transaction_holds_when_its_charger_is_silent_for_too_long(charging: Bench) -> None:
    out = {"connectorId": 1, "type": "Inoperative"}
    assert charging.ask("ChangeAvailability", out)["status"] == "Scheduled"
    charging.state({"status": "faulted", "error_code": "OtherError", "vendor_error": "offline"})
    charging.outlets[1].plugged = False
    charging.clock.advance(601)
    charging.station.tick(charging.clock.now())
    charging.pump()
    charging.report()
    assert len(charging.told("StopTransaction")) == 1
    assert charging.statuses()[-1] == "Unavailable"


def test_a_power_cut_while_the_central_system_is_away_is_told_when_it_is_back(charging: Bench) -> None:
    charging.advance(30)
    charging.offline()
    charging.take()
    charging.clock.advance(60)
    charging.outlets[1].permitted = False
    charging.restart()
    charging.report()
    assert charging.actions() == []
    charging.online()
    assert charging.actions()[0] == "BootNotification"
    (stop,) = charging.told("StopTransaction")
    assert (stop["transactionId"], stop["reason"]) == (100, "PowerLoss")


def test_a_driver_who_has_not_begun_identifies_himself_again_after_a_reset(authorized: Bench) -> None:
    assert authorized.ask("Reset", {"type": "Soft"})["status"] == "Accepted"
    authorized.advance(5)
    assert authorized.statuses()[-1] == "Available"
    authorized.plug()
    assert authorized.told("StartTransaction") == []


@pytest.mark.parametrize("device", ["any"], indirect=True)
def test_a_status_goes_before_the_meter_values_that_came_after_it(plugged: Bench) -> None:
    plugged.ask("ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "10"})
    plugged.answers["StartTransaction"] = "hold"
    plugged.present("CARD1")
    plugged.advance(25)
    plugged.answer_token("StartTransaction", "Accepted")
    plugged.release()
    assert plugged.actions()[1:] == ["StartTransaction", "StatusNotification", "MeterValues", "MeterValues"]
    assert {said["transactionId"] for said in plugged.told("MeterValues")} == {100}
