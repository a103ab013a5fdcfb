"""Every case three times: on a device of no protocol, and on ECHONET Lite chargers through their blueprints."""

import pytest

from tests.conformance.bench import Bench
from tests.conformance.echonet import KINDS, EchonetOutlet


@pytest.fixture(params=["any", *KINDS], autouse=True)
def device(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    kind = str(request.param)
    if kind in KINDS:
        monkeypatch.setattr(Bench, "outlet", lambda bench, evse: EchonetOutlet(bench, evse, kind))
    return kind
