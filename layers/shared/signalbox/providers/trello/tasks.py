"""The fields of a Trello event, within the limits of a task."""

from dataclasses import replace

from signalbox.ingress.command_text import CommandText
from signalbox.ingress.facts import label_names, short_name
from signalbox.models.event import Event
from signalbox.models.text import one_line, web_url
from signalbox.providers.trello.commands import author_of
from signalbox.providers.trello.payload import Action, Before, Card, Data, Label, Named


def events_of(action: Action, text: CommandText) -> tuple[Event, ...]:
    """Return the event of an action, and for a card another one for the field that it changes.

    The text of a change belongs to the event of the description.
    """
    data = action.data or Data()
    card = data.card or Card()
    event = Event(
        type=action.type,
        title=one_line(card.name or "") or action.type,
        detail=_detail(action, data),
        author=author_of(action.creator),
        occurred_at=action.date,
        repository=_name(data.board),
        url=_page(action, card, data),
        labels=label_names([_label(data.label)]),
    )
    with_text = replace(
        event,
        text=text.text,
        previous_text=text.previous_text,
        thread=text.thread,
        writer=text.writer,
    )
    if action.type != "updateCard":
        return (with_text,)
    events = [event]
    if data.list_after:
        moved = replace(event, type="updateCard.list", detail=_name(data.list_after))
        events.append(moved)
    if (data.before or Before()).has("desc"):
        events.append(replace(with_text, type="updateCard.desc"))
    return tuple(events)


def _detail(action: Action, data: Data) -> str | None:
    """Return what the action leaves open: a list, a label or a member."""
    match action.type:
        case "createCard":
            return _name(data.card_list)
        case "addLabelToCard":
            return short_name(_label(data.label))
        case "addMemberToCard":
            member = author_of(action.member)
            return member.name if member else None
    return None


def _name(part: Named | None) -> str | None:
    return short_name(part.name) if part else None


def _label(label: Label | None) -> str | None:
    """Return the name of a label, or its colour where it has none."""
    return label.name or label.color if label else None


def _page(action: Action, card: Card, data: Data) -> str | None:
    """Return the URL of the card, or of the comment on it."""
    if not card.short_link:
        return None
    comment = action.id if action.type == "commentCard" else data.comment and data.comment.id
    anchor = f"#comment-{comment}" if comment else ""
    return web_url(f"https://trello.com/c/{card.short_link}{anchor}")
