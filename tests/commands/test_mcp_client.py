"""The official SDK's client against the endpoint over HTTP, in both eras of the protocol.

The client checks what a server may get wrong: the form of each message, its headers, and each
structured result against the schema of its tool.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, TextContent, TextResourceContents

from signalbox.auth.api_keys import new_key
from signalbox.models.ids import TaskId
from signalbox.services.ports.time import utc_now
from tests.builders import a_task
from tests.commands.served import Served

pytestmark = pytest.mark.untraced  # the SDK takes seconds to trace

MODES = {"legacy": "2025-11-25", "auto": "2026-07-28"}
"""How the client negotiates, and the version that it then speaks."""

Steps = Callable[[Client], Awaitable[None]]


def run(served: Served, steps: Steps, *, mode: str = "auto", key: str | None = None) -> None:
    """Runs the steps with a client of the SDK."""

    async def connected() -> None:
        headers = {"authorization": f"Bearer {key or served.key}"}
        async with AsyncClient(headers=headers, timeout=30) as http:
            transport = streamable_http_client(f"{served.url}/mcp", http_client=http)
            async with Client(transport, mode=mode) as client:
                await steps(client)

    asyncio.run(connected())


def worker_key(served: Served) -> str:
    made = new_key(
        served.wiring.settings.key_environment,
        name="agent",
        roles=("worker",),
        scopes=(),
        created_by="tests",
        now=utc_now(),
    )
    with served.one_at_a_time:
        served.wiring.keys.put(made.stored)
    return made.text


def document(result: CallToolResult) -> dict[str, Any]:
    assert not result.is_error, result.content
    assert isinstance(result.structured_content, dict)
    return result.structured_content


def problem(result: CallToolResult) -> str:
    assert result.is_error
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


def expire_lease(served: Served, task_id: str) -> None:
    """The lease of a task ends, and its message is visible again."""
    task = served.wiring.tasks.get(TaskId(task_id))
    assert task.lease
    lease = task.lease.model_copy(update={"expires_at": utc_now() - timedelta(seconds=1)})
    served.put(task.model_copy(update={"lease": lease}))
    served.wiring.queue.send(task.priority, [task.id])


async def called(client: Client, tool: str, **arguments: Any) -> CallToolResult:
    return await client.call_tool(tool, arguments)


@pytest.mark.parametrize("mode", MODES)
def test_the_client_agrees_on_the_version_and_finds_everything(served: Served, mode: str) -> None:
    async def steps(client: Client) -> None:
        tools = (await client.list_tools()).tools
        prompts = (await client.list_prompts()).prompts
        templates = (await client.list_resource_templates()).resource_templates
        prompt = await client.get_prompt("triage_failures")

        assert client.protocol_version == MODES[mode]
        assert client.server_info
        assert client.server_info.name == "signalbox"
        assert "claim_task" in {tool.name for tool in tools}
        assert {each.name for each in prompts} >= {"triage_failures", "work_on_next_task"}
        assert {each.uri_template for each in templates} >= {"signalbox://tasks/{task_id}"}
        assert prompt.messages

    run(served, steps, mode=mode)


@pytest.mark.parametrize("mode", MODES)
def test_an_agent_works_a_day_and_loses_a_lease_in_between(served: Served, mode: str) -> None:
    first, second = (served.add(a_task(title=title)) for title in ("one", "two"))
    key = worker_key(served)

    async def claim(client: Client) -> dict[str, Any]:
        claimed = document(
            await called(client, "claim_task", worker="agent-1", lease_seconds=60, wait_seconds=0)
        )
        lease = claimed["lease"]
        return {
            "task_id": claimed["task"]["id"],
            "lease_id": lease["id"],
            "fence": lease["fence"],
        }

    async def steps(client: Client) -> None:
        held = await claim(client)
        beat = document(await called(client, "extend_lease", **held, progress="reading"))
        lines = [{"seq": 1, "text": "cloned"}, {"seq": 2, "text": "built"}]
        stored = document(await called(client, "append_log", **held, lines=lines))
        done = document(await called(client, "complete_task", **held, result={"summary": "ok"}))

        assert beat["action"] == "continue"
        assert stored["stored"] == 2
        assert done["status"] == "succeeded"

        lost = await claim(client)
        expire_lease(served, lost["task_id"])
        current = await claim(client)
        refused = [
            problem(await called(client, tool, **lost))
            for tool in ("extend_lease", "complete_task", "release_task")
        ]
        assert current["task_id"] == lost["task_id"]
        assert all('"code":"lease_lost"' in text for text in refused)

        document(await called(client, "release_task", **current))
        read = await client.read_resource(f"signalbox://tasks/{lost['task_id']}")
        (contents,) = read.contents
        assert isinstance(contents, TextResourceContents)
        assert '"status":"pending"' in contents.text

    run(served, steps, mode=mode, key=key)

    statuses = sorted(served.now(task).status for task in (first, second))
    assert statuses == ["pending", "succeeded"]


@pytest.mark.parametrize("mode", MODES)
def test_what_every_tool_returns_fits_its_schema(served: Served, mode: str) -> None:
    async def steps(client: Client) -> None:
        await client.list_tools()
        created = document(await called(client, "create_task", title="x", idempotency_key=mode))
        reads = {
            "get_task": {"task_id": created["id"]},
            "read_log": {"task_id": created["id"]},
            "list_tasks": {"limit": 1},
            "list_deliveries": {},
            "list_rejections": {},
            "get_queue": {},
            "list_services": {},
        }
        for tool, arguments in reads.items():
            document(await client.call_tool(tool, arguments))

    run(served, steps, mode=mode)


@pytest.mark.parametrize("mode", MODES)
def test_errors_reach_the_client_as_what_they_are(served: Served, mode: str) -> None:
    async def steps(client: Client) -> None:
        absent = await called(client, "get_task", task_id=f"tsk_{'a' * 24}")
        forbidden = await called(client, "create_task", title="x")
        with pytest.raises(MCPError, match="no such tool"):
            await called(client, "drop_tables")
        with pytest.raises(MCPError, match="no such resource"):
            await client.read_resource("signalbox://tasks/unknown")

        assert '"code":"not_found"' in problem(absent)
        assert '"code":"forbidden"' in problem(forbidden)

    run(served, steps, mode=mode, key=worker_key(served))
