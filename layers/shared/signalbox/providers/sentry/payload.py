"""Models of Sentry's payloads, with the fields that are read; anything else is ignored.

Fields that only inform may be of any type. `require` checks the parts that an event needs where
they are used.
"""

from pydantic import Field, JsonValue

from signalbox.ingress.payload import Informative, IntegerId, PayloadPart, PayloadTime, validate


class Actor(PayloadPart):
    """A person, who may have no name, or an application: Sentry itself or an integration."""

    id: Informative[str | int] = None
    type: Informative[str] = None
    name: Informative[str] = None


class Project(PayloadPart):
    """The project of an issue."""

    slug: Informative[str] = None


class Assignee(PayloadPart):
    """A person or a team."""

    name: Informative[str] = None


class Issue(PayloadPart):
    """An issue. Only some events have its `web_url`; `permalink` is the same page."""

    title: Informative[str] = None
    level: Informative[str] = None
    substatus: Informative[str] = None
    project: Informative[Project] = None
    assigned_to: Informative[Assignee] = Field(default=None, alias="assignedTo")
    web_url: Informative[str] = None
    permalink: Informative[str] = None
    first_seen: Informative[PayloadTime] = Field(default=None, alias="firstSeen")


class AlertingEvent(PayloadPart):
    """The event that triggered an alert; `url` is that of the API, with the project in it."""

    title: Informative[str] = None
    level: Informative[str] = None
    url: Informative[str] = None
    web_url: Informative[str] = None
    occurred_at: Informative[PayloadTime] = Field(default=None, alias="datetime")


class AlertRule(PayloadPart):
    """The rule of a metric alert."""

    name: Informative[str] = None


class MetricAlert(PayloadPart):
    """A metric alert, which has a random `title`."""

    title: Informative[str] = None
    projects: Informative[tuple[str, ...]] = None
    alert_rule: Informative[AlertRule] = None
    date_started: Informative[PayloadTime] = None
    date_closed: Informative[PayloadTime] = None


class Activity(PayloadPart):
    """What happened to an issue, such as `seer_pr_created`."""

    type: Informative[str] = None


class Data(PayloadPart):
    """What an event is about; a comment has no object of its own."""

    issue: Issue | None = None
    assignee: Informative[Assignee] = None
    resolution_type: Informative[str] = None
    event: AlertingEvent | None = None
    triggered_rule: Informative[str] = None
    activity: Activity | None = None
    metric_alert: MetricAlert | None = None
    description_title: Informative[str] = None
    web_url: Informative[str] = None
    comment: str | None = None
    comment_id: IntegerId | None = None
    issue_id: Informative[IntegerId] = None
    project_slug: Informative[str] = None
    timestamp: Informative[PayloadTime] = None


class Heading(PayloadPart):
    """The part of a payload that is read first."""

    action: str = Field(pattern=r"^[a-z_]{1,64}$")


class Payload(Heading):
    """The body of a webhook."""

    actor: Informative[Actor] = None
    data: Data


def action_of(document: JsonValue) -> str:
    """Return the action of an event.

    Raises:
        PayloadInvalid: The payload is not an object, or has no action.
    """
    return validate(Heading, document).action


def read(document: JsonValue) -> Payload:
    """Return the payload of an event.

    Raises:
        PayloadInvalid: The payload is not valid.
    """
    return validate(Payload, document)
