"""Whatever becomes of firmware and logs, in whatever order: each is told step by step, and comes to an end."""

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.model.charger import Status
from hub.ocpp.station.effects import Abandon, Begin, Done, Download
from tests.conformance.ocpp201 import test_l_firmware as firmware

NEXT = {
    None: {"DownloadScheduled", "Downloading"},
    "DownloadScheduled": {"Downloading"},
    "Downloading": {"Downloaded", "DownloadFailed"},
    "Downloaded": {"SignatureVerified"},
    "SignatureVerified": {"InstallScheduled", "Installing"},
    "InstallScheduled": {"Installing"},
    "Installing": {"Installed", "InstallationFailed"},
}
"""What may follow in an update; what isn't here is an end."""
NEXT_OF_A_LOG = {
    None: {"Uploading"},
    "Uploading": {"Uploaded", "UploadFailure", "AcceptedCanceled"},
}


class Site:
    """A station, and the file servers and installers that do what it asks for when a step says so."""

    def __init__(self) -> None:
        self.bench = firmware.trusting(evses=2)
        self.live: dict[str, Begin] = {}
        self._seen = len(self.bench.effects)
        self.number = 0
        self.updates: list[int] = []
        self.logs: list[int] = []
        self.told: dict[tuple[str, int], str] = {}

    def update(self, *, retries: int = 0, **when: float) -> None:
        self.number += 1
        times = {name: firmware.later(self.bench, seconds) for name, seconds in when.items()}
        said = firmware.update(self.bench, self.number, retries=retries, **times)
        if said in ("Accepted", "AcceptedCanceled"):
            self.updates.append(self.number)

    def log(self, kind: str, retries: int) -> None:
        self.number += 1
        log = {"remoteLocation": "https://files.example/"}
        more = {"requestId": self.number, "retries": retries, "retryInterval": 30}
        self.bench.ask("GetLog", {"logType": kind, "log": log, **more})
        self.logs.append(self.number)

    def finish(self, good: bool) -> None:
        if self.live:
            ref, begun = self.live.popitem()
            fetched = good and isinstance(begun.job, Download)
            done = firmware.FETCHED if fetched else Done(good)
            self.bench.station.job_done(ref, done, self.bench.clock.now())
            self.bench.pump()

    def power_cut(self) -> None:
        self.bench.reachable = True
        self.live.clear()
        self.bench.power_loss(300)

    def look(self) -> None:
        for effect in self.bench.effects[self._seen :]:
            if isinstance(effect, Begin):
                self.live[effect.ref] = effect
            elif isinstance(effect, Abandon):
                self.live.pop(effect.ref, None)
        self._seen = len(self.bench.effects)
        kinds = [ref.split(":")[0] for ref in self.live]
        assert len(kinds) == len(set(kinds))  # one of each kind at a time
        for action, payload in self.bench.take():
            if action in ("FirmwareStatusNotification", "LogStatusNotification"):
                self._follows(action, payload)

    def _follows(self, action: str, payload: Any) -> None:
        if payload["status"] == "Idle":
            return
        about, moves = (action, payload["requestId"]), NEXT if action[0] == "F" else NEXT_OF_A_LOG
        before, now = self.told.get(about), payload["status"]
        assert now == before or now in moves.get(before, ()), (about, before, now)
        self.told[about] = now

    def settle(self) -> None:
        if not self.bench.reachable:
            self.bench.online()
        for _ in range(8):
            self.bench.unplug(1), self.bench.unplug(2)
            self.bench.advance(200)
            self.look()
            while self.live:
                self.finish(True)
                self.look()


def asked(does: Callable[[Site], object]) -> Callable[[Site], object]:
    """By a CSMS that is there."""
    return lambda site: does(site) if site.bench.station.boot.accepted else None


def trigger(site: Site, wanted: str) -> None:
    site.bench.ask("TriggerMessage", {"requestedMessage": wanted})


STEPS: dict[str, Callable[[Site], object]] = {
    "update": asked(lambda site: site.update()),
    "update, tried again": asked(lambda site: site.update(retries=2)),
    "update later": asked(lambda site: site.update(retrieveDateTime=100)),
    "install later": asked(lambda site: site.update(installDateTime=200)),
    "security log": asked(lambda site: site.log("SecurityLog", 0)),
    "diagnostics, tried again": asked(lambda site: site.log("DiagnosticsLog", 2)),
    "firmware?": asked(lambda site: trigger(site, "FirmwareStatusNotification")),
    "log?": asked(lambda site: trigger(site, "LogStatusNotification")),
    "done": lambda site: site.finish(True),
    "failed": lambda site: site.finish(False),
    "plug 1": lambda site: site.bench.plug(1),
    "plug 2": lambda site: site.bench.plug(2),
    "card 1": lambda site: site.bench.present("CARD1", 1),
    "card 2": lambda site: site.bench.present("CARD2", 2),
    "unplug 1": lambda site: site.bench.unplug(1),
    "reset": asked(lambda site: site.bench.ask("Reset", {"type": "Immediate"})),
    "reset when idle": asked(lambda site: site.bench.ask("Reset", {"type": "OnIdle"})),
    "offline": lambda site: site.bench.offline() if site.bench.reachable else None,
    "online": lambda site: None if site.bench.reachable else site.bench.online(),
    "power cut": Site.power_cut,
    "a moment": lambda site: site.bench.advance(1),
    "a while": lambda site: site.bench.advance(40),
    "minutes": lambda site: site.bench.advance(150),
}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=30))
def test_every_update_and_every_log_is_told_from_its_beginning_to_its_end(steps: list[str]) -> None:
    site = Site()
    for step in steps:
        STEPS[step](site)
        site.look()
    site.settle()
    told = site.told
    assert all(told["LogStatusNotification", number] not in NEXT_OF_A_LOG for number in site.logs)
    for number in site.updates[-1:]:  # those before it were called off
        assert told["FirmwareStatusNotification", number] not in NEXT
    flows = site.bench.station.evses.flows.values()
    assert all(site.bench.station.statuses.status(flow) is Status.AVAILABLE for flow in flows)
