"""Adapt permissions where ministack checks other actions than AWS.

It checks a separate action for sending batches, and does not know which stream is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict, Field, JsonValue

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_iam import IAMClient

_SEND: Final = "sqs:SendMessage"
_SEND_BATCH: Final = "sqs:SendMessageBatch"
_READ: Final = "dynamodb:GetRecords"


class _Statement(BaseModel):
    model_config = ConfigDict(extra="allow")

    actions: list[str] | str = Field(alias="Action")
    resources: JsonValue = Field(alias="Resource")


class _Policy(BaseModel):
    model_config = ConfigDict(extra="allow")

    statements: list[_Statement] = Field(alias="Statement")


def align_permissions(iam: IAMClient, roles: Iterable[str]) -> None:
    """Change the inline policies of these roles so that they allow what they allow on AWS."""
    for role in roles:
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            policy = _Policy.model_validate(document)
            before = policy.model_dump_json(by_alias=True)
            for statement in policy.statements:
                if _SEND in statement.actions and _SEND_BATCH not in statement.actions:
                    statement.actions = [*_listed(statement.actions), _SEND_BATCH]
                if _READ in statement.actions:
                    statement.resources = "*"
            after = policy.model_dump_json(by_alias=True)
            if after != before:
                iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=after)


def _listed(actions: list[str] | str) -> list[str]:
    return [actions] if isinstance(actions, str) else actions
