"""The pictures of docs/dashboard.md: `make docs` writes them."""

import os
from math import sin
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import OpenDashboard
from tests.browser.history import metrics_history
from tests.browser.stack import NewcomerStack

IMAGES = os.environ.get("SIGNALBOX_BROWSER_IMAGES", "")
pytestmark = pytest.mark.skipif(not IMAGES, reason="only `make docs` writes pictures")

WIDE = {"width": 1200, "height": 760}
SHORT = {"width": 1200, "height": 400}
TALL = {"width": 1200, "height": 1000}
NARROW = {"width": 390, "height": 760}


SERVICES = {"search": ("10-0-3-7",), "shop": ("10-0-3-21", "10-0-4-9")}


@pytest.fixture(scope="module")
def ids(stack: NewcomerStack) -> dict[str, str]:
    """Return the ids of a task that runs and of its delivery, beside others of every kind."""
    stack.empty_queues()
    for text in ("fix the login", "update the changelog"):
        stack.send(f"/agent {text}")
    stack.empty_queues()
    failing = stack.create_task("Move the database", priority="high", max_attempts=1)
    refused = stack.lease_on(failing, "worker-1")
    reason = {"reason": "the migration timed out", "retryable": False}
    stack.call("POST", f"tasks/{failing}/fail", refused | reason)
    stack.create_task("Write the release notes", priority="low", labels=["docs"])
    delivery = stack.send("/agent find out why the build is slow")
    running = str(stack.call("GET", f"deliveries/{delivery}")["task_ids"][0])
    lease = stack.lease_on(running, "worker-2")
    texts = ("cloned octo-org/railway", "measured 12 builds", "the cache is never restored")
    lines = [{"seq": seq, "text": text} for seq, text in enumerate(texts, 1)]
    stack.call("POST", f"tasks/{running}/logs", lease | {"lines": lines})
    beat = {"lease_seconds": 300, "progress": "comparing caches"}
    stack.call("POST", f"tasks/{running}/heartbeat", lease | beat)
    stack.call("POST", "queue/low/pause", {"reason": "the workers are being replaced"})
    add_services(stack)
    return {"task": running, "delivery": delivery}


def add_services(stack: NewcomerStack) -> None:
    known = {service["name"] for service in stack.call("GET", "services")["items"]}
    for name in SERVICES.keys() - known:
        hosts = SERVICES[name]
        instances = [{"id": host, "url": f"https://{host}.example.com"} for host in hosts]
        service = {"name": name, "instances": instances, "access": {"public": True}}
        stack.call("PUT", f"services/{name}", service)
        stack.call("PUT", f"routes/{name}", {"id": name, "service": name, "path": f"/api/{name}"})


def busy_hours() -> dict[str, Any]:
    """Return six hours in which the load rises and falls."""
    history = metrics_history(72)
    for number, interval in enumerate(history["intervals"]):
        load = round(24 + 14 * sin(number / 10) + number * 7 % 5)
        failed = int(number % 16 == 0)
        interval["webhooks"] = {"accepted": load, "signature_invalid": int(number % 22 == 5)}
        interval["providers"] = {"github": load - load // 3, "sentry": load // 3}
        interval["tasks"] = {
            "created": load // 2,
            "succeeded": load // 2 - failed,
            "failed": failed,
        }
        interval["notifications"] = {"delivered": load + load // 4}
        interval["stored"] |= {"pending": load // 6, "running": 2 + number // 5 % 3}
    return history


@pytest.mark.parametrize(
    ("name", "path", "scheme", "size"),
    [
        ("overview", "/", "light", WIDE),
        ("board", "/tasks?view=board", "light", WIDE),
        ("task", "/tasks/{task}", "light", WIDE),
        ("task-dark", "/tasks/{task}", "dark", WIDE),
        ("task-narrow", "/tasks/{task}", "light", NARROW),
        ("delivery", "/deliveries/{delivery}", "light", TALL),
        ("source", "/sources/new?provider=github&name=railway", "light", TALL),
        ("queues", "/queues", "light", SHORT),
        ("services", "/services", "light", SHORT),
        ("metrics", "/metrics", "light", WIDE),
    ],
)
def test_a_picture_is_taken(
    open_dashboard: OpenDashboard,
    ids: dict[str, str],
    name: str,
    path: str,
    scheme: str,
    size: dict[str, int],
) -> None:
    page = open_dashboard(viewport=size, color_scheme=scheme)
    history = busy_hours()
    page.page.route("**/api/v1/metrics/history*", lambda route: route.fulfill(json=history))
    page.log_in()
    page.wait_live()

    page.open(path.format(**ids))

    page.page.wait_for_timeout(2_000)
    page.settle()
    page.page.screenshot(path=Path(IMAGES) / f"dashboard-{name}.png")
