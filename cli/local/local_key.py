"""The API key of the local stack, stored in its directory, as the stack has only its hash."""

from contextlib import suppress
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from signalbox.models.principal import ApiKey

_FILE: Final = "key.json"
_OWNER_ONLY: Final = 0o600


class LocalKey(BaseModel):
    """`text` is the key itself, `stored` what the stack stores of it."""

    model_config = ConfigDict(frozen=True)

    text: str
    stored: ApiKey


def read_local_key(home: Path) -> LocalKey | None:
    """Return the key, or None if there is none."""
    with suppress(FileNotFoundError, ValueError):
        return LocalKey.model_validate_json((home / _FILE).read_text())
    return None


def write_local_key(home: Path, key: LocalKey) -> None:
    """Write the key to a file that only its owner may read."""
    path = home / _FILE
    path.unlink(missing_ok=True)
    path.touch(mode=_OWNER_ONLY)
    path.write_text(key.model_dump_json(indent=2))


def local_key_text(home: Path) -> str | None:
    """Return the text of the key, or None."""
    found = read_local_key(home)
    return found.text if found else None
