"""evhub topics: what stands on which MQTT topic."""

import argparse

import orjson

from hub.errors import HubError
from hub.mqtt.topic_table import TOPICS, asyncapi
from hub.topics import BASE


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("topics", help="the MQTT topics")
    parser.add_argument(
        "--asyncapi", action="store_true", help="as an AsyncAPI 3 document, with JSON Schemas"
    )
    parser.add_argument("--base", default="evhub", help="the base topic")
    parser.set_defaults(work=work)


def work(given: argparse.Namespace) -> int:
    if not BASE.fullmatch(given.base):
        raise HubError(f"--base {given.base!r}: expected a topic of one or two levels")
    if given.asyncapi:
        text = orjson.dumps(asyncapi(given.base), default=dict, option=orjson.OPT_INDENT_2)
        print(text.decode())
        return 0
    for entry in TOPICS:
        way = "in " if entry.inward else "out"
        kept = "retained" if entry.retain else ""
        print(f"{way}  {given.base}/{entry.pattern:<36} QoS {entry.qos}  {kept:<8}  {entry.words}")
    return 0
