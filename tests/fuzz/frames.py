"""atheris over OCPP-J's receive path: `python -m tests.fuzz.frames -runs=100000` (atheris must be installed).

No input may raise, no input is answered more than once, and what is answered has a code of its version.
"""

import sys

import atheris

with atheris.instrument_imports():
    import orjson

    from hub.ocpp.errors import ErrorCode, spelled
    from hub.ocpp.rpc import CALLERROR, CALLRESULTERROR, Rpc, SendText
    from hub.ocpp.schemas import schemas

VERSIONS = ("1.6", "2.0.1", "2.1")
CODES = {version: {spelled(code, version) for code in ErrorCode} for version in VERSIONS}
HEADS = ("", '[2,"1","Reset",', '[2,"1","SetChargingProfile",', '[3,"1",', '[4,"1",', '[5,"1",', '[6,"1",')


def one(data: bytes) -> None:
    given = atheris.FuzzedDataProvider(data)
    version = VERSIONS[given.ConsumeIntInRange(0, 2)]
    link = Rpc(schemas(version))
    if given.ConsumeBool():
        link.call("ref", "Heartbeat", {}, 0.0)
    head = HEADS[given.ConsumeIntInRange(0, len(HEADS) - 1)]
    text = head + given.ConsumeUnicodeNoSurrogates(4096) + ("]" if head else "")
    answers = [orjson.loads(event.text) for event in link.receive(text, 1.0) if isinstance(event, SendText)]
    assert len(answers) <= 1
    for kind, _message_id, code, *_ in answers:
        assert kind in (CALLERROR, CALLRESULTERROR)
        assert code in CODES[version], code


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
