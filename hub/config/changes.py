"""What a new configuration changes, and so what must be started anew."""

from dataclasses import dataclass, fields, replace

from hub.config.settings import Config

FIXED = ("name", "language", "timezone", "state_dir", "firmware")
"""Of `hub:`, what a running hub doesn't change."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Ids of chargers. `mqtt`, `log`: that part starts anew. `protocols`: integrations whose section
    changed, with all of their chargers. `restart`: what only a new start of the hub can change.
    `blueprints`: chargers whose blueprint was edited."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    mqtt: bool = False
    log: bool = False
    restart: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ()
    devices: bool = False
    """What isn't a charger."""
    blueprints: tuple[str, ...] = ()
    circuits: bool = False

    def __bool__(self) -> bool:
        return self != Changes()

    def __str__(self) -> str:
        """For people: `added: garage; mqtt`."""
        told = [(field.name, getattr(self, field.name)) for field in fields(self)]
        words = [name if value is True else f"{name}: {', '.join(value)}" for name, value in told if value]
        return "; ".join(words) or "nothing changed"


def compare(old: Config, new: Config) -> Changes:
    """Tokens concern every charger's station: a change there restarts all of them."""
    both = old.chargers.keys() & new.chargers.keys()
    tokens = old.tokens != new.tokens
    return Changes(
        tuple(sorted(new.chargers.keys() - old.chargers.keys())),
        tuple(sorted(old.chargers.keys() - new.chargers.keys())),
        tuple(
            sorted(charger for charger in both if tokens or old.chargers[charger] != new.chargers[charger])
        ),
        replace(old.mqtt, base_topic="") != replace(new.mqtt, base_topic=""),
        old.log != new.log,
        tuple(
            name
            for name, before, after in (
                *((f"hub.{key}", getattr(old.hub, key), getattr(new.hub, key)) for key in FIXED),
                ("mqtt.base_topic", old.mqtt.base_topic, new.mqtt.base_topic),
            )
            if before != after
        ),
        tuple(
            sorted(
                name
                for name in old.protocols.keys() | new.protocols.keys()
                if old.protocols.get(name) != new.protocols.get(name)
            )
        ),
        old.devices != new.devices,
        circuits=old.circuits != new.circuits,
    )
