"""A Chromium and a local stack, for `make test-browser`; other runs collect nothing here.

SIGNALBOX_BROWSER_HOME names the directory of a stack that runs already, for use while one writes.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cli.errors import CommandError
from cli.local.cloud import require_ports_free
from cli.local.options import free_ports
from tests.browser.dashboard import DashboardPage
from tests.browser.stack import NewcomerStack, signalbox

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ENABLED = os.environ.get("SIGNALBOX_BROWSER")
collect_ignore_glob = [] if ENABLED else ["test_*.py"]
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 30_000
OpenDashboard = Callable[..., DashboardPage]


@pytest.fixture(scope="session")
def chromium() -> str:
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if not found:
        pytest.exit("no Chromium: install it (`apt-get install chromium`) or set CHROMIUM", 1)
    return found


@pytest.fixture(scope="session")
def browser(chromium: str) -> "Iterator[Browser]":
    library = import_module("playwright.sync_api")
    library.expect.set_options(timeout=PATIENCE)
    with library.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=list(_OPTIONS))
        yield started
        started.close()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewcomerStack]:
    running = os.environ.get("SIGNALBOX_BROWSER_HOME")
    if running:
        yield _warm(Path(running))
        return
    home = tmp_path_factory.mktemp("stack")
    signalbox(home, "up", "--detach", f"--port={_port()}")
    try:
        yield _warm(home)
    finally:
        signalbox(home, "down")


@pytest.fixture
def open_dashboard(browser: "Browser", stack: NewcomerStack) -> Iterator[OpenDashboard]:
    """Open the page in browsers that share nothing; no page may break the policy or fail."""
    opened: list[DashboardPage] = []

    def open_page(**options: Any) -> DashboardPage:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 860}} | options)
        context.set_default_timeout(PATIENCE)
        page = DashboardPage(context.new_page(), stack)
        opened.append(page)
        return page

    yield open_page
    faults = [fault for page in opened for fault in page.faults]
    for page in opened:
        page.page.context.close()
    assert faults == []


@pytest.fixture
def dashboard(open_dashboard: OpenDashboard) -> DashboardPage:
    """Return the page after the login with the key of the stack."""
    page = open_dashboard()
    page.log_in()
    return page


def _warm(home: Path) -> NewcomerStack:
    stack = NewcomerStack.of(home)
    stack.warm_up()
    return stack


def _port() -> int:
    """Return the first of four ports that are free."""
    while True:
        (first,) = free_ports(1)
        # The highest ports have no three above them: OverflowError.
        with suppress(CommandError, OverflowError):
            require_ports_free(*range(first, first + 4))
            return first
