"""Writes docs/reference/ocpp-conformance.md from the catalogue and the tests: `python -m tests.conformance.report`."""

from collections import Counter
from pathlib import Path

from hub.ocpp.capabilities import CAPABILITIES
from tests.conformance.cases import VERSIONS, Listed, Shown, listed, shown

PAGE = Path(__file__).parents[2] / "docs/reference/ocpp-conformance.md"
HEAD = """# OCPP conformance

The official certification of a charging station, case by case.

- **shown**: a test of this number runs with every `make test`, on a virtual clock: on a charger of no protocol,
  and on ECHONET Lite chargers of both classes through their blueprints.
- **absent**: the case doesn't apply to a station of this hub; why is said.
- **missing**: not shown yet. Nothing stands here as shown that isn't tested.

The sentences are ours; the numbers are those of the certification and of the specification's requirements.
`make pages` writes this page from the tests themselves.
"""
CHARGERS = """## What depends on the charger

These follow from the blueprint; `evhub mapping test CHARGER` shows them for one charger, with the cases that they
leave out. The tests below run on a charger that has what their case needs.

| feature | | cases only with it | cases only without it |
| --- | --- | --- | --- |"""


def page() -> str:
    return "\n".join([HEAD, _by_charger(), *(_version(version) for version in VERSIONS)])


def _by_charger() -> str:
    rows = [
        f"| {one.code} | {one.says} | {', '.join(sorted(one.cases))} | {', '.join(sorted(one.others))} |"
        for one in CAPABILITIES
    ]
    return "\n".join([CHARGERS, *rows, ""])


def _version(version: str) -> str:
    cases, tests = listed(version), {test.number: test for test in shown(version)}
    words = Counter(_word(case, tests) for case in cases)
    summary = ", ".join(f"{words[word]} {word}" for word in ("shown", "absent", "missing"))
    lines = [f"## OCPP {version}", "", f"{len(cases)} cases: {summary}.", ""]
    blocks = dict.fromkeys(case.block for case in cases)
    for block in blocks:
        lines += [f"### {block}", "", "| case | | what | requirements |", "| --- | --- | --- | --- |"]
        lines += [_row(case, tests) for case in cases if case.block == block]
        lines.append("")
    return "\n".join(lines)


def _word(case: Listed, tests: dict[str, Shown]) -> str:
    if case.number in tests:
        return "shown"
    return "absent" if case.absent else "missing"


def _row(case: Listed, tests: dict[str, Shown]) -> str:
    test = tests.get(case.number)
    what = test.says if test else case.absent or ""
    requirements = ", ".join(test.requirements) if test else ""
    return f"| {case.number} | {_word(case, tests)} | {what} | {requirements} |"


if __name__ == "__main__":
    PAGE.write_text(page())
