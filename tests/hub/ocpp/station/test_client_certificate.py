"""A02, A03: a fresh key, its request, the certificate taken or refused, and the old one until the new worked."""

from dataclasses import replace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from hub.ocpp.station.client_certificate import LATER_S, MOST_WAITING
from hub.ocpp.station.effects import Reconnect, StoreKey
from hub.ocpp.station.x509 import hash_data, read_chain
from hub.ocpp.v201.certificates import hash_words
from tests.hub.ocpp.authority import Authority
from tests.hub.ocpp.world import World

TRIGGER = {"1.6": "SignChargePointCertificate", "2.0.1": "SignChargingStationCertificate"}
MAKER = Authority("Maker of chargers")
SECURE = {"url": "wss://csms.example", "security_profile": 3, "certificate": MAKER.signer("S1", start=-5)[1]}


def trigger(world: World) -> str:
    """The CSR that the CSMS gets."""
    action = "ExtendedTriggerMessage" if world.version == "1.6" else "TriggerMessage"
    answer = world.ask(action, {"requestedMessage": TRIGGER[world.version]})
    assert answer == {"status": "Accepted"}
    return str(next(p for a, p in reversed(world.sent) if a == "SignCertificate")["csr"])


def give(world: World, pem: str) -> str:
    return str(world.ask("CertificateSigned", {"certificateChain": pem})["status"])


def asking(version: str = "2.0.1", **setup: Any) -> World:
    world = World(version, **setup)
    world.answers["SignCertificate"] = {"status": "Accepted"}
    return world


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_a_trigger_makes_a_new_key_and_its_request(version: str) -> None:
    world = asking(version)
    first, second = trigger(world), trigger(world)
    request = x509.load_pem_x509_csr(first.encode())
    public = request.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    assert public.curve.name == "secp256r1"
    assert request.subject.rfc4514_string() == "CN=S1"  # the serial number (A00.FR.511)
    assert request.public_key() != x509.load_pem_x509_csr(second.encode()).public_key()
    stored = world.last(StoreKey)
    assert "PRIVATE KEY" in stored.pem
    assert "PRIVATE" not in repr(stored)
    assert not any("PRIVATE" in str(body) for body in world.memory.values())


def test_the_organization_is_in_the_request() -> None:
    world = asking("1.6")
    world.ask("ChangeConfiguration", {"key": "CpoName", "value": "Operator"})
    request = x509.load_pem_x509_csr(trigger(world).encode())
    assert "O=Operator" in request.subject.rfc4514_string()


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_a_good_certificate_is_taken_and_kept(version: str) -> None:
    world, root = asking(version), Authority()
    assert give(world, root.issue(trigger(world))) == "Accepted"
    world.setup = world.station.setup
    own = world.station.upkeep.client_certificate.current(world.clock.now())
    assert own is not None
    again = World(version, boot=False, keys=frozenset([own.key]))
    again.memory = world.memory
    again.restart()
    assert again.station.upkeep.client_certificate.current(world.clock.now()) == own


def test_with_profile_3_the_connection_is_made_anew() -> None:
    world = asking(**SECURE)
    give(world, Authority().issue(trigger(world)))
    assert world.last(Reconnect) is not None


@pytest.mark.parametrize("problem", ["expired", "name", "foreign", "text", "too long", "root"])
def test_a_bad_certificate_is_refused_and_told(problem: str) -> None:
    world, root = asking(), Authority()
    csr = trigger(world)
    if problem == "root":
        pem = Authority("other").pem
        world.ask("InstallCertificate", {"certificateType": "CSMSRootCertificate", "certificate": pem})
    foreign = asking()
    given = {
        "expired": root.issue(csr, days=-1, start=-5),
        "name": root.issue(csr, common_name="somebody"),
        "foreign": root.issue(trigger(foreign)),
        "text": "no certificate",
        "too long": root.issue(csr) * 12,
        "root": root.issue(csr),
    }[problem][:10_000]
    world.take()
    assert give(world, given) == "Rejected"
    (event,) = [p for a, p in world.sent if a == "SecurityEventNotification"]
    assert event["type"] == "InvalidChargingStationCertificate"
    world.take()
    world.advance(10_000)
    assert "SignCertificate" not in world.actions()  # A02.FR.20


def test_the_hierarchy_of_an_installed_root_is_accepted() -> None:
    world, root = asking(), Authority()
    world.ask("InstallCertificate", {"certificateType": "CSMSRootCertificate", "certificate": root.pem})
    assert give(world, root.issue(trigger(world)) + root.pem) == "Accepted"


def test_the_request_is_repeated_with_doubled_waits_and_then_no_more() -> None:
    world = asking()
    csr = trigger(world)
    times: list[float] = []
    start = world.clock.now().mono

    def note(action: str, payload: Any) -> Any:
        assert payload["csr"] == csr
        times.append(world.clock.now().mono - start)
        return {"status": "Accepted"}

    world.answers["SignCertificate"] = note
    world.advance(5000)
    assert times == [60, 180, 420]


def test_a_rejected_request_is_not_repeated() -> None:
    world = World()
    world.answers["SignCertificate"] = {"status": "Rejected"}
    trigger(world)
    world.take()
    world.advance(5000)
    assert "SignCertificate" not in world.actions()


def test_the_old_one_is_kept_until_the_new_one_has_worked() -> None:
    world, root = asking(**SECURE), Authority()
    give(world, root.issue(trigger(world), start=-2))
    old = world.station.upkeep.client_certificate.current(world.clock.now())
    give(world, root.issue(trigger(world), start=-1))
    network, now = world.station.upkeep.network, world.clock.now()
    new = network.attempt(now).own
    assert new is not None
    assert old is not None
    assert new != old
    network.failed("own certificate", "refused", now)
    assert network.attempt(now).own == old
    network.failed("own certificate", "refused", now)
    assert network.attempt(now).own is None  # the configured one
    network.failed("own certificate", "refused", now)
    assert network.attempt(now).own == new
    network.succeeded(now)
    world.pump()
    assert [key for kind, key in world.memory if kind == "client_certificate"] == [new.key]
    assert world.last(StoreKey) == StoreKey(old.key, None)


def test_a_configured_one_that_is_newer_goes_before_that_of_the_csms() -> None:
    world, root = asking(**SECURE), Authority()
    give(world, root.issue(trigger(world), start=-9))
    network, now = world.station.upkeep.network, world.clock.now()
    assert network.attempt(now).own is None
    network.failed("own certificate", "refused", now)
    assert network.attempt(now).own is not None
    network.failed("own certificate", "refused", now)
    assert network.attempt(now).own is None


def test_the_configured_one_is_the_station_s_own_too() -> None:
    world = asking(**SECURE)
    named = hash_words(hash_data(read_chain(SECURE["certificate"])[0], MAKER.certificate))
    assert world.ask("DeleteCertificate", {"certificateHashData": named}) == {"status": "Failed"}


def test_one_that_is_valid_later_is_used_later() -> None:
    world, root = asking(**SECURE), Authority()
    assert give(world, root.issue(trigger(world), start=2)) == "Accepted"
    assert world.station.upkeep.network.attempt(world.clock.now()).own is None
    world.effects.clear()
    world.advance(3 * 86400)
    assert world.last(Reconnect) is not None
    assert world.station.upkeep.network.attempt(world.clock.now()).own is not None


def test_its_own_certificate_cannot_be_deleted() -> None:
    world, root = asking(), Authority()
    leaf = root.issue(trigger(world))
    give(world, leaf)
    named = hash_words(hash_data(read_chain(leaf)[0], root.certificate))
    assert world.ask("DeleteCertificate", {"certificateHashData": named}) == {"status": "Failed"}


DAY = 86_400.0


def test_a_month_before_its_certificate_expires_the_station_asks_by_itself_once() -> None:
    world, root = asking(**SECURE), Authority()
    give(world, root.issue(trigger(world), days=100))
    world.take()
    world.advance(69 * DAY)
    assert "SignCertificate" not in world.actions()
    world.disconnect()
    world.advance(2 * DAY)
    assert "SignCertificate" not in world.actions()
    world.connect()
    world.advance(LATER_S)
    (csr,) = {p["csr"] for a, p in world.sent if a == "SignCertificate"}
    assert give(world, root.issue(csr, days=300)) == "Accepted"
    world.take()
    world.advance(40 * DAY)
    assert "SignCertificate" not in world.actions()


def test_the_configured_one_is_renewed_in_time_too() -> None:
    world = asking(**SECURE)
    world.station.upkeep.network.succeeded(world.clock.now())
    world.advance(69 * DAY)
    assert "SignCertificate" not in world.actions()
    world.advance(2 * DAY)
    (csr,) = {p["csr"] for a, p in world.sent if a == "SignCertificate"}
    assert give(world, Authority().issue(csr, days=300)) == "Accepted"


@pytest.mark.parametrize("away", ["before the answer", "when it is due again"])
def test_a_request_outlives_the_connection(away: str) -> None:
    world = asking()
    if away == "before the answer":
        world.answers["SignCertificate"] = "hold"
    csr = trigger(world)
    world.disconnect()
    world.answers["SignCertificate"] = {"status": "Accepted"}
    world.advance(3600)
    world.take()
    world.connect()
    world.advance(LATER_S)
    assert [p["csr"] for a, p in world.sent if a == "SignCertificate"] == [csr]


def test_below_profile_3_nothing_is_renewed() -> None:
    world = asking()
    give(world, Authority().issue(trigger(world), days=100))
    world.take()
    world.advance(90 * DAY)
    assert "SignCertificate" not in world.actions()


def stored(world: World) -> list[str]:
    """The key files that there are."""
    files: dict[str, None] = {}
    for effect in world.effects:
        if isinstance(effect, StoreKey):
            files[effect.key] = None
            if effect.pem is None:
                del files[effect.key]
    return list(files)


def test_only_the_last_requests_keys_are_kept() -> None:
    world, root = asking(), Authority()
    first = trigger(world)
    assert give(world, root.issue(first)) == "Accepted"
    csrs = [trigger(world) for _ in range(6)]
    assert len(stored(world)) == 1 + MOST_WAITING
    assert give(world, root.issue(csrs[0])) == "Rejected"
    assert give(world, root.issue(csrs[3])) == "Accepted"


def test_a_restart_between_request_and_certificate_loses_nothing() -> None:
    world, root = asking(), Authority()
    csr = trigger(world)
    world.setup = replace(world.setup, keys=frozenset(stored(world)))
    world.restart()
    world.connect()
    assert give(world, root.issue(csr)) == "Accepted"
    world.restart()
    assert world.station.upkeep.client_certificate.current(world.clock.now()) is not None


def test_a_certificate_that_the_machines_clock_makes_valid_is_used() -> None:
    world, root = asking(**SECURE), Authority()
    give(world, root.issue(trigger(world), start=2))
    world.effects.clear()
    world.clock.jump(3 * DAY)
    world.advance(300)
    assert world.last(Reconnect) is not None
    assert world.station.upkeep.network.attempt(world.clock.now()).own is not None
