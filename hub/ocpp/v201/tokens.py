"""OCPP 2.0.1's IdTokenType and IdTokenInfoType."""

import re
from collections.abc import Mapping
from typing import Any

from hub.ocpp.station.messages import Token
from hub.ocpp.station.verdict import Verdict

RFID = re.compile(r"[0-9A-Fa-f]{8}|[0-9A-Fa-f]{14}")


def id_token(token: Token) -> dict[str, object]:
    """A card's UID is ISO14443; what only looks like one stays what it was called (interop A19)."""
    kind = token.type
    if kind == "Central" and RFID.fullmatch(token.text):
        kind = "ISO14443"
    elif kind == "ISO14443" and not RFID.fullmatch(token.text):
        kind = "Central"
    return {"idToken": token.text, "type": kind}


def read_verdict(said: Mapping[str, Any]) -> Verdict:
    group = said.get("groupIdToken", {}).get("idToken")
    return Verdict(said["status"], group, said.get("cacheExpiryDateTime"), tuple(said.get("evseId", ())))
