"""The table of docs/configuration.md has everything that can be set."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import pytest
from pydantic import BaseModel
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from cli.main import app
from cli.target import PROJECT
from signalbox.connectors.slack import Settings as SlackSettings
from signalbox.models.connection import Connection
from signalbox.models.issuer import Issuer
from signalbox.models.manifest import Manifest
from signalbox.models.principal import Role
from signalbox.models.rate_limits import DEFAULT_ROLE_LIMITS, Limits
from signalbox.models.schedule import Schedule
from signalbox.models.service import Service
from signalbox.models.service_route import ServiceRoute
from signalbox.models.source import Source
from signalbox.models.subscription import Subscription
from signalbox.providers.github.settings import GitHubRedelivery, GitHubSettings
from signalbox.providers.gitlab.settings import GitLabRedelivery, GitLabSettings
from signalbox.runtime.settings import Settings
from tests.integration.template import template

GROUPS: Final[dict[str, type[BaseModel]]] = {
    "sources": Source,
    "connections": Connection,
    "subscriptions": Subscription,
    "issuers": Issuer,
    "roles": Role,
    "services": Service,
    "routes": ServiceRoute,
    "schedules": Schedule,
}


class Row(NamedTuple):
    what: str
    default: str
    stack: str
    manifest: str
    one_thing: str
    command_line: str


def table() -> tuple[Row, ...]:
    page = (PROJECT / "docs" / "configuration.md").read_text()
    section = page.partition("\n## Everything that can be overridden\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    rows = [Row(*(cell.strip() for cell in line.split("|")[1:-1])) for line in lines]
    return tuple(rows[2:])


TABLE: Final = table()


def row_of(column: str, word: str) -> Row:
    """The one row that has the word in this column, as code."""
    found = [row for row in TABLE if f"`{word}`" in getattr(row, column)]
    assert len(found) == 1, f"{word} stands in {len(found)} rows"
    return found[0]


def variables(command: object) -> Iterator[str]:
    """The variables that a command and those below it read."""
    assert isinstance(command, TyperCommand | TyperGroup)
    for parameter in command.params:
        if isinstance(parameter.envvar, str):
            yield parameter.envvar
    if isinstance(command, TyperGroup):
        for inner in command.commands.values():
            yield from variables(inner)


@pytest.mark.parametrize("name", template().parameters)
def test_every_parameter_of_the_template_has_a_row_and_its_default(name: str) -> None:
    row = row_of("stack", name)

    default = template().parameters[name].default
    assert row.default == (f"`{default}`" if default != "" else "none")


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_of_a_function_has_a_row(name: str) -> None:
    row_of("stack", f"SIGNALBOX_{name.upper()}")


def test_every_variable_of_the_command_line_has_a_row() -> None:
    read = set(variables(get_command(app)))

    assert {"SIGNALBOX_STAGE", "SIGNALBOX_WEBHOOK_SECRET"} <= read, "one of each kind of command"
    for name in read:
        row_of("command_line", name)


def test_every_group_of_the_manifest_is_known_here() -> None:
    assert {*GROUPS, "version", "limits"} == set(Manifest.model_fields)


@pytest.mark.parametrize(
    "key", [f"{group}[].{name}" for group, model in GROUPS.items() for name in model.model_fields]
)
def test_every_key_of_the_manifest_has_a_row(key: str) -> None:
    keys = " ".join(row.manifest for row in TABLE)

    assert f"`{key}`" in keys


@pytest.mark.parametrize("name", SlackSettings.model_fields)
def test_every_setting_of_slack_has_a_row(name: str) -> None:
    assert f"`connections[].settings` `{name}`" in [row.manifest for row in TABLE]


@pytest.mark.parametrize(
    "name",
    [
        *sorted({*GitHubSettings.model_fields, *GitLabSettings.model_fields} - {"redelivery"}),
        *(
            f"redelivery.{name}"
            for name in {**GitHubRedelivery.model_fields, **GitLabRedelivery.model_fields}
        ),
    ],
)
def test_every_setting_of_github_and_gitlab_has_a_row(name: str) -> None:
    assert f"`sources[].settings` `{name}`" in [row.manifest for row in TABLE]


@pytest.mark.parametrize("name", Limits.model_fields)
def test_every_limit_has_a_row(name: str) -> None:
    assert any(f"`limits.{name}`" in row.manifest + row.one_thing for row in TABLE)


@pytest.mark.parametrize("role", DEFAULT_ROLE_LIMITS)
def test_the_limit_of_a_role_is_the_one_in_its_row(role: str) -> None:
    row = row_of("manifest", role)

    assert "limits.roles" in row.manifest
    assert (
        row.default
        == f"{DEFAULT_ROLE_LIMITS[role].count} a minute, burst {DEFAULT_ROLE_LIMITS[role].burst}"
    )


@pytest.mark.parametrize("name", ["anonymous", "refused", "default"])
def test_the_limit_of_everybody_else_is_the_one_in_its_row(name: str) -> None:
    limit = getattr(Limits(), name)

    expected = f"{limit.count} a minute, burst {limit.burst}"
    assert row_of("manifest", f"limits.{name}").default == expected
