"""All that stations say in the certification's cases, as CSMSs of others look at it before they take it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.interop.gorules import complaints, narrow
from tests.interop.nodecsms import HERE

pytestmark = pytest.mark.interop

ROOT = Path(__file__).parents[2]
SUITES = ("tests/conformance/ocpp16", "tests/conformance/ocpp201")
ENOUGH = 500
"""Different messages; there are more."""
UNKNOWN_TO_CITRINEOS = {
    *(
        "SecurityEventNotification",
        "SignCertificate",
        "LogStatusNotification",
        "SignedFirmwareStatusNotification",
    ),
    *("ExtendedTriggerMessage", "CertificateSigned", "GetInstalledCertificateIds", "InstallCertificate"),
    *("DeleteCertificate", "GetLog", "SignedUpdateFirmware"),
}
"""1.6's security extension; of 2.0.1 one answer."""
VERSIONS = ("1.6", "2.0.1")
"""Neither has rules for 2.1."""
NARROW = {
    *("SetVariables.attributeStatus", "GetCompositeSchedule.evseId", "FirmwareStatusNotification.status"),
    *("LogStatusNotification.status", "NotifyEvent.actualValue"),
}
"""What ocpp-go refuses of 2.0.1 although it is allowed."""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[list[Any]]:
    """[version, CALL or CALLRESULT, action, payload]"""
    file = tmp_path_factory.mktemp("said") / "said.jsonl"
    plugins = ("-p", "tests.interop.saying", "-p", "no:cacheprovider")
    command = (sys.executable, "-m", "pytest", "-q", "-k", "any", *plugins, *SUITES)
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "EVHUB_SAID": str(file)}, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout.decode()
    messages = [
        message for message in map(json.loads, file.read_text().splitlines()) if message[0] in VERSIONS
    ]
    assert len(messages) > ENOUGH
    return messages


def test_citrineos_takes_every_message_whole(
    said: list[list[Any]], node: list[str], node_modules: Path
) -> None:
    lines = "".join(json.dumps(message) + "\n" for message in said)
    command = (*node, str(HERE / "citrineos.mjs"), str(node_modules))
    done = subprocess.run(command, input=lines.encode(), capture_output=True, timeout=120, check=True)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [item for item in found if not item["unknown"]] == []
    unknown = {(item["version"], item["action"]) for item in found}
    assert unknown == {*(("1.6", action) for action in UNKNOWN_TO_CITRINEOS), ("2.0.1", "GetDisplayMessages")}


def test_ocpp_go_s_validators_would_take_every_message_that_ocpp_allows(said: list[list[Any]]) -> None:
    found = [
        (version, action, words)
        for version, _, action, payload in said
        for words in complaints(version, action, payload)
    ]
    assert found == []
    refused = {
        words.partition(":")[0]
        for version, _, action, payload in said
        for words in narrow(version, action, payload)
    }
    assert refused <= NARROW
