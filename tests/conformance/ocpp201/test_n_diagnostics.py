"""2.0.1 block N: logs, and what is stored of a customer."""

from typing import Any

import pytest

from hub.ocpp.station.effects import Abandon, Begin, Done
from tests.conformance.bench import Bench
from tests.conformance.cases import case

V = "2.0.1"
TOKEN = {"idToken": "04A2B3C4", "type": "ISO14443"}


@pytest.fixture
def booted() -> Bench:
    return Bench(V)


def get_log(bench: Bench, kind: str, number: int = 5) -> dict[str, Any]:
    log = {"remoteLocation": "https://files.example/logs/"}
    return dict(bench.ask("GetLog", {"logType": kind, "requestId": number, "log": log}))


def finish(bench: Bench, done: Done) -> None:
    bench.station.job_done(bench.last(Begin).ref, done, bench.clock.now())
    bench.pump()


def said(bench: Bench) -> list[tuple[str, int]]:
    return [(told["status"], told["requestId"]) for told in bench.told("LogStatusNotification")]


@case("TC_N_25_CS", "N01.FR.01", "N01.FR.02", "N01.FR.04", "N01.FR.07", "N01.FR.08", "N01.FR.09")
def test_diagnostics_are_uploaded(booted: Bench) -> None:
    answer = get_log(booted, "DiagnosticsLog")
    assert answer["status"] == "Accepted"
    assert booted.last(Begin).job.filename == answer["filename"]
    finish(booted, Done(True))
    assert said(booted) == [("Uploading", 5), ("Uploaded", 5)]


@case("TC_N_26_CS", "N01.FR.01", "N01.FR.02", "N01.FR.07", "N01.FR.08", "N01.FR.10")
def test_an_upload_that_fails_is_told(booted: Bench) -> None:
    get_log(booted, "DiagnosticsLog")
    finish(booted, Done(False, "PermissionDenied"))
    assert said(booted) == [("Uploading", 5), ("PermissionDenied", 5)]


@case("TC_N_35_CS", "N01.FR.01", "N01.FR.02", "N01.FR.03", "N01.FR.07", "N01.FR.08", "N01.FR.09")
def test_the_security_log_is_uploaded(booted: Bench) -> None:
    get_log(booted, "SecurityLog")
    assert "StartupOfTheDevice" in booted.last(Begin).job.text
    finish(booted, Done(True))
    assert said(booted) == [("Uploading", 5), ("Uploaded", 5)]


@case("TC_N_36_CS", "N01.FR.12", "N01.FR.20")
def test_a_second_log_takes_the_place_of_the_first(booted: Bench) -> None:
    get_log(booted, "SecurityLog", 5)
    first = booted.last(Begin).ref
    assert get_log(booted, "SecurityLog", 6)["status"] == "AcceptedCanceled"
    assert Abandon(first) in booted.effects
    finish(booted, Done(True))
    assert said(booted) == [("Uploading", 5), ("AcceptedCanceled", 5), ("Uploading", 6), ("Uploaded", 6)]


# Customers


def ask(bench: Bench, *, report: bool, clear: bool) -> tuple[str, str]:
    bench.take()
    asked = {"requestId": 3, "report": report, "clear": clear, "idToken": TOKEN}
    status = bench.ask("CustomerInformation", asked)["status"]
    parts = bench.told("NotifyCustomerInformation")
    assert [(part["requestId"], part["seqNo"]) for part in parts] == [(3, n) for n in range(len(parts))]
    return status, "".join(part["data"] for part in parts)


@pytest.fixture
def known(booted: Bench) -> Bench:
    """The customer's card is in the cache."""
    booted.plug()
    booted.present(TOKEN["idToken"])
    booted.unplug()
    return booted


@case("TC_N_27_CS", "N09.FR.02", "N09.FR.05")
def test_what_is_stored_of_a_customer_is_told(known: Bench) -> None:
    status, data = ask(known, report=True, clear=False)
    assert status == "Accepted"
    assert data.startswith("cache: Accepted")


@case("TC_N_28_CS", "N09.FR.02", "N09.FR.06")
def test_that_nothing_is_stored_is_told(booted: Bench) -> None:
    assert ask(booted, report=True, clear=False) == ("Accepted", "No data found.")


@case("TC_N_30_CS", "N10.FR.01", "N10.FR.03")
def test_a_customer_is_told_and_forgotten(known: Bench) -> None:
    assert ask(known, report=True, clear=True)[1].startswith("cache: Accepted")
    assert ask(known, report=True, clear=False)[1] == "No data found."
    known.take()
    known.present(TOKEN["idToken"])
    assert "Authorize" in known.actions()


@case("TC_N_31_CS", "N10.FR.01", "N10.FR.04")
def test_that_there_was_nothing_to_forget_is_told(booted: Bench) -> None:
    assert ask(booted, report=True, clear=True) == ("Accepted", "No data found.")


@case("TC_N_32_CS", "N10.FR.01", "N10.FR.06")
def test_a_customer_is_forgotten_without_being_told(known: Bench) -> None:
    status, data = ask(known, report=False, clear=True)
    assert (status, "cache" in data) == ("Accepted", False)
    assert ask(known, report=True, clear=False)[1] == "No data found."
