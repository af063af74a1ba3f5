"""The fields of a PagerDuty event, within the limits of a task."""

from signalbox.ingress.command_text import CommandText
from signalbox.ingress.facts import label_names, short_name
from signalbox.models.event import Event
from signalbox.models.text import one_line, web_url
from signalbox.providers.pagerduty.commands import author_of
from signalbox.providers.pagerduty.payload import Reference, WebhookEvent


def event_of(event: WebhookEvent, text: CommandText) -> Event:
    """Return the event with its text."""
    data = event.data
    incident = data.incident or Reference()
    priority = short_name(data.priority.summary) if data.priority else None
    urgency = short_name(data.urgency)
    return Event(
        type=event.event_type,
        title=one_line(data.title or incident.summary or "") or event.event_type,
        detail=priority or short_name(data.state) or urgency,
        counts_as=(urgency,) if urgency else (),
        author=author_of(event.agent),
        occurred_at=event.occurred_at,
        repository=short_name(data.service.summary) if data.service else None,
        url=web_url(data.html_url) or web_url(incident.html_url),
        labels=label_names([priority, urgency, *(team.summary for team in data.teams or ())]),
        text=text.text,
        thread=text.thread,
        writer=text.writer,
    )
