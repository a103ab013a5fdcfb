"""What the properties of a class mean, by the release of the appendix that a device follows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub.blueprint.load import merge
from hub.errors import HubError
from hub.yaml import YamlError, load
from integrations.echonet_lite.edt import (
    NO_FACTORS,
    AnyOf,
    Clock,
    Code,
    Epcs,
    Factor,
    Factors,
    Fields,
    Items,
    Number,
    Raw,
    Type,
    Value,
)

SHIPPED = Path(__file__).parent / "classes"
OWN = "echonet_classes"
EPCS = range(0x80, 0x100)
SUPER_CLASS = 0x0000
PROFILE_GROUP = 0x0E
INTEGERS = {f"{sign}{8 * size}": (size, sign == "i") for sign in "ui" for size in (1, 2, 4)}
CLOCKS = {"date": 4, "time": 2, "datetime": 7}


@dataclass(frozen=True)
class PropertyType:
    """One definition. Access: M mandatory, C mandatory where the device is able, o optional, - none."""

    epc: int
    key: str
    names: Mapping[str, str]
    since: str
    get: str
    set: str
    inf: str
    type: Type

    @property
    def unit(self) -> str | None:
        return next((number.unit for number in numbers(self.type) if number.unit), None)

    @property
    def coefficients(self) -> frozenset[int]:
        """The properties whose values this one's must be multiplied by."""
        return frozenset(epc for number in numbers(self.type) for epc in number.by)

    def decode(self, edt: bytes, factors: Factors = NO_FACTORS) -> Value:
        """None: no data. Raises ValueError for a length that the definition doesn't know."""
        if not edt:
            return None
        return self.type.read(edt, factors)

    def encode(self, value: Value) -> bytes:
        """Raises ValueError with what was expected."""
        try:
            return self.type.write(value)
        except ValueError as error:
            raise ValueError(f"{self.key} (0x{self.epc:02X}): {error}") from None


@dataclass(frozen=True)
class ObjectClass:
    """A class as one release defines it, the super class's properties included."""

    code: int
    key: str
    names: Mapping[str, str]
    properties: Mapping[int, PropertyType]

    def spell(self, epc: int, edt: bytes, factors: Factors = NO_FACTORS) -> tuple[str, Value]:
        """Key and value; raw hex for an EPC that nobody defined and for bytes that don't fit the definition."""
        known = self.properties.get(epc)
        if known is None:
            return f"epc_{epc:02x}", edt.hex()
        try:
            return known.key, known.decode(edt, factors)
        except ValueError:
            return known.key, edt.hex()


@dataclass
class _File:
    """One class, each property with all its definitions, oldest first."""

    code: int
    key: str
    names: Mapping[str, str]
    properties: Mapping[int, Sequence[PropertyType]]

    def at(self, release: str | None) -> dict[int, PropertyType]:
        return {epc: _fitting(definitions, release) for epc, definitions in self.properties.items()}


def _fitting(definitions: Sequence[PropertyType], release: str | None) -> PropertyType:
    """A definition holds until the next; a device older than the first one may have the property all the same."""
    if release is None:
        return definitions[-1]
    return next((each for each in reversed(definitions) if each.since <= release), definitions[0])


@dataclass
class Classes:
    """The shipped class files, and a user's own that change or add to them."""

    own: Path | None = None
    _files: dict[int, _File | None] = field(default_factory=dict)
    _cut: dict[tuple[int, str | None], ObjectClass | None] = field(default_factory=dict)

    @classmethod
    def load(cls, own: Path | None = None) -> "Classes":
        """`own`: a folder with files such as `02A1.yaml`; all of them are checked now. Raises HubError."""
        classes = cls(own)
        for file in sorted(own.glob("*.yaml")) if own is not None else ():
            if not _is_class_name(file.stem):
                raise HubError(f"{file}:1:1: expected a file name such as 02A1.yaml")
            classes._file(int(file.stem, 16))
        return classes

    def get(self, class_code: int, release: str | None = None) -> ObjectClass | None:
        """None: nobody defined that class. `release`: the letter of 0x82; None: the newest."""
        wanted = release.upper() if release is not None and release.isalpha() else None
        if (class_code, wanted) not in self._cut:
            self._cut[class_code, wanted] = self._at(class_code, wanted)
        return self._cut[class_code, wanted]

    def any(self, class_code: int, release: str | None = None) -> ObjectClass:
        """A class that nobody defined has no properties: all of it is raw."""
        known = self.get(class_code, release)
        return known or ObjectClass(class_code, f"class_{class_code:04x}", {}, {})

    def _at(self, class_code: int, release: str | None) -> ObjectClass | None:
        file = self._file(class_code)
        if file is None:
            return None
        common = self._file(SUPER_CLASS) if class_code >> 8 != PROFILE_GROUP else None
        properties = {**(common.at(release) if common else {}), **file.at(release)}
        return ObjectClass(class_code, file.key, file.names, properties)

    def _file(self, class_code: int) -> _File | None:
        if class_code not in self._files:
            folders = [SHIPPED] if self.own is None else [SHIPPED, self.own]
            found = [file for folder in folders if (file := folder / f"{class_code:04X}.yaml").is_file()]
            self._files[class_code] = _parsed(class_code, found) if found else None
        return self._files[class_code]


def own_classes(folder: Path | None) -> Classes:
    """With a user's own files, beside the configuration. Raises HubError."""
    own = folder / OWN if folder is not None else None
    return Classes.load(own if own is not None and own.is_dir() else None)


def numbers(kind: Type) -> list[Number]:
    """All numbers in a type."""
    if isinstance(kind, Number):
        return [kind]
    inner = (
        kind.of
        if isinstance(kind, AnyOf)
        else kind.fields.values()
        if isinstance(kind, Fields)
        else [kind.item]
        if isinstance(kind, Items)
        else []
    )
    return [number for each in inner for number in numbers(each)]


def _is_class_name(stem: str) -> bool:
    return len(stem) == 4 and all(letter in "0123456789ABCDEF" for letter in stem)


def _parsed(class_code: int, files: Sequence[Path]) -> _File:
    """The later file changes the earlier: maps merge, the rest replaces, null removes."""
    tree: dict[Any, Any] = {}
    for file in files:
        tree = merge(tree, _read(file))
    try:
        return _Reader(tree).file(class_code)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise HubError(f"{files[-1]}:1:1: class {class_code:04X}: {_told(error)}") from error


def _told(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)


def _read(file: Path) -> dict[Any, Any]:
    try:
        value = load(file.read_text(encoding="utf-8"), str(file)).value
    except (YamlError, OSError, UnicodeDecodeError) as error:
        raise HubError(str(error)) from error
    if not isinstance(value, dict):
        raise HubError(f"{file}:1:1: expected a map with properties:")
    return value


def _codes(told: int | str) -> int | tuple[int, int]:
    """`0x41`, or `0x0014-0x001D`."""
    if isinstance(told, int):
        return told
    low, high = told.split("-")
    return int(low, 16), int(high, 16)


class _Reader:
    """From a class file's YAML to types."""

    def __init__(self, tree: Mapping[str, Any]) -> None:
        self._tree = tree
        self._kinds: Mapping[str, Callable[[Mapping[str, Any]], Type]] = {
            "code": self._code,
            "factor": lambda told: Factor(told["values"]),
            "raw": self._raw,
            "epcs": lambda told: Epcs(),
            "any": lambda told: AnyOf(tuple(self._type(each) for each in told["of"])),
            "object": self._fields,
            "list": lambda told: Items(self._type(told["item"]), told["most"], told.get("least", 0)),
        }

    def file(self, class_code: int) -> _File:
        tree = self._tree
        return _File(
            class_code,
            tree["key"],
            tree["name"],
            {epc: self._definitions(epc, told) for epc, told in tree["properties"].items()},
        )

    def _definitions(self, epc: Any, told: Any) -> list[PropertyType]:
        if not isinstance(epc, int) or not 0x80 <= epc <= 0xFF:
            raise ValueError(f"{epc!r} is no EPC from 0x80 to 0xFF")
        return [self._property(epc, each) for each in (told if isinstance(told, list) else [told])]

    def _property(self, epc: int, told: Mapping[str, Any]) -> PropertyType:
        get, set_, inf = told["access"]
        names = {language: told.get(language, told["key"]) for language in ("en", "ja")}
        since = told.get("since", self._tree["since"])
        return PropertyType(epc, told["key"], names, since, get, set_, inf, self._type(told))

    def _type(self, told: Mapping[str, Any]) -> Type:
        kind = told["type"]
        if kind in self._tree.get("types", {}):
            return self._type(self._tree["types"][kind])
        if kind in INTEGERS:
            return self._number(*INTEGERS[kind], told)
        if kind in CLOCKS:
            return Clock(told.get("size", CLOCKS[kind]))
        if kind not in self._kinds:
            raise ValueError(f"no type {kind!r}")
        return self._kinds[kind](told)

    def _number(self, size: int, signed: bool, told: Mapping[str, Any]) -> Number:
        low, high = told["range"]
        by = tuple(told.get("by", ()))
        return Number(size, signed, low, high, told.get("scale", 1), told.get("unit"), by)

    def _code(self, told: Mapping[str, Any]) -> Code:
        listed = {_codes(codes): about for codes, about in told["labels"].items()}
        labels = {codes: about[0] for codes, about in listed.items() if isinstance(codes, int)}
        ranges = {codes: about[0] for codes, about in listed.items() if isinstance(codes, tuple)}
        names = {codes: {"en": en, "ja": ja} for codes, (_, en, ja) in listed.items()}
        return Code(told.get("size", 1), labels, ranges, names)

    def _raw(self, told: Mapping[str, Any]) -> Raw:
        length = told["length"]
        return Raw(length, length) if isinstance(length, int) else Raw(*length)

    def _fields(self, told: Mapping[str, Any]) -> Fields:
        fields = {key: self._type(each) for key, each in told["fields"].items()}
        return Fields(fields, {key: each["en"] for key, each in told["fields"].items()})
