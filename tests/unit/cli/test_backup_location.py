"""A backup is at its place when it is complete, and overwrites nothing."""

from pathlib import Path
from typing import cast

import pytest
from botocore.exceptions import ClientError
from mypy_boto3_s3 import S3Client

from cli.backup.location import BackupLocation
from cli.errors import CommandError


class FakeS3:
    """Objects by their place, and the options with which they were put."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}
        self.options: dict[str, str] = {}

    def head_object(self, *, Bucket: str, Key: str) -> None:  # noqa: N803  as boto3 names them
        if (Bucket, Key) not in self.objects:
            raise ClientError({"Error": {"Code": "404"}}, "HeadObject")

    def upload_file(
        self,
        name: str,
        bucket: str,
        key: str,
        ExtraArgs: dict[str, str],  # noqa: N803  as boto3 names it
    ) -> None:
        self.options = ExtraArgs
        self.objects[bucket, key] = Path(name).read_bytes()

    def download_file(self, bucket: str, key: str, name: str) -> None:
        Path(name).write_bytes(self.objects[bucket, key])


@pytest.fixture
def s3() -> FakeS3:
    return FakeS3()


def at(text: object, s3: FakeS3) -> BackupLocation:
    return BackupLocation(text=str(text), s3=cast("S3Client", s3))


def written(location: BackupLocation, data: bytes = b"whole") -> None:
    with location.writing() as path:
        path.write_bytes(data)


def test_a_file_is_at_its_place_when_it_is_complete(tmp_path: Path, s3: FakeS3) -> None:
    with at(tmp_path / "b", s3).writing() as path:
        path.write_bytes(b"whole")
        assert not (tmp_path / "b").exists()

    with at(tmp_path / "b", s3).reading() as path:
        assert path.read_bytes() == b"whole"


@pytest.mark.parametrize("place", ["b", "s3://backups/b"])
def test_nothing_is_at_the_place_after_an_error(tmp_path: Path, s3: FakeS3, place: str) -> None:
    text = place if place.startswith("s3:") else tmp_path / place
    with pytest.raises(ConnectionError), at(text, s3).writing():
        raise ConnectionError

    assert not (tmp_path / "b").exists()
    assert s3.objects == {}


def test_what_an_interrupted_backup_left_is_replaced(tmp_path: Path, s3: FakeS3) -> None:
    (tmp_path / "b.part").write_bytes(b"half")

    written(at(tmp_path / "b", s3))

    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_an_object_is_encrypted_and_read_again(s3: FakeS3) -> None:
    location = at("s3://backups/2026/b.gz", s3)

    written(location)

    assert s3.options == {"ServerSideEncryption": "AES256"}
    with location.reading() as path:
        assert path.read_bytes() == b"whole"


@pytest.mark.parametrize("place", ["b", "s3://backups/b"])
def test_a_second_backup_does_not_overwrite_the_first(
    tmp_path: Path, s3: FakeS3, place: str
) -> None:
    location = at(place if place.startswith("s3:") else tmp_path / place, s3)
    written(location)

    with pytest.raises(CommandError, match="overwrites nothing"):
        written(location, b"another")


def test_an_object_that_does_not_exist_and_an_odd_url_are_refused(s3: FakeS3) -> None:
    with pytest.raises(CommandError, match="does not exist"), at("s3://backups/b", s3).reading():
        pass
    with pytest.raises(CommandError, match="s3://BUCKET/KEY"), at("s3://backups", s3).reading():
        pass
