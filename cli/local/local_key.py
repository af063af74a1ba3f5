"""The API key that the local stack was given: kept by us, for the stack knows only its hash."""

from contextlib import suppress
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from signalbox.models.principal import ApiKey

_FILE: Final = "key.json"
_ONLY_US: Final = 0o600


class LocalKey(BaseModel):
    """`text` is the key itself, `stored` what the stack keeps of it."""

    model_config = ConfigDict(frozen=True)

    text: str
    stored: ApiKey


def read_local_key(home: Path) -> LocalKey | None:
    """Return the key, None if there is none that can be read."""
    with suppress(FileNotFoundError, ValueError):
        return LocalKey.model_validate_json((home / _FILE).read_text())
    return None


def write_local_key(home: Path, key: LocalKey) -> None:
    """Write a file that only its owner may read."""
    path = home / _FILE
    path.unlink(missing_ok=True)
    path.touch(mode=_ONLY_US)
    path.write_text(key.model_dump_json(indent=2))


def local_key_text(home: Path) -> str | None:
    """Return the text of the key."""
    found = read_local_key(home)
    return found.text if found else None
