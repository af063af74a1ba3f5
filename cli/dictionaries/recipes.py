"""Of what the current dictionaries are made.

A dictionary never changes once it was released, as bodies and records in tables need it. To improve
one, change its documents and raise its version.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import JsonValue, TypeAdapter
from pydantic_core import to_json

from cli.dictionaries.build import dictionary_of
from cli.dictionaries.github import with_all_members
from cli.webhooks.samples import load_sample
from signalbox.aws.body_compression import names_marked

_RECORDS: Final = Path(__file__).parent / "records"
_documents: Final = TypeAdapter(list[JsonValue])


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A dictionary of the bodies of a provider, from these samples, the most typical one first.

    One without samples is of our own records, from the documents in `records/`.
    """

    version: int = 1
    samples: tuple[str, ...] = ()


RECIPES: Final = {
    "bitbucket": Recipe(
        samples=(
            "pullrequest.comment_created",
            "repo.push",
            "pullrequest.created",
            "issue.comment_created",
            "issue.updated",
            "repo.commit_status_updated",
        )
    ),
    "discord": Recipe(samples=("application_command", "message_component", "modal_submit")),
    "generic": Recipe(
        samples=(
            "alertmanager.alerts.resolved",
            "grafana.alerts.firing",
            "stripe.invoice.payment_failed",
            "shopify.orders.create",
            "sns.notification",
            "cloudevents.structured",
        )
    ),
    "gitea": Recipe(
        samples=(
            "issue_comment.created",
            "pull_request_comment.created",
            "pull_request.opened",
            "push",
            "workflow_run.completed",
            "release.published",
        )
    ),
    "github": Recipe(
        version=2,
        samples=(
            "issue_comment.created",
            "pull_request.opened",
            "pull_request_review_comment.created",
            "push",
            "workflow_run.completed",
            "release.published",
            "check_run.completed",
            "pull_request_review.submitted",
            "issues.labeled",
            "discussion_comment.created",
            "star.created",
        ),
    ),
    "gitlab": Recipe(
        samples=(
            "note.create",
            "merge_request.open",
            "issue.update",
            "pipeline",
            "push",
            "build",
            "release.create",
        )
    ),
    "jira": Recipe(samples=("comment_created", "issue_updated.status", "issue_created")),
    "linear": Recipe(samples=("comment.create", "issue.update.state", "issue.create")),
    "pagerduty": Recipe(
        samples=("incident.triggered", "incident.annotated", "incident.responder.added")
    ),
    "sentry": Recipe(
        samples=(
            "event_alert.triggered",
            "issue.created",
            "error.created",
            "metric_alert.critical",
            "comment.created",
        )
    ),
    "slack": Recipe(
        samples=("message", "block_actions", "app_mention", "message_changed", "view_submission")
    ),
    "trello": Recipe(samples=("commentCard", "updateCard.list", "addMemberToCard")),
    "delivery": Recipe(),
    "notification": Recipe(),
    "summary": Recipe(),
    "task": Recipe(),
}


def folder_of(name: str) -> str:
    """Return the folder of the dictionaries with this name."""
    return "bodies" if RECIPES[name].samples else "records"


def built(name: str) -> bytes:
    """Return the current dictionary with this name, made of its documents."""
    return dictionary_of(_bodies(name) if RECIPES[name].samples else _own_records(name))


def _bodies(provider: str) -> list[bytes]:
    samples = [load_sample(provider, name) for name in RECIPES[provider].samples]
    if provider != "github":
        return [sample.raw for sample in samples]
    whole = (
        sample.model_copy(update={"body": with_all_members(sample.body)}) for sample in samples
    )
    return [names_marked(sample.raw) for sample in whole]


def _own_records(name: str) -> list[bytes]:
    documents = _documents.validate_json((_RECORDS / f"{name}.json").read_bytes())
    return [to_json(document) for document in documents]
