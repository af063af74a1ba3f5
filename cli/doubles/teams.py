"""Teams, as far as a workflow posts the cards that it gets to one channel.

https://learn.microsoft.com/connectors/teams/?tabs=text1#microsoft-teams-webhook
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

from pydantic import BaseModel, Field, JsonValue, ValidationError

from cli.doubles.double import DoubleRequest, DoubleResponse

_WORKFLOW: Final = "/workflows/double/triggers/manual/paths/invoke"
_SIGNATURE: Final = "double-of-a-workflow"
_MAX_BYTES: Final = 28 * 1024


class _Run(BaseModel):
    type: Literal["TextRun"]
    text: str = Field(min_length=1)


class _Block(BaseModel):
    type: Literal["RichTextBlock", "Container"]
    inlines: list[_Run] = Field(default_factory=list)
    items: list["_Block"] = Field(default_factory=list)

    def texts(self) -> Iterator[str]:
        if self.inlines:
            yield "".join(run.text for run in self.inlines)
        for item in self.items:
            yield from item.texts()


class _Card(BaseModel):
    type: Literal["AdaptiveCard"]
    version: Literal["1.4"]
    body: list[_Block] = Field(min_length=1)


class _Attachment(BaseModel):
    content_type: Literal["application/vnd.microsoft.card.adaptive"] = Field(alias="contentType")
    content: _Card


class _CardMessage(BaseModel):
    type: Literal["message"]
    attachments: list[_Attachment] = Field(min_length=1)


class TeamsDouble:
    """A channel with a workflow that anyone can trigger who has its URL."""

    def __init__(self) -> None:
        self._cards: list[_Card] = []

    def settings(self, url: str) -> Mapping[str, JsonValue]:  # noqa: ARG002  others need it
        """Return the settings of a connection to the channel."""
        return {}

    def secret(self, url: str) -> str:
        """Return the URL of the workflow."""
        return f"{url}{_WORKFLOW}?api-version=1&sv=1.0&sig={_SIGNATURE}"

    def respond(self, request: DoubleRequest) -> DoubleResponse:
        """Accept a message; one that is too large is never posted."""
        if (request.method, request.path) != ("POST", _WORKFLOW):
            return _error(404, "WorkflowNotFound")
        if "sig" not in request.query:
            return _error(401, "DirectApiAuthorizationRequired")
        if request.query["sig"] != _SIGNATURE:
            return _error(403, "AuthorizationFailed")
        try:
            message = _CardMessage.model_validate_json(request.body)
        except ValidationError:
            return _error(400, "TriggerInputSchemaMismatch")
        if len(request.body) <= _MAX_BYTES:
            self._cards += [attachment.content for attachment in message.attachments]
        return DoubleResponse(status=202)

    def shown(self) -> Sequence[str]:
        """Return the texts of the cards."""
        return [
            " | ".join(text for block in card.body for text in block.texts())
            for card in self._cards
        ]


def _error(status: int, code: str) -> DoubleResponse:
    return DoubleResponse.of_json({"error": {"code": code, "message": "…"}}, status)


DOUBLE: Final = TeamsDouble
