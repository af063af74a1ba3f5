"""Every example of docs/agents.md is run, with a scripted stand-in for the agent."""

import asyncio
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from httpx2 import AsyncClient
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from cli.api_client import ApiClient, session_for
from cli.output import Output
from cli.target import PROJECT
from cli.work.attempt import AttemptRunner
from cli.work.loop import Worker
from cli.work.process import command_argv, command_starter
from cli.work.running import AttemptOutcome
from signalbox.http.mcp.tool_table import TOOLS
from signalbox.models.ids import WorkerId
from signalbox.models.task import TaskStatus
from tests.builders import a_task
from tests.commands.served import Served
from tests.pages import blocks, commands_of

pytestmark = pytest.mark.untraced  # the examples are not ours to measure

PAGE: Final = (PROJECT / "docs" / "agents.md").read_text()
AGENTS: Final = ("claude", "codex", "agent")
COMMANDS: Final = [words for words in commands_of("signalbox", PAGE) if words[1] == "work"]
STAND_IN: Final = """#!/bin/sh
cat > "$RECORD.stdin"
printf '%s\\n' "$0" "$@" > "$RECORD.argv"
echo "did what $0 was asked for"
"""
HOSTILE: Final = 'Fix it"; touch /tmp/x; echo $(id) `id`'


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the agent was given: `<record>.stdin` and `<record>.argv`."""
    for name in AGENTS:
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(STAND_IN)
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("RECORD", str(tmp_path / "record"))
    return tmp_path / "record"


def argv_in(record: Path) -> str:
    return record.with_suffix(".argv").read_text()


def stdin_in(record: Path) -> str:
    return record.with_suffix(".stdin").read_text()


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[words.index("--") + 1])
def test_an_agent_that_is_run_for_each_task_completes_it(
    served: Served, record: Path, words: list[str]
) -> None:
    task = served.add(a_task(title=HOSTILE))
    runner = AttemptRunner(
        api=ApiClient(
            base_url=served.url, key=served.key, session=session_for(served.url), timeout=5
        ),
        name=WorkerId("w1"),
        output=Output(),
        lease_seconds=int(words[words.index("--lease") + 1]),
    )
    start = command_starter(command_argv(words[words.index("--") + 1 :]))

    outcome = Worker(runner=runner, start=start, wait_seconds=0).once()

    result = served.now(task).result
    assert outcome is AttemptOutcome.SUCCEEDED
    assert result
    assert "did what" in result.summary
    assert json.loads(stdin_in(record))["title"] == HOSTILE
    assert HOSTILE not in argv_in(record)


def test_the_program_of_the_page_completes_a_task(served: Served, record: Path) -> None:
    (program,) = blocks("python", PAGE)
    task = served.add(a_task(title=HOSTILE))
    environment = {"SIGNALBOX_URL": served.url, "SIGNALBOX_API_KEY": served.key}

    for _ in range(2):  # the second finds no task
        subprocess.run(  # noqa: S603  our own interpreter
            [sys.executable, "-c", program], env=os.environ | environment, check=True
        )

    assert served.now(task).status is TaskStatus.SUCCEEDED
    assert HOSTILE in stdin_in(record)
    assert HOSTILE not in argv_in(record)


def claude(environment: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The URL and the headers of the settings for Claude Code."""
    (text,) = blocks("json", PAGE)
    filled = re.sub(r"\$\{(\w+)\}", lambda found: environment[found[1]], text)
    server = json.loads(filled)["mcpServers"]["signalbox"]
    assert server["type"] == "http"
    return server["url"], server["headers"]


def codex(environment: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The URL and the headers of the settings for Codex."""
    (text,) = blocks("toml", PAGE)
    server = tomllib.loads(text)["mcp_servers"]["signalbox"]
    url = server["url"].replace("http://127.0.0.1:4600", environment["SIGNALBOX_URL"])
    return url, {"Authorization": f"Bearer {environment[server['bearer_token_env_var']]}"}


@pytest.mark.parametrize("settings", [claude, codex])
def test_an_agent_with_the_settings_of_the_page_works_on_a_task(
    served: Served, settings: Any
) -> None:
    task = served.add(a_task())
    url, headers = settings({"SIGNALBOX_URL": served.url, "SIGNALBOX_API_KEY": served.key})

    async def agent() -> None:
        async with (
            AsyncClient(headers=headers, timeout=30) as http,
            Client(streamable_http_client(url, http_client=http)) as client,
        ):
            prompt = await client.get_prompt("work_on_next_task", {"worker": "agent-1"})
            assert prompt.messages
            claimed = await client.call_tool("claim_task", {"worker": "agent-1"})
            document = claimed.structured_content
            assert isinstance(document, dict)
            held = {
                "task_id": document["task"]["id"],
                "lease_id": document["lease"]["id"],
                "fence": document["lease"]["fence"],
            }
            await client.call_tool("extend_lease", held)
            await client.call_tool("complete_task", {**held, "result": {"summary": "done"}})

    asyncio.run(agent())

    assert served.now(task).status is TaskStatus.SUCCEEDED


def test_the_table_of_tools_is_complete_with_the_scope_of_each(served: Served) -> None:
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \| `([a-z:]+)` \|$", PAGE, re.MULTILINE)
    stated = {name: scope for names, scope in rows for name in re.findall(r"`(\w+)`", names)}
    scopes = {f"{route.method} {route.path}": str(route.scope) for route in served.api.routes.all}

    assert stated == {tool.name: scopes[tool.operation] for tool in TOOLS}


def test_the_destructive_tools_are_named() -> None:
    sentence = PAGE.partition("Tools are annotated:")[2].partition("as\ndestructive")[0]

    assert set(re.findall(r"`(\w+)`", sentence)) == {
        tool.name for tool in TOOLS if tool.destructive
    }
