"""The settings of a generic source: a preset, and whatever differs from it."""

from collections.abc import Iterator
from functools import cache
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from signalbox.models.base import Model
from signalbox.models.expressions import Expression, header_names
from signalbox.providers.generic.presets import PRESETS
from signalbox.providers.generic.signature import Scheme, Verification

_SECRET_HEADERS: Final = frozenset({"authorization", "cookie", "proxy-authorization"})


class SourceRules(Model):
    """How requests are verified, and which expressions say what is in them.

    Attributes:
        verify: How requests are verified.
        form_field: The field of a form that has the document, as JSON.
        delivery_id: The id of the delivery; a hash of the body where it yields none.
        handshake: What to answer instead of reading an event: a text, or an object as JSON.
        ignore: Why there is no event to read: a text, or true.
        event_type: The type of the event; the delivery fails where it yields none.
        detail: What the type leaves open, such as a status.
        title: What happened, in a line.
        author: Who caused it.
        bot: Whether the author is a bot.
        text: The text in which commands may be written.
        previous_text: That text before an edit.
        thread: What names the text, and stays the same when it is edited.
        url: The page of the event.
        repository: The repository, project or service of the event.
        branch: The branch.
        commit: The full id of a commit.
        labels: The labels, a list of texts or one.
        occurred_at: When it happened, as ISO 8601 or in seconds or milliseconds since 1970.
    """

    verify: Verification | None = None
    form_field: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    delivery_id: Expression | None = None
    handshake: Expression | None = None
    ignore: Expression | None = None
    event_type: Expression | None = None
    detail: Expression | None = None
    title: Expression | None = None
    author: Expression | None = None
    bot: Expression | None = None
    text: Expression | None = None
    previous_text: Expression | None = None
    thread: Expression | None = None
    url: Expression | None = None
    repository: Expression | None = None
    branch: Expression | None = None
    commit: Expression | None = None
    labels: Expression | None = None
    occurred_at: Expression | None = None

    @property
    def scheme(self) -> Scheme:
        """The scheme by which requests are verified."""
        if self.verify is None:
            raise ValueError(
                "verify is required: a request that anybody may send makes no tasks; "
                "the preset sns takes {type: sns, topic: ARN}"
            )
        return self.verify.scheme

    @property
    def headers(self) -> frozenset[str]:
        """The headers that expressions name."""
        return frozenset(name for text in self._expressions() for name in header_names(text))

    def _expressions(self) -> Iterator[str]:
        for name in SourceRules.model_fields.keys() - {"verify", "form_field"}:
            expression = getattr(self, name)
            if expression:
                yield expression


class GenericSettings(SourceRules):
    """Rules on top of those of a preset; null takes one of the preset away."""

    preset: Literal[
        "standard-webhooks",
        "svix",
        "stripe",
        "shopify",
        "zendesk",
        "grafana",
        "alertmanager",
        "datadog",
        "cloudevents",
        "sns",
        "plain",
    ] = "standard-webhooks"

    @property
    def rules(self) -> SourceRules:
        """The rules of the preset with these in their place."""
        own = {name: getattr(self, name) for name in self.model_fields_set - {"preset"}}
        return _preset(self.preset).model_copy(update=own)

    @model_validator(mode="after")
    def _keeps_secrets(self) -> Self:
        rules = self.rules
        secret = rules.headers & {*_SECRET_HEADERS, rules.scheme.header}
        if secret:
            raise ValueError(f"the header {min(secret)} has a secret, which no expression may read")
        return self


@cache
def _preset(name: str) -> SourceRules:
    return SourceRules.model_validate(PRESETS[name])
