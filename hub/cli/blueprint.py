"""evhub blueprint list, check, test, plan, new, import, schema, reference."""

import argparse
import json
from pathlib import Path

from hub.blueprint.compile import load_blueprint
from hub.blueprint.json_schema import SCHEMA, json_schema, written
from hub.blueprint.load import available, read_source
from hub.blueprint.mbmap import imported
from hub.blueprint.reference import Entry, page
from hub.blueprint.testing import example_inputs, run_tests
from hub.errors import BlueprintError, HubError, reason
from hub.integration.loader import all_codecs, load_codec
from hub.shipped import shipped

SKELETON = """\
# yaml-language-server: $schema={schema}
blueprint:
  name: {name}
  domain: charger
  vendor: {name}
  tested_with: [simulator]
  input:
    host: {{name: {{en: Address of the charger, ja: 充電器のアドレス}}, selector: {{text: {{}}}}}}
    port: {{name: Port, default: 502, selector: {{number: {{min: 1, max: 65535}}}}}}
protocol: modbus
link: {{host: !input host, port: !input port, unit_id: 1, max_hole: 0}}
defaults: {{table: holding, write: fc16}}

points:
  status:        {{at: 100, poll: fast}}
  power:         {{at: 110, type: u32, unit: W, poll: fast}}
  energy:        {{at: 112, type: u32, unit: Wh}}
  current_limit: {{at: 200, unit: A, access: rw}}

state:
  from: status
  map: {{0: available, 1: preparing, 2: charging, 3: faulted}}
  enabled: current_limit > 0

limits: {{min: 6, max: 32, step: 1}}

actions:
  start:     {{current_limit: limit}}
  pause:     {{current_limit: 0}}
  set_limit: {{current_limit: limit}}

simulate:
  registers: {{current_limit: 16}}
  states:
    unplugged: {{status: 0}}
    waiting: {{status: 1}}
    charging: {{status: 2}}
    full: {{status: 1}}
    faulted: {{status: 3}}

tests:
  - name: charging
    image: {{holding: {{100: [2], 110: [0, 11000]}}}}
    expect: {{state: charging, power: 11000}}
  - {{name: ten amperes, do: set_limit, set: {{limit: 10}}, wrote: [[current_limit, 200, [10]]]}}
"""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("blueprint", help="list, check, test, plan, begin or describe blueprints")
    parser.add_argument(
        "action", choices=["list", "check", "test", "plan", "new", "import", "schema", "reference"]
    )
    parser.add_argument("path", nargs="?", help="keba/p30, or a file; import: an mbmap v2 register map")
    parser.add_argument("to", nargs="?", help="import: the file to write (default: it is printed)")
    parser.add_argument(
        "--folder", default="config/blueprints", help="your own blueprints (default: config/blueprints)"
    )
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(work=work)


def work(given: argparse.Namespace) -> int:
    search = (Path(given.folder), shipped("blueprints"))
    if given.action == "list":
        return _list(search, as_json=given.json)
    if given.action in PAGES:
        print(PAGES[given.action](), end="")
        return 0
    if not given.path:
        raise HubError("which blueprint? `evhub blueprint list` tells those there are")
    if given.action == "new":
        return _new(Path(given.path))
    actions = {"check": _check, "test": _test, "plan": _plan}
    try:
        if given.action == "import":
            return _import(Path(given.path), given.to)
        return actions[given.action](given.path, search)
    except BlueprintError as error:
        print(error)
        return 1
    except FileNotFoundError as error:
        raise HubError(str(error)) from error


def shipped_page() -> str:
    """docs/reference/chargers.md."""
    search = (shipped("blueprints"),)
    return page([_entry(path, search) for path, _ in available(search)])


def _entry(path: str, search: tuple[Path, ...]) -> Entry:
    mapping = load_blueprint(path, example_inputs(path, search), search, load_codec)
    return Entry(path, read_source(path, search).value, mapping)


PAGES = {"schema": lambda: written(json_schema(all_codecs())), "reference": shipped_page}


def _list(search: tuple[Path, ...], *, as_json: bool) -> int:
    names = [name for name, _ in available(search)]
    print(json.dumps(names) if as_json else "\n".join(names))
    return 0


def _new(path: Path) -> int:
    file = path.with_suffix(".yaml")
    if file.exists():
        raise HubError(f"{file} is there already")
    name = file.stem.replace("_", " ").title()
    _write(file, SKELETON.format(name=name, schema=_schema()))
    print(f"{file}: begun; put the maker's registers in, then `evhub blueprint test {file}`")
    return 0


def _import(path: Path, to: str | None) -> int:
    try:
        read = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise HubError(f"{path}: cannot be read: {reason(error)}") from error
    text = f"# yaml-language-server: $schema={_schema()}\n" + imported(read, str(path))
    if to is None:
        print(text, end="")
        return 0
    file = Path(to)
    _write(file, text)
    print(f"{file}: written; a blueprint that extends it says states, actions and tests")
    return 0


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise HubError(f"{file}: cannot be written: {reason(error)}") from error


def _schema() -> str:
    return (shipped("blueprints") / SCHEMA).as_uri()


def _check(path: str, search: tuple[Path, ...]) -> int:
    mapping = load_blueprint(path, example_inputs(path, search), search, load_codec)
    print(f"{path}: good; {len(mapping.points)} points, actions {', '.join(sorted(mapping.actions))}")
    return 0


def _test(path: str, search: tuple[Path, ...]) -> int:
    results = run_tests(path, search, load_codec)
    for result in results:
        print(f"{'FAILED' if result.problems else 'passed'}  {result.name}")
        for problem in result.problems:
            print(f"        {problem}")
    failed = sum(bool(result.problems) for result in results)
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


def _plan(path: str, search: tuple[Path, ...]) -> int:
    """Which requests each poll group costs."""
    mapping = load_blueprint(path, example_inputs(path, search), search, load_codec)
    codec = load_codec(mapping.protocol)
    assert codec is not None
    for line in codec.plan(mapping):
        print(line)
    return 0
