"""moto is not atomic across threads; DynamoDB is."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any
from unittest.mock import patch

from moto.core.botocore_stubber import BotocoreStubber


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Lets one call after the other into moto."""
    to_moto, lock = BotocoreStubber.__call__, Lock()

    def locked(stubber: BotocoreStubber, *args: Any, **more: Any) -> Any:
        with lock:
            return to_moto(stubber, *args, **more)

    with patch.object(BotocoreStubber, "__call__", locked):
        yield
