"""Times on a serial line, and how much of a wire's time its chargers ask for: plain arithmetic."""

from dataclasses import dataclass

from integrations.modbus.address import Address, SerialAddress
from integrations.modbus.frame import Request

FIXED_ABOVE = 19200
T35_FIXED_S = 0.00175
"""Modbus over serial line V1.02, 2.5.1.1: above 19200 bit/s the silence is fixed."""
DEVICE_S = 0.03
"""What a device takes to answer, as long as nobody has measured it."""
NETWORK_S = 0.002
FULL = 0.9
"""A wire that is asked for more than this has no time left for writes and repetitions."""


@dataclass(frozen=True, slots=True)
class Line:
    """`character_s` 0: no serial line of ours."""

    character_s: float = 0.0
    silence_s: float = 0.0
    framer: str = "tcp"

    def request_s(self, request: Request) -> float:
        return self.character_s * self._characters(1 + len(request.pdu()))

    def reply_s(self, request: Request) -> float:
        return self.character_s * self._characters(1 + request.reply_size)

    def transaction_s(self, request: Request, device_s: float = DEVICE_S) -> float:
        """From the silence before it to the end of its reply."""
        fixed = self.silence_s if self.character_s else NETWORK_S
        return fixed + self.request_s(request) + device_s + self.reply_s(request)

    def _characters(self, size: int) -> int:
        return size + 2 if self.framer == "rtu" else 2 * size + 5


def line_of(address: Address) -> Line:
    if not isinstance(address, SerialAddress):
        return Line()
    bits = 1 + 8 + (address.parity != "none") + address.stopbits
    if address.framer == "rtu":
        character = bits / address.baudrate
        silence = 3.5 * character if address.baudrate <= FIXED_ABOVE else T35_FIXED_S
    else:
        character, silence = (bits - 1) / address.baudrate, 0.0
    return Line(character, silence, address.framer)
