"""Names of makers, by the code of 0x8A: those whose energy devices are met, as the consortium lists them."""

MAKERS = {
    0x000001: "Hitachi",
    0x000005: "Sharp",
    0x000006: "Mitsubishi Electric",
    0x000008: "Daikin Industries",
    0x000009: "NEC",
    0x00000B: "Panasonic",
    0x000016: "Toshiba",
    0x000025: "LIXIL",
    0x00003A: "Sekisui House",
    0x00003B: "Kyocera",
    0x00003C: "Denso",
    0x00003D: "Sumitomo Electric Industries",
    0x00004E: "Fujitsu",
    0x00004F: "Daiwa House Industry",
    0x000052: "Osaki Electric",
    0x000057: "Eliiy Power",
    0x000063: "Kawamura Electric",
    0x000064: "Omron",
    0x000068: "Aisin",
    0x00006C: "Nichicon",
    0x00006F: "Buffalo",
    0x000077: "Kanagawa Institute of Technology",
    0x000080: "Tabuchi Electric",
    0x000085: "Takaoka Toko",
    0x000099: "Tokyo Electric Power Company Holdings",
    0x00009A: "The Kansai Electric Power Company",
    0x00009C: "Diamond Electric Mfg.",
    0x00009E: "Yaskawa Electric",
    0x00009F: "GS Yuasa International",
    0x0000A1: "Honda R&D",
    0x0000AD: "Delta Electronics",
    0x0000B2: "NF",
    0x0000B4: "4R Energy",
    0x0000B7: "Nitto Kogyo",
    0x0000C9: "Kikusui Electronics",
    0x0000CB: "Fuji Electric",
    0x0000D4: "Murata Manufacturing",
    0x0000E2: "NextDrive",
    0x0000EB: "Nichicon Kameoka",
    0x0000EF: "Toyota Industries",
    0x0000F0: "Kaneka",
    0x000102: "Nichicon Kusatsu",
    0x000104: "Next Energy & Resources",
    0x000106: "Nature",
    0x000109: "Denso",
    0x000115: "Huawei Technologies Japan",
    0x000116: "Sungrow Power Supply",
    0x000119: "Daihen",
    0x000121: "Toyota Motor",
    0x000122: "Hanwha Q Cells Japan",
    0x00012B: "Denso Wave",
}


NOBODY = 0xFFFFF0
"""From here on codes are nobody's: devices under test use them."""


def maker(code: int) -> str:
    """A code that isn't listed here as hex digits; nobody's: an empty text."""
    return MAKERS.get(code, f"{code:06X}" if 0 < code < NOBODY else "")
