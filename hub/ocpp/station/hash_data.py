"""How CSMS and station name a certificate."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HashData:
    """RFC 6960's: hashes in hexadecimal by `algorithm`, the serial number without leading zeros."""

    algorithm: str
    issuer_name: str
    issuer_key: str
    serial: str
