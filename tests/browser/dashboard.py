"""The dashboard as a person uses it."""

from typing import TYPE_CHECKING, Any

import pytest

from cli.target import PROJECT
from tests.browser.stack import NewcomerStack

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Locator, Page

HTML = "<img src=x onerror=alert(1)>"
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])
WIDTHS = pytest.mark.parametrize("width", [1280, 360])
_REPORT = """
addEventListener("securitypolicyviolation", (event) =>
  reportFault(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`));
"""
_AXE = PROJECT / "dashboard/node_modules/axe-core/axe.min.js"
_RUN_AXE = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
  .map((found) => `${found.id}: ${found.nodes.map((node) => node.html).join(" | ")}`)"""
_HOSTILE = (
    """() => document.querySelectorAll("img, iframe, main script, [onerror], [onload]").length"""
)


class DashboardPage:
    """A tab with the dashboard. `faults` are errors of scripts and violations of the policy."""

    def __init__(self, page: "Page", stack: NewcomerStack) -> None:
        self.page = page
        self.stack = stack
        self.faults: list[str] = []
        page.expose_function("reportFault", self._violation)
        page.add_init_script(_REPORT)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._console)
        page.on("dialog", self._dialog)

    def visit(self) -> None:
        """Open the root of the API."""
        self.page.goto(f"{self.stack.url}/")

    def log_in(self, key: str | None = None) -> None:
        """Enter a key, that of the stack by default, and wait for the overview."""
        self.visit()
        self.enter(key or self.stack.key)
        self.heading("Overview").wait_for()

    def enter(self, key: str) -> None:
        """Enter a key in the form."""
        self.page.get_by_label("API key").fill(key)
        self.page.get_by_role("button", name="Log in").click()

    def open(self, path: str, heading: str | None = None) -> None:
        """Go to a page and wait until it has loaded."""
        self.page.goto(f"{self.stack.url}/#{path}")
        if heading is not None:
            self.heading(heading).wait_for()
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is being loaded."""
        self.page.locator("main h1").wait_for()
        self.page.wait_for_function("() => !document.querySelector('.loading')")

    def wait_live(self) -> None:
        """Wait until the socket is open."""
        self.page.locator(".live-live").wait_for()

    def heading(self, name: str) -> "Locator":
        """Return the heading of the page."""
        return self.page.get_by_role("heading", level=1, name=name, exact=True)

    def row(self, task: str) -> "Locator":
        """Return what shows a task in a list."""
        return self.page.locator(f"[data-id='{task}']").first

    def confirm(self, action: str) -> None:
        """Press the button of the dialog and wait until it has closed."""
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_role("button", name=action, exact=True).click()
        dialog.wait_for(state="detached")

    def accessibility_faults(self) -> list[str]:
        """Return what axe finds wrong with the page."""
        self.page.evaluate(_AXE.read_text())
        found: list[str] = self.page.evaluate(_RUN_AXE)
        return found

    def needed_width(self) -> int:
        """Return the width of the page; the window is narrower if one has to scroll sideways."""
        return int(self.page.evaluate("document.documentElement.scrollWidth"))

    def hostile_elements(self) -> int:
        """Return how many elements exist that only injected HTML can have made."""
        return int(self.page.evaluate(_HOSTILE))

    def _violation(self, text: str) -> None:
        self.faults.append(text)

    def _console(self, message: "ConsoleMessage") -> None:
        # Chromium reports each response with an error status, which pages handle themselves.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(message.text)

    def _dialog(self, dialog: Any) -> None:
        self.faults.append(f"a script opened a dialog: {dialog.message}")
        dialog.dismiss()
