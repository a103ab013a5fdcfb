"""Where blueprints/ and config/ lie: in a wheel, or in a source tree."""

from pathlib import Path

HERE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """The folder `blueprints` or `config`."""
    packed = HERE / "_shipped" / name
    return packed if packed.is_dir() else HERE.parent / name
