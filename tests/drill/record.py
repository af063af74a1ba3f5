"""`make recorded-store`: write a small stack of this version as a backup, for later versions."""

import os
from contextlib import ExitStack, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Final

from cli.backup.archive import ArchiveHeader, ArchiveWriter, compressed
from cli.backup.run import write_backup
from signalbox.runtime.version import VERSION
from tests.drill.run import fill, storage_of
from tests.integration.installation import installed
from tests.integration.slack import FakeSlack
from tests.integration.template import REGION

STORES: Final = Path(__file__).parents[1] / "fixtures" / "stores"
_WEBHOOKS: Final = 4


def record_store(path: Path) -> None:
    """Write a stack with tasks of every status, whose secrets are left out.

    Raises:
        FileExistsError: It is recorded already.
    """
    with ExitStack() as stack:
        file = stack.enter_context(compressed(path))
        stack.enter_context(redirect_stdout(StringIO()))  # the lines of the functions
        slack = stack.enter_context(FakeSlack().running())
        box = stack.enter_context(installed(slack))
        fill(box, _WEBHOOKS, large="")
        header = ArchiveHeader(version=VERSION, stack="recorded", region=REGION, at=box.clock())
        write_backup(storage_of(box), ArchiveWriter(file=file), header)


def main() -> None:
    """Record the store of this version.

    Raises:
        SystemExit: There is one.
    """
    os.environ["POWERTOOLS_LOG_LEVEL"] = "CRITICAL"
    path = STORES / f"{VERSION}.jsonl.gz"
    STORES.mkdir(parents=True, exist_ok=True)
    try:
        record_store(path)
    except FileExistsError:
        raise SystemExit(f"{path} exists; what a released version stored stays as it is") from None


if __name__ == "__main__":
    main()
