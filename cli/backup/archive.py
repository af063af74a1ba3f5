"""The file of a backup: JSON lines in gzip, with counts and a checksum in the last one.

The first line is the header. Every other has a part and an item in the JSON of DynamoDB, with bytes
in base64, or a large body, or the name of a secret.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Literal, cast

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from cli.backup.contents import (
    BackupPart,
)
from cli.errors import CommandError
from signalbox.models.base import UtcDatetime

if TYPE_CHECKING:
    from signalbox.aws.dynamo_table import Item

FORMAT: Final = 1

_LEVEL: Final = 6
_BYTES: Final = "B"
_SETS_OF_BYTES: Final = "BS"


class ArchiveHeader(BaseModel):
    """The first line: what wrote the backup, of which stack, and when."""

    model_config = ConfigDict(frozen=True)

    signalbox: Literal["backup"] = "backup"
    format: int = FORMAT
    version: str
    stack: str
    region: str
    at: UtcDatetime


class ArchiveEnd(BaseModel):
    """The last line: how many entries of each part there are, and the SHA-256 of all before it."""

    model_config = ConfigDict(frozen=True)

    counts: dict[str, int]
    sha256: str


class ArchiveEntry(BaseModel):
    """One entry of a part: an item, a large body by its key, or the name of a secret."""

    model_config = ConfigDict(frozen=True)

    part: BackupPart
    item: dict[str, JsonValue] | None = None
    key: str | None = None
    body: str | None = None

    @property
    def stored_item(self) -> Item:
        """Return the item as DynamoDB takes it."""
        return cast("Item", _decoded(self.item or {}))

    @property
    def encoded_item(self) -> Item:
        """Return the item with its bytes in base64, which is enough to look at its keys."""
        return cast("Item", self.item or {})

    @property
    def stored_body(self) -> bytes:
        """Return the large body."""
        return b64decode(self.body or "")


def item_entry(part: BackupPart, item: Item) -> ArchiveEntry:
    """Return the entry of an item."""
    return ArchiveEntry(part=part, item=cast("dict[str, JsonValue]", _encoded(item)))


def body_entry(key: str, body: bytes) -> ArchiveEntry:
    """Return the entry of a large body."""
    return ArchiveEntry(part=BackupPart.BODIES, key=key, body=b64encode(body).decode())


@dataclass(slots=True, kw_only=True)
class ArchiveWriter:
    """Writes entries as they come; nothing of them stays in memory."""

    file: IO[bytes]
    counts: Counter[str] = field(default_factory=Counter)
    _digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    def begin(self, header: ArchiveHeader) -> None:
        """Write the header."""
        self._line(header.model_dump(mode="json"))

    def add(self, entry: ArchiveEntry) -> None:
        """Write an entry."""
        self.counts[entry.part] += 1
        self._line(entry.model_dump(mode="json", exclude_none=True))

    def end(self) -> ArchiveEnd:
        """Write the last line, without which a backup is not complete, and return it."""
        end = ArchiveEnd(counts=dict(sorted(self.counts.items())), sha256=self._digest.hexdigest())
        self._line({"end": end.model_dump(mode="json")})
        return end

    def _line(self, value: Mapping[str, object]) -> None:
        line = json.dumps(value, separators=(",", ":")).encode() + b"\n"
        self._digest.update(line)
        self.file.write(line)


def compressed(path: Path) -> IO[bytes]:
    """Open a file that only its owner may read, and that does not exist yet.

    Raises:
        FileExistsError: It exists.
    """
    path.touch(mode=0o600, exist_ok=False)
    return cast("IO[bytes]", gzip.open(path, "wb", compresslevel=_LEVEL))


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A complete backup in a file, which `open_archive` has verified."""

    path: Path
    header: ArchiveHeader
    end: ArchiveEnd

    def entries(self, parts: tuple[BackupPart, ...]) -> Iterator[ArchiveEntry]:
        """Yield the entries of these parts in the order of the file."""
        begins = tuple(f'{{"part":"{part}"'.encode() for part in parts)
        with gzip.open(self.path, "rb") as file:
            for line in file:
                if line.startswith(begins):
                    yield ArchiveEntry.model_validate_json(line)


def open_archive(path: Path) -> Archive:
    """Return the backup in a file, after reading all of it.

    Raises:
        CommandError: It is not a complete, undamaged backup of a format that is known here.
    """
    try:
        with gzip.open(path, "rb") as file:
            first = file.readline()
            header, end = _header(first), _verified(first, file)
    except FileNotFoundError:
        raise CommandError(f"{path} does not exist") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise CommandError(f"{path} is damaged or not complete: {error}") from None
    return Archive(path=path, header=header, end=end)


def _header(line: bytes) -> ArchiveHeader:
    try:
        header = ArchiveHeader.model_validate_json(line)
    except ValidationError:
        raise CommandError("this is not a backup of Signalbox") from None
    if header.format > FORMAT:
        raise CommandError(
            f"the backup has format {header.format}, written by version {header.version}; "
            f"this version reads up to {FORMAT}: restore it with that version or a later one"
        )
    return header


def _verified(first: bytes, lines: gzip.GzipFile) -> ArchiveEnd:
    """Return the last line, if the lines before it are those that it describes."""
    digest, counts = hashlib.sha256(first), Counter[str]()
    for line in lines:
        if line.startswith(b'{"end":'):
            end = ArchiveEnd.model_validate(json.loads(line)["end"])
            if lines.readline() or end.sha256 != digest.hexdigest() or end.counts != counts:
                raise CommandError("the backup is damaged: its checksum or counts do not match")
            return end
        digest.update(line)
        part = line[len(b'{"part":"') : 64].partition(b'"')[0]
        counts[part.decode(errors="replace")] += 1
    raise CommandError("the backup is not complete: its last line is missing")


def _encoded(value: object) -> object:
    """Return a part of an item with bytes in base64."""
    match value:
        case bytes() | bytearray():
            return b64encode(value).decode()
        case dict():
            return {name: _encoded(each) for name, each in value.items()}
        case list():
            return [_encoded(each) for each in value]
    return value


def _decoded(item: Mapping[str, JsonValue]) -> dict[str, object]:
    return {name: _decoded_attribute(each) for name, each in item.items()}


def _decoded_attribute(attribute: JsonValue) -> object:
    match attribute:
        case {"B": str(text)}:
            return {_BYTES: b64decode(text)}
        case {"BS": list(texts)}:
            return {_SETS_OF_BYTES: [b64decode(str(text)) for text in texts]}
        case {"M": dict(members)}:
            return {"M": _decoded(members)}
        case {"L": list(members)}:
            return {"L": [_decoded_attribute(each) for each in members]}
    return attribute
