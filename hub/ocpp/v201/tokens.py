"""OCPP 2.0.1's IdTokenType and IdTokenInfoType."""

import re
from collections.abc import Mapping
from typing import Any

from hub.ocpp.station.messages import Token
from hub.ocpp.station.verdict import Verdict

RFID = re.compile(r"[0-9A-Fa-f]{8}|[0-9A-Fa-f]{14}")


def id_token(token: Token) -> dict[str, object]:
    """As it was called; where nobody has said, a card's UID is ISO14443 and nothing else is (interop A19)."""
    guessed = "ISO14443" if RFID.fullmatch(token.text) else "Central"
    return {"idToken": token.text, "type": token.type or guessed}


def read_verdict(said: Mapping[str, Any]) -> Verdict:
    group = said.get("groupIdToken", {}).get("idToken")
    evses, priority = tuple(said.get("evseId", ())), said.get("chargingPriority", 0)
    return Verdict(said["status"], group, said.get("cacheExpiryDateTime"), evses, priority)
