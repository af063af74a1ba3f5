"""The site of the documentation, as `make site` built it."""

import json
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

import pytest

from cli.target import PROJECT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SITE: Final = PROJECT / ".signalbox" / "site"
VERSIONS: Final = SITE / "versions.json"

pytestmark = pytest.mark.skipif(not VERSIONS.exists(), reason="`make site` has not built it")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the first version of the site is."""
    handler = partial(Quiet, directory=str(SITE))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        folder = json.loads(VERSIONS.read_text())[0]["version"]
        yield f"http://127.0.0.1:{server.server_address[1]}/{folder}"
        server.shutdown()


@pytest.fixture
def page(browser: "Browser", address: str) -> "Iterator[Page]":
    """A page that fails on a request to another host, and on an error of a script."""
    wrong: list[str] = []
    opened = browser.new_page()

    def on_request(request: Any) -> None:
        own = (address.rpartition("/")[0], "data:", "blob:")
        if not request.url.startswith(own):
            wrong.append(request.url)

    opened.on("request", on_request)
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    yield opened
    opened.close()
    assert wrong == []


def test_the_first_page_leads_to_the_newest_version(page: "Page", address: str) -> None:
    page.goto(f"{address.rpartition('/')[0]}/")

    page.wait_for_url(f"{address}/")
    page.get_by_role("heading", name="Signalbox", level=1).wait_for()


def test_a_diagram_is_drawn(page: "Page", address: str) -> None:
    page.goto(f"{address}/architecture/")

    drawn = page.locator("div.mermaid")
    drawn.wait_for()
    box = drawn.bounding_box()
    assert box
    assert box["height"] > 100


def test_the_search_finds_an_operation_of_the_api(page: "Page", address: str) -> None:
    page.goto(f"{address}/")
    page.locator(".md-search__button").click()

    page.keyboard.type("claim a task")

    result = page.locator("a[href*='reference/work/?h=']").first
    result.wait_for()
    result.click()
    page.wait_for_url("**/reference/work/**")


def test_the_menu_has_the_versions(page: "Page", address: str) -> None:
    page.goto(f"{address}/reference/tasks/")

    menu = page.locator(".md-version__current")
    menu.wait_for()
    assert menu.inner_text() == address.rpartition("/")[2]
