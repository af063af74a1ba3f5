"""What forges answer alike: the id of what was created, comments, the head of a pull request."""

from collections.abc import Iterable
from typing import Annotated, Final

from pydantic import Field, TypeAdapter, ValidationError

from signalbox.egress.http_client import HttpResponse
from signalbox.egress.task_place import ActionUnfit
from signalbox.models.base import DEFERRED, PartialModel, UtcDatetime
from signalbox.models.errors import SendDelayed


class ForgeComment(PartialModel):
    """A comment in a list."""

    id: int = Field(gt=0)
    body: str | None = None
    created_at: Annotated[UtcDatetime, Field(strict=False)] | None = None


class _Created(PartialModel):
    id: int = Field(gt=0)


class _Commit(PartialModel):
    sha: Annotated[str, Field(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$")]


class _Pull(PartialModel):
    head: _Commit


_comments: Final = TypeAdapter(tuple[ForgeComment, ...], config=DEFERRED)


def created_id(answer: HttpResponse, forge: str) -> str:
    """Return the id of what was created at a forge of this name.

    Raises:
        SendDelayed: The response has none.
    """
    try:
        return str(_Created.model_validate_json(answer.body).id)
    except ValidationError:
        reason = f"{forge} answered {answer.status} without an id"
    raise SendDelayed(reason)


def comments_in(answer: HttpResponse) -> tuple[ForgeComment, ...]:
    """Return the comments in a response, none if it was cut or is something else."""
    try:
        return _comments.validate_json(answer.body)
    except ValidationError:
        return ()


def marked_comment(comments: Iterable[ForgeComment], marker: str) -> str | None:
    """Return the id of the comment that starts with a marker."""
    return next((str(each.id) for each in comments if (each.body or "").startswith(marker)), None)


def head_sha(answer: HttpResponse) -> str:
    """Return the commit at the head of the pull or merge request in a response.

    Raises:
        ActionUnfit: It has none.
    """
    for model in (_Pull, _Commit):
        try:
            found = model.model_validate_json(answer.body)
        except ValidationError:
            continue
        return found.head.sha if isinstance(found, _Pull) else found.sha
    raise ActionUnfit("the pull request has no commit")
