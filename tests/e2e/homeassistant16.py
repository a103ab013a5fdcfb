"""Home Assistant's side of 1.6."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import ocpp.v16 as v16
import ocpp.v16.call as call16
import ocpp.v16.call_result as result16
from ocpp.routing import on
from ocpp.v16.enums import Measurand

from tests.e2e.homeassistant import IDLE_S, INTERVAL_S, PAUSE_S, REGISTER, TAG, Sample, Sensors

WANTED = ",".join(item.value for item in Measurand)
PROFILES = frozenset(
    {"Core", "FirmwareManagement", "SmartCharging", "Reservation", "RemoteTrigger", "LocalAuthListManagement"}
)


class Point16(Sensors, v16.ChargePoint):
    """In 1.6."""

    transaction = 0

    async def ask(self, request: Any) -> Any:
        """A CALLERROR or ten seconds of silence fail the test."""
        return await self.call(request, suppress=False)

    async def read(self, key: str) -> str:
        answer = await self.ask(call16.GetConfiguration(key=[key]))
        if answer.configuration_key:
            return str(answer.configuration_key[0]["value"])
        self.warnings.append(f"{key} is unknown")
        return "Unknown"

    async def configure(self, key: str, value: str) -> None:
        """Written only where it isn't so."""
        answer = await self.ask(call16.GetConfiguration(key=[key]))
        if answer.unknown_key is not None and key in answer.unknown_key:
            self.warnings.append(f"{key} is unknown")
            return
        for known in answer.configuration_key:
            if known["key"] == key and known["value"] == value:
                return
            if known.get("readonly", False):
                self.warnings.append(f"{key} is read-only")
        answer = await self.ask(call16.ChangeConfiguration(key=key, value=value))
        if answer.status != "Accepted":
            self.warnings.append(f"{key}={value}: {answer.status}")

    async def post_connect(self) -> None:
        await asyncio.sleep(PAUSE_S)
        profiles = await self.read("SupportedFeatureProfiles")
        self.features = {name.strip() for name in profiles.split(",")}
        self.warnings += [f"unknown profile {name}" for name in self.features - PROFILES]
        self.set("connectors", int(await self.read("NumberOfConnectors")))
        await self.read("HeartbeatInterval")
        await self._measurands()
        await self.configure("MeterValueSampleInterval", str(INTERVAL_S))
        await self.configure("ClockAlignedDataInterval", str(IDLE_S))
        self.ready = True
        changed = await self.ask(call16.ChangeAvailability(connector_id=0, type="Operative"))
        self.accepted("ChangeAvailability", changed.status)
        if not self.boots:
            await self.trigger("BootNotification")
        count = self.metrics["connectors"]
        for connector in [1] if count == 1 else range(count + 1):
            await self.trigger("StatusNotification", connector)

    async def _measurands(self) -> None:
        """All that there are are offered; what the charger makes of that is taken."""
        key = "MeterValuesSampledData"
        answer = await self.ask(call16.ChangeConfiguration(key=key, value=WANTED))
        known = WANTED if answer.status == "Accepted" else await self.read(key)
        self.set("measurands", [name for name in known.split(",") if name in WANTED.split(",")])
        if answer.status == "Accepted":
            await self.configure(key, known)

    async def trigger(self, message: str, connector: int | None = None) -> None:
        request = call16.TriggerMessage(requested_message=message, connector_id=connector)  # type: ignore[arg-type]
        self.accepted(f"trigger {message} {connector}", (await self.ask(request)).status)

    async def limit(self, amperes: float) -> bool:
        """The slider: a ceiling of the station first, then the transaction's and the later ones'."""
        units = await self.read("ChargingScheduleAllowedChargingRateUnit")
        assert "Current" in units
        level = int(await self.read("ChargeProfileMaxStackLevel"))
        asked = [("ChargePointMaxProfile", 0, 1000, level), ("TxDefaultProfile", 1, 2001, max(1, level - 1))]
        for purpose, connector, number, stack in asked:
            profile = {
                "charging_profile_id": number,
                "stack_level": stack,
                "charging_profile_kind": "Relative",
                "charging_profile_purpose": purpose,
                "charging_schedule": {
                    "charging_rate_unit": "A",
                    "charging_schedule_period": [{"start_period": 0, "limit": amperes}],
                },
            }
            request = call16.SetChargingProfile(connector_id=connector, cs_charging_profiles=profile)
            if (await self.ask(request)).status == "Accepted":
                return True
        return False

    async def start_transaction(self, connector: int = 1) -> bool:
        request = call16.RemoteStartTransaction(connector_id=connector, id_tag=TAG)
        return self.accepted("start", (await self.ask(request)).status)

    async def stop_transaction(self) -> bool:
        request = call16.RemoteStopTransaction(transaction_id=self.transaction)
        return self.accepted("stop", (await self.ask(request)).status)

    async def reset(self) -> bool:
        return self.accepted("reset", (await self.ask(call16.Reset(type="Hard"))).status)  # type: ignore[arg-type]

    @on("BootNotification")
    def on_boot(self, **about: Any) -> Any:
        self.boots += 1
        for name in ("charge_point_vendor", "charge_point_model", "firmware_version"):
            self.set(name, about.get(name))
        self.set("serial", about.get("charge_point_serial_number"))
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        return result16.BootNotification(current_time=now, interval=3600, status="Accepted")  # type: ignore[arg-type]

    @on("Heartbeat")
    def on_heartbeat(self, **_: Any) -> Any:
        return result16.Heartbeat(current_time=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")

    @on("StatusNotification")
    def on_status(self, connector_id: int, error_code: str, status: str, **_: Any) -> Any:
        self.set(f"status {connector_id}", status)
        self.set(f"error {connector_id}", error_code)
        return result16.StatusNotification()

    @on("SecurityEventNotification")
    def on_security(self, type: str, timestamp: str, **_: Any) -> Any:
        return result16.SecurityEventNotification()

    @on("Authorize")
    def on_authorize(self, id_tag: str, **_: Any) -> Any:
        self.set("id_tag", id_tag)
        return result16.Authorize(id_tag_info={"status": "Accepted"})

    @on("StartTransaction")
    def on_start(self, connector_id: int, id_tag: str, meter_start: int, **_: Any) -> Any:
        self.transaction = int(datetime.now(UTC).timestamp())
        self.set("evses charging", {*self.metrics.get("evses charging", ()), connector_id})
        self.set("id_tag", id_tag)
        self.set("meter_start", meter_start / 1000, "kWh")
        self.set("session_energy", 0.0, "kWh")
        return result16.StartTransaction(self.transaction, {"status": "Accepted"})

    @on("MeterValues")
    def on_meter_values(self, connector_id: int, meter_value: list[Any], **more: Any) -> Any:
        if connector_id and more.get("transaction_id", 0) not in (0, self.transaction):
            self.warnings.append(f"unknown transaction {more['transaction_id']}")
        for values in meter_value:
            self.measured([_sample16(sample) for sample in values["sampled_value"]])
        return result16.MeterValues()

    @on("StopTransaction")
    def on_stop(self, meter_stop: int, timestamp: str, transaction_id: int, **more: Any) -> Any:
        if transaction_id != self.transaction:
            self.warnings.append(f"unknown transaction {transaction_id} stops")
        self.set("stop_reason", more.get("reason"))
        self.set("session_energy", meter_stop / 1000 - self.metrics["meter_start"], "kWh")
        self.transaction = 0
        return result16.StopTransaction(id_tag_info={"status": "Accepted"})


def _sample16(sample: Mapping[str, Any]) -> Sample:
    try:
        value = float(sample["value"])
    except ValueError:
        value = 0.0
    return (
        sample.get("measurand", REGISTER),
        value,
        sample.get("phase"),
        sample.get("unit"),
        sample.get("context"),
    )
