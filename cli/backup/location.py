"""Where the file of a backup is: on this machine, or in S3."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from cli.errors import CommandError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_S3: Final = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupLocation:
    """A path, or an object in S3 that is copied to and from a temporary file."""

    text: str
    s3: S3Client

    @contextmanager
    def writing(self) -> Iterator[Path]:
        """Yield a path for a new file; it is at its place when the block ends without an error.

        Raises:
            CommandError: There is something at the place.
        """
        place = self._object()
        if place is None:
            target = Path(self.text)
            if target.exists():
                raise CommandError(f"{target} exists; a backup overwrites nothing")
            part = target.with_name(f"{target.name}.part")
            part.unlink(missing_ok=True)
            yield part
            part.rename(target)
            return
        if self._exists(*place):
            raise CommandError(f"{self.text} exists; a backup overwrites nothing")
        with TemporaryDirectory(prefix="signalbox-") as folder:
            part = Path(folder) / "backup"
            yield part
            self.s3.upload_file(str(part), *place, ExtraArgs={"ServerSideEncryption": "AES256"})

    @contextmanager
    def reading(self) -> Iterator[Path]:
        """Yield the path of the file, or of a copy of the object.

        Raises:
            CommandError: There is no such object.
        """
        place = self._object()
        if place is None:
            yield Path(self.text)
            return
        if not self._exists(*place):
            raise CommandError(f"{self.text} does not exist")
        with TemporaryDirectory(prefix="signalbox-") as folder:
            copy = Path(folder) / "backup"
            self.s3.download_file(*place, str(copy))
            yield copy

    def _object(self) -> tuple[str, str] | None:
        """Return the bucket and the key, None for a path."""
        if not self.text.startswith("s3:"):
            return None
        if parts := _S3.fullmatch(self.text):
            return parts[1], parts[2]
        raise CommandError(f"{self.text} is not of the form s3://BUCKET/KEY")

    def _exists(self, bucket: str, key: str) -> bool:
        try:
            self.s3.head_object(Bucket=bucket, Key=key)
        except ClientError as refused:
            if refused.response.get("Error", {}).get("Code") in {"404", "NoSuchKey"}:
                return False
            raise
        return True
