"""1.6: firmware that nobody signed, and diagnostics."""

from hub.ocpp.station.effects import Begin, Done
from tests.conformance.bench import Bench
from tests.conformance.cases import case

FETCHED = Done(True, file="/state/fw.bin", sha256=b"\0" * 32)


def finish(bench: Bench, done: Done) -> None:
    bench.station.job_done(bench.last(Begin).ref, done, bench.clock.now())
    bench.pump()


def update(bench: Bench, *ends: Done) -> list[str]:
    """The statuses that are told when what the hub does ends so."""
    asked = {"location": "ftp://files.example/fw.bin", "retrieveDate": "2026-01-01T00:00:00Z"}
    assert bench.ask("UpdateFirmware", asked) == {}
    for end in ends:
        finish(bench, end)
    return [told["status"] for told in bench.told("FirmwareStatusNotification")]


@case("TC_044_1_CS")
def test_firmware_is_fetched_and_installed(booted: Bench) -> None:
    whole = ["Downloading", "Downloaded", "Installing", "Installed"]
    assert update(booted, FETCHED, Done(True)) == whole


@case("TC_044_2_CS")
def test_firmware_that_cannot_be_had_is_told(booted: Bench) -> None:
    assert update(booted, Done(False)) == ["Downloading", "DownloadFailed"]


@case("TC_044_3_CS")
def test_an_installation_that_fails_is_told(booted: Bench) -> None:
    assert update(booted, FETCHED, Done(False))[-1] == "InstallationFailed"


def diagnostics(bench: Bench, end: Done) -> list[str]:
    answer = bench.ask("GetDiagnostics", {"location": "ftp://files.example/"})
    assert answer["fileName"] == bench.last(Begin).job.filename
    finish(bench, end)
    return [told["status"] for told in bench.told("DiagnosticsStatusNotification")]


@case("TC_045_1_CS")
def test_diagnostics_are_uploaded(booted: Bench) -> None:
    assert diagnostics(booted, Done(True)) == ["Uploading", "Uploaded"]


@case("TC_045_2_CS")
def test_an_upload_that_fails_is_told(booted: Bench) -> None:
    assert diagnostics(booted, Done(False)) == ["Uploading", "UploadFailed"]


def asked(bench: Bench) -> list[str]:
    """The status that a TriggerMessage brings."""
    bench.take()
    answer = bench.ask("TriggerMessage", {"requestedMessage": "FirmwareStatusNotification"})
    assert answer["status"] == "Accepted"
    return [told["status"] for told in bench.told("FirmwareStatusNotification")]


def test_each_trigger_for_the_state_of_an_update_is_followed_by_one_of_the_words_for_it(
    charging: Bench,
) -> None:
    seen = [asked(charging)]
    charging.take()
    later = {"location": "ftp://files.example/fw.bin", "retrieveDate": "2026-01-01T00:01:00Z"}
    assert charging.ask("UpdateFirmware", later) == {}
    assert charging.told("FirmwareStatusNotification") == []
    seen.append(asked(charging))
    charging.advance(60)
    seen.append(asked(charging))
    finish(charging, FETCHED)
    seen.append(asked(charging))  # the installation waits for the transaction
    charging.present("CARD1")
    seen.append(asked(charging))
    finish(charging, Done(False))
    seen.append(asked(charging))
    assert seen == [["Idle"], ["Idle"], ["Downloading"], ["Downloaded"], ["Installing"], ["Idle"]]


def test_firmware_from_where_the_hub_fetches_nothing_is_told_to_have_failed(booted: Bench) -> None:
    later = {"location": "gopher://files.example/fw.bin", "retrieveDate": "2026-01-01T00:00:00Z"}
    assert booted.ask("UpdateFirmware", later) == {}
    assert [told["status"] for told in booted.told("FirmwareStatusNotification")] == ["DownloadFailed"]
