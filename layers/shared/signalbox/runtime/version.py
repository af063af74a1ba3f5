"""The version of Signalbox."""

from typing import Final

VERSION: Final = "0.1.0"
