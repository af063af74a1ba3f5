"""Zip files that are the same, byte by byte, whenever and wherever their content is."""

import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Final

_TIME: Final = (1980, 1, 1, 0, 0, 0)
"""The first that the format can hold."""
_LEVEL: Final = 9
_REGULAR: Final = 0o100644
_UNIX: Final = 3


def zip_archive(files: Mapping[str, bytes]) -> bytes:
    """Return a zip of the files, in the order of their names, with a fixed time and mode."""
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=_TIME)
            entry.create_system = _UNIX
            entry.external_attr = _REGULAR << 16
            packed = zipfile.ZIP_STORED if name.endswith(".zip") else zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name], compress_type=packed, compresslevel=_LEVEL)
    return content.getvalue()


def folder_files(folder: Path) -> dict[str, bytes]:
    """Return the content of all files below a folder, by their paths in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
