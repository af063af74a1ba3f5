"""The pictures of docs/dashboard.md: `make docs` writes them."""

import os
from pathlib import Path

import pytest

from tests.browser.conftest import OpenDashboard
from tests.browser.stack import NewcomerStack, lease_of

IMAGES = os.environ.get("SIGNALBOX_BROWSER_IMAGES", "")
pytestmark = pytest.mark.skipif(not IMAGES, reason="only `make docs` writes pictures")

WIDE = {"width": 1200, "height": 760}
NARROW = {"width": 390, "height": 760}


@pytest.fixture(scope="module")
def task(stack: NewcomerStack) -> str:
    """Return a task that runs, beside others that ended in different ways."""
    stack.empty_queues()
    for text in ("fix the login", "update the changelog"):
        stack.send(f"/agent {text}")
    stack.empty_queues()
    failing = stack.create_task("Move the database", priority="high", max_attempts=1)
    refused = lease_of(stack.claim("worker-1"))
    reason = {"reason": "the migration timed out", "retryable": False}
    stack.call("POST", f"tasks/{failing}/fail", refused | reason)
    stack.create_task("Write the release notes", priority="low", labels=["docs"])
    delivery = stack.send("/agent find out why the build is slow")
    running = str(stack.call("GET", f"deliveries/{delivery}")["task_ids"][0])
    lease = lease_of(stack.claim("worker-2"))
    texts = ("cloned octo-org/railway", "measured 12 builds", "the cache is never restored")
    lines = [{"seq": seq, "text": text} for seq, text in enumerate(texts, 1)]
    stack.call("POST", f"tasks/{running}/logs", lease | {"lines": lines})
    beat = {"lease_seconds": 300, "progress": "comparing caches"}
    stack.call("POST", f"tasks/{running}/heartbeat", lease | beat)
    return running


@pytest.mark.parametrize(
    ("name", "path", "scheme", "size"),
    [
        ("overview", "/", "light", WIDE),
        ("board", "/tasks?view=board", "light", WIDE),
        ("task-dark", "/tasks/{task}", "dark", WIDE),
        ("task-narrow", "/tasks/{task}", "light", NARROW),
    ],
)
def test_a_picture_is_taken(
    open_dashboard: OpenDashboard,
    task: str,
    name: str,
    path: str,
    scheme: str,
    size: dict[str, int],
) -> None:
    page = open_dashboard(viewport=size, color_scheme=scheme)
    page.log_in()
    page.wait_live()

    page.open(path.format(task=task))

    page.page.wait_for_timeout(2_000)
    page.settle()
    page.page.screenshot(path=Path(IMAGES) / f"dashboard-{name}.png")
