"""Render a change as an email, with a text and an HTML part.

All emails about a task refer to the same message, which does not exist, so that mail programs show
them as one thread; SES replaces the Message-ID.
https://www.rfc-editor.org/rfc/rfc5322#section-3.6.4
https://www.rfc-editor.org/rfc/rfc3834#section-5
"""

from collections.abc import Iterator
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from typing import Final

from signalbox.egress.task_text import change_title, task_facts
from signalbox.egress.text import escaped_line, escaped_lines, escaped_url
from signalbox.models.change import TaskView
from signalbox.models.notification import Notification

_SUBJECT: Final = 200
_FACT: Final = 300
_LINK: Final = 2_000
_DESCRIPTION: Final = 10_000
_TEXT: Final = 10_000
_POLICY: Final = SMTP.clone(cte_type="7bit")


def render_email(
    notification: Notification,
    *,
    sender: str,
    sender_name: str,
    recipients: tuple[str, ...],
    subject_prefix: str,
    at: datetime,
) -> bytes:
    """Return the email, in ASCII. Its subject is that of the task, which threads need."""
    task = notification.change.data
    domain = sender.rpartition("@")[2]
    email = EmailMessage(policy=_POLICY)
    email["From"] = Address(sender_name, addr_spec=sender)
    email["To"] = [Address(addr_spec=recipient) for recipient in recipients]
    title = escaped_line(task.title, _SUBJECT) or "untitled"
    email["Subject"] = f"{subject_prefix} {title}".strip()
    email["Date"] = format_datetime(at)
    email["Message-ID"] = f"<{notification.id}@{domain}>"
    email["In-Reply-To"] = email["References"] = f"<{task.id}@{domain}>"
    email["Auto-Submitted"] = "auto-generated"
    email["X-Auto-Response-Suppress"] = "All"
    email.set_content("\n\n".join(_text_parts(notification)) + "\n")
    email.add_alternative(_html(notification), subtype="html")
    return email.as_bytes()


def _text_parts(notification: Notification) -> Iterator[str]:
    task = notification.change.data
    if shown := escaped_lines(notification.text, _TEXT):
        yield shown
    else:
        yield f"{change_title(notification.change)}: {escaped_line(task.title, _SUBJECT)}"
        yield "\n".join(f"{name}: {fact}" for name, fact in task_facts(task, _FACT).items())
        for name, text in _texts(task):
            yield f"{name}:\n{text}"
    urls = [f"{name}: {url}" for name, url in _links(task)]
    if urls:
        yield "\n".join(urls)
    yield f"-- \n{task.id} {notification.id}"


def _html(notification: Notification) -> str:
    task = notification.change.data
    return (
        '<!doctype html><html><body style="font-family: sans-serif">'
        + "".join(_html_parts(notification))
        + "".join(f'<p><a href="{escape(url)}">{name}</a></p>' for name, url in _links(task))
        + f'<p style="color: #777">{task.id} {notification.id}</p></body></html>\n'
    )


def _html_parts(notification: Notification) -> Iterator[str]:
    task = notification.change.data
    if shown := escaped_lines(notification.text, _TEXT):
        yield _paragraphs(shown)
        return
    yield f"<h2>{escape(change_title(notification.change))}</h2>"
    yield f"<p><b>{escape(escaped_line(task.title, _SUBJECT))}</b></p><table>"
    for name, fact in task_facts(task, _FACT).items():
        yield f'<tr><td style="color: #777">{name}</td><td>{escape(fact)}</td></tr>'
    yield "</table>"
    for name, text in _texts(task):
        yield f"<p><b>{name}</b></p>{_paragraphs(text)}"


def _paragraphs(text: str) -> str:
    return f'<p style="white-space: pre-wrap">{escape(text)}</p>'


def _texts(task: TaskView) -> Iterator[tuple[str, str]]:
    """Yield the longer texts of a task by name; what it asks for until there is a result."""
    asked = "" if task.result else task.description or task.instruction
    texts = {
        "Description": asked,
        "Progress": None if task.result else task.progress,
        "Reason": task.reason,
        "Result": task.result.summary if task.result else None,
    }
    for name, text in texts.items():
        if shown := escaped_lines(text, _DESCRIPTION):
            yield name, shown


def _links(task: TaskView) -> Iterator[tuple[str, str]]:
    urls = {"Source": task.url, "Result": task.result.url if task.result else None}
    for name, url in urls.items():
        if shown := escaped_url(url, _LINK):
            yield name, shown
