"""Home Assistant's side of 2.0.1."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import ocpp.v201 as v201
import ocpp.v201.call as call201
import ocpp.v201.call_result as result201
from ocpp.routing import on
from ocpp.v201.enums import MeasurandEnumType
from websockets.asyncio.server import ServerConnection

from tests.e2e.homeassistant import INTERVAL_S, PAUSE_S, REGISTER, TAG, Sample, Sensors


class Point201(Sensors, v201.ChargePoint):
    """In 2.0.1."""

    transaction = ""

    def __init__(self, name: str, link: ServerConnection) -> None:
        super().__init__(name, link)
        self.inventory: dict[str, Any] = {}
        self._reported = asyncio.Event()

    async def ask(self, request: Any) -> Any:
        """A CALLERROR or ten seconds of silence fail the test."""
        return await self.call(request, suppress=False)

    async def post_connect(self) -> None:
        await asyncio.sleep(PAUSE_S)
        answer = await self.ask(call201.GetBaseReport(1, "FullInventory"))  # type: ignore[arg-type]
        self.accepted("GetBaseReport", answer.status)
        await asyncio.wait_for(self._reported.wait(), 10)
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        nothing = {"location": "dummy://dummy", "retrieve_date_time": now, "signature": "☺"}
        answer = await self.ask(call201.UpdateFirmware(1, nothing))
        assert answer.status in ("Rejected", "InvalidCertificate")
        await self.ask(call201.TriggerMessage("StatusNotification"))  # type: ignore[arg-type]
        wanted = ",".join(self.inventory["measurands"])
        await self.write("SampledDataCtrlr", "TxUpdatedMeasurands", wanted)
        await self.write("SampledDataCtrlr", "TxUpdatedInterval", str(INTERVAL_S))
        self.ready = True
        self.accepted("available", (await self.ask(call201.ChangeAvailability("Operative"))).status)  # type: ignore[arg-type]
        for evse, connectors in self.inventory["evses"].items():
            for connector in range(1, connectors + 1):
                await self.trigger("StatusNotification", {"id": evse, "connector_id": connector})

    async def write(self, component: str, variable: str, value: str) -> None:
        named = {"component": {"name": component}, "variable": {"name": variable}}
        answer = await self.ask(call201.SetVariables([{**named, "attribute_value": value}]))
        self.accepted(f"{component}/{variable}={value}", answer.set_variable_result[0]["attribute_status"])

    async def trigger(self, message: str, evse: dict[str, int] | None = None) -> None:
        answer = await self.ask(call201.TriggerMessage(message, evse=evse))  # type: ignore[arg-type]
        self.accepted(f"trigger {message}", answer.status)

    async def limit(self, amperes: float) -> bool:
        """32 A and more mean: none."""
        purpose = "ChargingStationMaxProfile"
        if amperes >= 32:
            criteria = {"charging_profile_purpose": purpose}
            answer = await self.ask(call201.ClearChargingProfile(None, criteria))
            return bool(answer.status == "Accepted")
        period = {"start_period": 0, "limit": amperes}
        profile = {
            "id": 1,
            "stack_level": 0,
            "charging_profile_purpose": purpose,
            "charging_profile_kind": "Relative",
            "charging_schedule": [{"id": 1, "charging_rate_unit": "A", "charging_schedule_period": [period]}],
        }
        return self.accepted("limit", (await self.ask(call201.SetChargingProfile(0, profile))).status)

    async def start_transaction(self, evse: int = 1) -> bool:
        token = {"id_token": TAG, "type": "Central"}
        request = call201.RequestStartTransaction(evse_id=evse, id_token=token, remote_start_id=1)
        return self.accepted("start", (await self.ask(request)).status)

    async def stop_transaction(self) -> bool:
        return self.accepted(
            "stop", (await self.ask(call201.RequestStopTransaction(self.transaction))).status
        )

    async def reset(self) -> bool:
        return self.accepted("reset", (await self.ask(call201.Reset("Immediate"))).status)  # type: ignore[arg-type]

    @on("BootNotification")
    def on_boot(self, charging_station: dict[str, Any], reason: str, **_: Any) -> Any:
        self.boots += 1
        for name, value in charging_station.items():
            self.set(name, value)
        now = datetime.now(UTC).isoformat()
        return result201.BootNotification(current_time=now, interval=10, status="Accepted")  # type: ignore[arg-type]

    @on("Heartbeat")
    def on_heartbeat(self, **_: Any) -> Any:
        return result201.Heartbeat(current_time=datetime.now(UTC).isoformat())

    @on("StatusNotification")
    def on_status(self, timestamp: str, connector_status: str, evse_id: int, connector_id: int) -> Any:
        self.set(f"connector {evse_id}.{connector_id}", connector_status)
        words = {"Available", "Faulted", "Unavailable"}
        self.set(f"status {evse_id}", connector_status if connector_status in words else "Preparing")
        return result201.StatusNotification()

    @on("NotifyReport")
    def on_report(self, request_id: int, generated_at: str, seq_no: int, **more: Any) -> Any:
        for row in more.get("report_data", []):
            self._row(row["component"], row["variable"]["name"], row)
        if not more.get("tbc", False):
            self._reported.set()
        return result201.NotifyReport()

    def _row(self, component: Mapping[str, Any], variable: str, row: Mapping[str, Any]) -> None:
        values = [
            item["value"]
            for item in row["variable_attribute"]
            if item.get("type", "Actual") == "Actual" and "value" in item
        ]
        evses = self.inventory.setdefault("evses", {})
        place = component.get("evse", {})
        if component["name"] == "EVSE" and place:
            evses.setdefault(place["id"], 0)
        elif component["name"] == "Connector" and "connector_id" in place:
            evses[place["id"]] = max(evses.get(place["id"], 0), place["connector_id"])
        elif variable == "Available" and values and values[0].lower() == "true":
            self.features.add(component["name"])
        elif (component["name"], variable) == ("SampledDataCtrlr", "TxUpdatedMeasurands"):
            words = row.get("variable_characteristics", {}).get("values_list", "")
            self.inventory["measurands"] = [MeasurandEnumType(word).value for word in words.split(",")]

    @on("Authorize")
    def on_authorize(self, id_token: dict[str, Any], **_: Any) -> Any:
        known = id_token["type"] in ("ISO14443", "ISO15693", "Central")
        return result201.Authorize(id_token_info={"status": "Accepted" if known else "Unknown"})

    @on("TransactionEvent")
    def on_transaction_event(
        self,
        event_type: str,
        timestamp: str,
        trigger_reason: str,
        seq_no: int,
        transaction_info: Any,
        **more: Any,
    ) -> Any:
        values = [
            [_sample201(sample) for sample in value["sampled_value"]] for value in more.get("meter_value", [])
        ]
        first = event_type == "Started" or (event_type == "Updated" and "meter_start" not in self.metrics)
        for measurand, value, _, unit, _ in [sample for samples in values for sample in samples]:
            if first and measurand == REGISTER:
                self.set(
                    "meter_start", value / 1000 if unit in ("Wh", None) else value, "kWh" if unit else None
                )
        for samples in values:
            self.measured(samples)
        evse = more.get("evse", {"id": 1})["id"]
        self.set("evses charging", {*self.metrics.get("evses charging", ()), evse})
        if "charging_state" in transaction_info:
            state = transaction_info["charging_state"]
            self.set(f"status {evse}", {"Idle": "Available", "EVConnected": "Preparing"}.get(state, state))
        if event_type == "Started":
            self.transaction = transaction_info["transaction_id"]
        elif transaction_info["transaction_id"] != self.transaction:
            self.warnings.append(f"{event_type} of another transaction")
        answer = result201.TransactionEvent()
        if "id_token" in more:
            self.set("id_tag", more["id_token"]["type"] + ":" + more["id_token"]["id_token"])
            answer.id_token_info = {"status": "Accepted"}
        if event_type == "Ended":
            self._ended(values, transaction_info.get("stopped_reason"))
        return answer

    def _ended(self, values: list[list[Sample]], reason: str | None) -> None:
        """What flows no more is nothing, unless the last values say otherwise."""
        last = {
            measurand
            for samples in values
            for measurand, *_, context in samples
            if context == "Transaction.End"
        }
        for measurand in self.inventory["measurands"]:
            if measurand not in last and measurand in self.metrics and not measurand.startswith("Energy"):
                self.metrics[measurand] = 0
        self.set("stop_reason", reason)
        self.transaction = ""


def _sample201(sample: Mapping[str, Any]) -> Sample:
    measure = sample.get("unit_of_measure", {})
    value = sample["value"] * 10 ** measure.get("multiplier", 0)
    return (
        sample.get("measurand", REGISTER),
        value,
        sample.get("phase"),
        measure.get("unit"),
        sample.get("context"),
    )
