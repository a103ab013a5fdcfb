"""The hub as a node that others can find and read: a node profile and a controller."""

from collections.abc import Callable, Iterable, Mapping

from integrations.echonet_lite.frame import CONTROLLER, EOJ, NODE_PROFILE, Esv, Frame, Property
from integrations.echonet_lite.profile import spell_instances, spell_map

MAKER = b"\xff\xff\xff"
"""No code of the consortium's: what is built without one says so."""
PRODUCT = b"evhub".ljust(12, b"\0")
VERSION = bytes((1, 14, 1, 0))
RELEASE = b"\0\0R\0"
LOCATION = 0x81
MOST_ANSWERED = 1000
"""Bytes of properties in one answer; nobody can make more than that out of a small question."""
Answers = tuple[Frame | None, Frame | None]
"""To whoever asked, and to all."""


class OwnNode:
    """`number`: 13 bytes that no other node has."""

    def __init__(self, number: bytes) -> None:
        self.identification = b"\xfe" + MAKER + number[:13].rjust(13, b"\0")
        instances = spell_instances([CONTROLLER])
        profile = {
            0x80: b"\x30",
            0x82: VERSION,
            0x83: self.identification,
            0x8A: MAKER,
            0x8C: PRODUCT,
            0xD3: (1).to_bytes(3, "big"),
            0xD4: (2).to_bytes(2, "big"),
            0xD6: instances,
            0xD7: b"\x01" + (CONTROLLER >> 8).to_bytes(2, "big"),
        }
        controller = {
            0x80: b"\x30",
            LOCATION: b"\0",
            0x82: RELEASE,
            0x83: self.identification,
            0x88: b"\x42",
            0x8A: MAKER,
            0x8C: PRODUCT,
        }
        self._announced: Mapping[EOJ, Mapping[int, bytes]] = {NODE_PROFILE: {0xD5: instances}}
        self._settable = {NODE_PROFILE: frozenset[int](), CONTROLLER: frozenset({LOCATION})}
        self._values: dict[EOJ, dict[int, bytes]] = {
            NODE_PROFILE: _with_maps(profile, told={0x80, 0xD5}, settable=()),
            CONTROLLER: _with_maps(controller, told={0x80, LOCATION, 0x88}, settable={LOCATION}),
        }
        self._services: Mapping[Esv, Callable[[EOJ, Frame], Answers]] = {
            Esv.GET: self._get,
            Esv.SETI: self._set,
            Esv.SETC: self._set,
            Esv.SETGET: self._set_get,
            Esv.INF_REQ: self._tell,
            Esv.INFC: self._confirm,
        }

    def announcement(self, tid: int) -> Frame:
        """Rule 9: at the start all hear which objects there are."""
        told = Property(0xD5, self._announced[NODE_PROFILE][0xD5])
        return Frame(tid, NODE_PROFILE, NODE_PROFILE, Esv.INF, (told,))

    def answer(self, asked: Frame) -> Answers:
        """Neither of both to an object that isn't here: there is only silence."""
        eoj = self._object(asked.deoj)
        service = self._services.get(asked.esv)
        if eoj is None or service is None:
            return None, None
        return service(eoj, asked)

    def _object(self, deoj: EOJ) -> EOJ | None:
        """Instance 00 means all of a class; the profile may be addressed as that of a node that only sends."""
        for eoj in self._values:
            if deoj == eoj or deoj == eoj & 0xFFFF00 or (eoj == NODE_PROFILE and deoj == NODE_PROFILE + 1):
                return eoj
        return None

    def _get(self, eoj: EOJ, asked: Frame) -> Answers:
        found, whole = self._read(eoj, asked.properties)
        return _reply(asked, eoj, Esv.GET_RES if whole else Esv.GET_SNA, found), None

    def _read(self, eoj: EOJ, asked: Iterable[Property]) -> tuple[tuple[Property, ...], bool]:
        values, room, whole, found = self._values[eoj], MOST_ANSWERED, True, []
        for item in asked:
            edt = values.get(item.epc, b"")
            room -= len(edt) + 2
            if room < 0:
                edt = b""
            whole = whole and bool(edt)
            found.append(Property(item.epc, edt))
        return tuple(found), whole

    def _set(self, eoj: EOJ, asked: Frame) -> Answers:
        left, refused, told = self._written(eoj, asked)
        if asked.esv is Esv.SETI:
            return (_reply(asked, eoj, Esv.SETI_SNA, left) if refused else None), told
        return _reply(asked, eoj, Esv.SETC_SNA if refused else Esv.SET_RES, left), told

    def _written(self, eoj: EOJ, asked: Frame) -> tuple[tuple[Property, ...], bool, Frame | None]:
        """(the answer's list: what is refused keeps its EDT; was anything refused; the announcement of it)."""
        values, left, changed, refused = self._values[eoj], [], [], False
        for item in asked.properties:
            if item.epc not in self._settable[eoj] or len(item.edt) not in (1, 17):
                left.append(item)
                refused = True
                continue
            left.append(Property(item.epc))
            if values[item.epc] != item.edt:
                values[item.epc] = item.edt
                changed.append(item)
        told = Frame(asked.tid, eoj, NODE_PROFILE, Esv.INF, tuple(changed)) if changed else None
        return tuple(left), refused, told

    def _set_get(self, eoj: EOJ, asked: Frame) -> Answers:
        left, refused, told = self._written(eoj, asked)
        found, whole = self._read(eoj, asked.second)
        esv = Esv.SETGET_RES if whole and not refused else Esv.SETGET_SNA
        return Frame(asked.tid, eoj, asked.seoj, esv, left, found), told

    def _tell(self, eoj: EOJ, asked: Frame) -> Answers:
        told = self._announced.get(eoj, {})
        values = {**self._values[eoj], **told}
        found = tuple(Property(item.epc, values.get(item.epc, b"")) for item in asked.properties[:8])
        if all(item.edt for item in found):
            return None, Frame(asked.tid, eoj, NODE_PROFILE, Esv.INF, found)
        return _reply(asked, eoj, Esv.INF_SNA, found), None

    def _confirm(self, eoj: EOJ, asked: Frame) -> Answers:
        """Rule 7: the same EPCs, PDC 0."""
        return _reply(asked, eoj, Esv.INFC_RES, tuple(Property(item.epc) for item in asked.properties)), None


def _reply(asked: Frame, eoj: EOJ, esv: Esv, properties: tuple[Property, ...]) -> Frame:
    return Frame(asked.tid, eoj, asked.seoj, esv, properties)


def _with_maps(
    values: Mapping[int, bytes], *, told: Iterable[int], settable: Iterable[int]
) -> dict[int, bytes]:
    readable = {*values, 0x9D, 0x9E, 0x9F}
    return {**values, 0x9D: spell_map(told), 0x9E: spell_map(settable), 0x9F: spell_map(readable)}
