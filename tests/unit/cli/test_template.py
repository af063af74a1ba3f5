"""The template grows by a list entry and a row for each provider and connector."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import JsonValue
from samcli.lib.cfn_language_extensions.exceptions import InvalidTemplateException
from samtranslator.yaml_helper import yaml_parse

from cli.lint.rules import lint_template
from cli.lint.template import Template
from cli.local.processed_template import ProcessedTemplate
from cli.target import PROJECT
from cli.template import TEMPLATE, expanded_template
from signalbox.egress.refreshed_tokens import REFRESH_LOCK_TIME
from signalbox.runtime.registry import connector_names, connectors, providers
from tests.integration.template import template, translated

PROVIDERS: Final = ["provider0"]
CONNECTORS: Final = ["connector0"]
WEBHOOKS: Final = "  Fn::ForEach::Webhooks:\n    - Provider\n    - ["
DELIVERIES: Final = "  Fn::ForEach::Connectors:\n    - Connector\n    - ["
OTHER_SOURCES: Final = "          /api/v1/webhooks/{source}: "
LINES: Final = 1_144
SNAP_START: Final = {"ApplyOn": {"Fn::If": ["HasSnapStart", "PublishedVersions", "None"]}}
LINES_OF_ONE: Final = 8
CLOUDFORMATION_TAKES: Final = 500
CLOUDFORMATION_READS: Final = 1_000_000
LAMBDA_TAKES: Final = 4_096
"""Bytes of environment variables."""
IAM_TAKES: Final = 10_240
"""Characters of all inline policies of a role, without blanks."""
ARN: Final = len(
    "arn:aws:dynamodb:ap-southeast-2:123456789012:table/signalbox-staging-TasksTable-1A2B3C4D5E6F7"
)


def _paths(provider: str) -> str:
    """The paths of a provider, as Gitea has them."""
    lines = TEMPLATE.read_text().splitlines(keepends=True)
    own = (line for line in lines if "/api/v1/webhooks/gitea" in line)
    return "".join(own).replace("gitea", provider)


def _with(path: Path, changes: dict[str, str]) -> Path:
    """The template in another place, where each text is replaced by another."""
    text = TEMPLATE.read_text()
    for before, after in changes.items():
        assert text.count(before) == 1
        text = text.replace(before, after)
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template with one more provider and one more connector."""
    rows = "".join(f"    {name}: {{Title: X}}\n" for name in PROVIDERS)
    more_rows = "".join(f"    {name}: {{Title: X}}\n" for name in CONNECTORS)
    return _with(
        tmp_path_factory.mktemp("grown") / "template.yaml",
        {
            WEBHOOKS: WEBHOOKS + "".join(f"{name}, " for name in PROVIDERS),
            DELIVERIES: DELIVERIES + "".join(f"{name}, " for name in CONNECTORS),
            "\n  Provider:\n": f"\n  Provider:\n{rows}",
            OTHER_SOURCES: "".join(map(_paths, PROVIDERS)) + OTHER_SOURCES,
            "\n  Connector:\n": f"\n  Connector:\n{more_rows}",
        },
    )


def _resources(path: Path = TEMPLATE) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(translated(path))["Resources"]
    return found


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def test_the_template_is_short_and_each_of_them_costs_few_lines(grown: Path) -> None:
    more_than_the_first = len(providers()) + len(connector_names()) - 2
    added = _lines(grown) - _lines(TEMPLATE)

    assert _lines(TEMPLATE) <= LINES + LINES_OF_ONE * more_than_the_first
    assert added <= LINES_OF_ONE * (len(PROVIDERS) + len(CONNECTORS))


def test_all_of_them_fit_into_a_stack(grown: Path) -> None:
    before, after = _functions(_resources()), _functions(_resources(grown))

    assert len(after) == len(before) + len(PROVIDERS) + len(CONNECTORS)
    assert len(_resources(grown)) < CLOUDFORMATION_TAKES
    assert len(translated(grown)) < CLOUDFORMATION_READS


def _functions(resources: dict[str, Any]) -> list[str]:
    return [name for name, made in resources.items() if made["Type"] == "AWS::Lambda::Function"]


def test_what_grows_keeps_every_rule(grown: Path) -> None:
    assert lint_template(Template.model_validate_json(translated(grown))) == []


def test_the_variables_of_functions_do_not_grow(grown: Path) -> None:
    variables = expanded_template(grown)["Globals"]

    assert variables == expanded_template()["Globals"]
    assert len(json.dumps(variables)) < LAMBDA_TAKES


def test_the_policies_of_a_role_fit_into_it(grown: Path) -> None:
    sizes: dict[str, int] = {}
    for name, resource in _resources(grown).items():
        properties = resource["Properties"]
        policies = properties.get("Policies", ())
        if resource["Type"] == "AWS::IAM::Role":
            sizes[name] = sizes.get(name, 0) + sum(map(_size, policies))
        elif resource["Type"] == "AWS::IAM::Policy":
            for role in properties["Roles"]:
                sizes[role["Ref"]] = sizes.get(role["Ref"], 0) + _size(properties)

    assert len(sizes) == len(_functions(_resources(grown)))
    assert max(sizes.values()) < IAM_TAKES


def _size(policy: dict[str, Any]) -> int:
    return len(json.dumps(_with_arns(policy["PolicyDocument"]), separators=(",", ":")))


def _with_arns(value: JsonValue) -> JsonValue:
    """The document with an ARN of a usual length in place of what stands for one."""
    if isinstance(value, list):
        return [_with_arns(item) for item in value]
    if not isinstance(value, dict):
        return value
    if any(name.startswith("Fn::") for name in value):
        return "a" * ARN
    return {name: _with_arns(item) for name, item in value.items()}


def test_a_provider_reads_its_own_secrets_and_a_connector_its_own_queue(grown: Path) -> None:
    resources = expanded_template(grown)["Resources"]
    assert isinstance(resources, dict)

    for name in ("github", *PROVIDERS):
        text = json.dumps(resources[f"{name}WebhookRole"])
        assert text.count("/sources/") == text.count(f"/sources/{name}/*") == 1
    for name in ("slack", *CONNECTORS):
        text = json.dumps(resources[f"{name}ConnectorRole"])
        assert text.count("Queue") - text.count("sqs:GetQueueAttributes") == 2
        assert text.count(f'"{name}Queue"') == 2


def test_a_row_may_say_how_large_and_how_patient_a_function_is(tmp_path: Path) -> None:
    path = _with(
        tmp_path / "template.yaml",
        {
            "github: {Title: GitHub}": "github: {Title: GitHub, Timeout: 5, Memory: 768}",
            "slack: {Title: Slack}\n    webhook": (
                "slack: {Title: Slack, Memory: 256, Batch: 1, Concurrency: 7}\n    webhook"
            ),
        },
    )

    resources = _resources(path)

    webhook, connector = (
        resources[name]["Properties"]
        for name in ("githubWebhookFunction", "slackConnectorFunction")
    )
    mapping = resources["slackConnectorFunctionNotifications"]["Properties"]
    assert (webhook["Timeout"], webhook["MemorySize"]) == (5, 768)
    assert connector["MemorySize"] == 256
    assert mapping["BatchSize"] == 1
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 7}


def test_a_row_may_name_a_layer_beside_the_shared_one() -> None:
    resources = _resources()

    layers = {
        name: [
            layer["Ref"].rstrip("0123456789abcdef")
            for layer in resources[f"{name}Function"]["Properties"]["Layers"]
            if layer != {"Ref": "AWS::NoValue"}
        ]
        for name in ("githubWebhook", "discordWebhook", "slackConnector", "webhookConnector")
    }
    assert layers == {
        "githubWebhook": ["SharedLayer", "SchemasLayer"],
        "discordWebhook": ["SharedLayer", "SchemasLayer", "TokensLayer"],
        "slackConnector": ["SharedLayer"],
        "webhookConnector": ["SharedLayer", "TokensLayer"],
    }


def test_each_function_with_a_route_has_an_alias_if_it_starts_from_snapshots() -> None:
    resources = _resources()
    called = {
        route.function for api in ProcessedTemplate.read(translated()).apis for route in api.routes
    }

    starting = {
        name
        for name in _functions(resources)
        if resources[name]["Properties"].get("SnapStart") == SNAP_START
    }

    assert starting == called - {"DashboardFunction"}
    for function in starting:
        name = function.removesuffix("Function")
        version, alias = resources[f"{name}Version"], resources[f"{name}Alias"]
        permission = resources[f"{name}Permission"]["Properties"]
        assert version["Condition"] == alias["Condition"] == "HasSnapStart"
        assert version["DeletionPolicy"] == "Delete"
        assert version["Properties"]["FunctionName"] == {"Ref": function}
        assert "${Revision}" in version["Properties"]["Description"]["Fn::Sub"]
        assert alias["Properties"]["FunctionVersion"] == {
            "Fn::GetAtt": [f"{name}Version", "Version"]
        }
        assert permission["FunctionName"] == {
            "Fn::If": ["HasSnapStart", {"Ref": f"{name}Alias"}, {"Ref": function}]
        }
        assert json.dumps({"Ref": f"{name}Alias"}) in json.dumps(resources["HttpApi"])


def test_the_template_lists_the_providers_and_connectors_that_there_are() -> None:
    functions = _functions(_resources())

    for kind, folder, names in (
        ("WebhookFunction", "webhooks", providers()),
        ("ConnectorFunction", "connectors", connector_names()),
    ):
        listed = {name.removesuffix(kind) for name in functions if name.endswith(kind)}
        folders = {path.parent.name for path in PROJECT.glob(f"functions/{folder}/*/app.py")}
        assert listed == folders == set(names)
        assert all(map(str.isalnum, names)), "a logical id is made of letters and digits"


def test_nothing_is_left_of_loops_and_mappings() -> None:
    text = json.dumps(expanded_template())

    assert "Fn::ForEach" not in text
    assert "Fn::FindInMap" not in text
    assert "LanguageExtensions" not in text


def test_sam_changes_the_properties_and_metadata_of_one_resource_at_a_time() -> None:
    changed = list(_changed_in_place(yaml_parse(TEMPLATE.read_text())["Resources"]))

    shared = [part for part in changed if sum(part is other for other in changed) > 1]
    assert changed
    assert shared == [], "merge it with <<: an alias is the same object as its anchor"


def _changed_in_place(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        if "Type" in value:
            yield from (value[name] for name in ("Properties", "Metadata") if name in value)
        for part in value.values():
            yield from _changed_in_place(part)
    elif isinstance(value, list):
        for part in value:
            yield from _changed_in_place(part)


def test_a_name_without_a_row_is_refused(tmp_path: Path) -> None:
    path = _with(tmp_path / "template.yaml", {WEBHOOKS: f"{WEBHOOKS}elsewhere, "})

    with pytest.raises(InvalidTemplateException, match="elsewhere"):
        expanded_template(path)


def test_a_substitution_stays_where_something_is_left_to_replace(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(
        """
Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !Sub [a-text, {}]
      DisplayName: !Sub ["${Word}-${AWS::Region}", {Word: name}]
      KmsMasterKeyId: !Sub ["${Key}", {Key: !GetAtt Key.Arn}]
"""
    )

    resources = expanded_template(path)["Resources"]

    assert isinstance(resources, dict)
    topic = resources["Topic"]
    assert isinstance(topic, dict)
    assert topic["Properties"] == {
        "TopicName": "a-text",
        "DisplayName": {"Fn::Sub": "name-${AWS::Region}"},
        "KmsMasterKeyId": {"Fn::Sub": ["${Key}", {"Key": {"Fn::GetAtt": ["Key", "Arn"]}}]},
    }


OUTSIDE: Final = {
    "DashboardFunction",
    "DispatcherFunction",
    "FanoutFunction",
    "MaintenanceFunction",
    "DeadLettersFunction",
}
"""Functions that call nothing but AWS."""


def test_the_stream_of_the_configuration_has_no_hashes_of_keys() -> None:
    table = template().resources["ConfigTable"].properties

    assert table["StreamSpecification"] == {"StreamViewType": "KEYS_ONLY"}


def test_connectors_with_access_tokens_may_replace_their_own_and_no_others() -> None:
    resources = _resources()
    grants = {
        name.removesuffix("GrantPolicy"): resource["Properties"]
        for name, resource in resources.items()
        if name.endswith("GrantPolicy")
    }
    takers = {
        name
        for name, make in connectors(frozenset()).items()
        if getattr(make(), "takes_access_tokens", False)
    }

    assert set(grants) == takers
    for name, properties in grants.items():
        [statement] = properties["PolicyDocument"]["Statement"]
        assert properties["Roles"] == [{"Ref": f"{name}ConnectorRole"}]
        assert f"/grants/{name}/*" in json.dumps(statement["Resource"])


def test_who_holds_the_lock_of_a_refresh_token_has_returned_it_or_ended_before_it_ends() -> None:
    timeouts = [
        resource["Properties"]["Timeout"]
        for name, resource in _resources().items()
        if name.endswith("ConnectorFunction")
    ]

    assert max(timeouts) < REFRESH_LOCK_TIME.total_seconds()


def test_the_functions_that_call_out_are_in_the_vpc_if_there_is_one() -> None:
    resources = _resources()
    functions = {
        name: made["Properties"]
        for name, made in resources.items()
        if made["Type"] == "AWS::Lambda::Function"
    }
    inside = {name for name, properties in functions.items() if "VpcConfig" in properties}
    roles = {functions[name]["Role"]["Fn::GetAtt"][0] for name in inside}
    allowed = {
        name
        for name, made in resources.items()
        if made["Type"] == "AWS::IAM::Role" and "VpcPolicy" in json.dumps(made["Properties"])
    }

    assert set(functions) - inside == OUTSIDE
    assert allowed == roles
    for name in inside:
        condition, config, otherwise = functions[name]["VpcConfig"]["Fn::If"]
        assert condition == "HasVpc"
        assert set(config) == {"SubnetIds", "SecurityGroupIds"}
        assert otherwise == {"Ref": "AWS::NoValue"}
    assert resources["VpcPolicy"]["Condition"] == "HasVpc"


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("VpcSubnetIds", "subnet-0a1b2c3d,subnet-0a1b2c3d4e5f60718", "subnet-0a1b2c3d, vpc-1"),
        ("VpcSecurityGroupIds", "sg-0a1b2c3d4e5f60718", "default"),
    ],
)
def test_ids_of_a_vpc_are_checked(name: str, good: str, bad: str) -> None:
    pattern = template().parameters[name].allowed_pattern

    assert re.search(pattern, "")
    assert re.search(pattern, good)
    assert not re.search(pattern, bad)
