"""ETag, If-Match and If-None-Match. The ETag of a task is `"v<version>"`, a strong one."""

import re
from typing import Final

from signalbox.models.errors import PayloadInvalid, PreconditionRequired
from signalbox.models.task import Task, TaskStatus
from signalbox.services.tasks.apply_step import ExpectedVersions

_ANY: Final = "*"
_TAG: Final = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_VERSION: Final = re.compile(r"v([1-9][0-9]{0,17})")


def task_etag(task: Task) -> str:
    """Return the ETag of a task."""
    return f'"v{task.version}"'


def if_match(header: str | None) -> ExpectedVersions:
    """Return the versions in an If-Match header, None for `*`.

    A weak tag matches no version (RFC 9110, 13.1.1).

    Raises:
        PreconditionRequired: The header is missing.
        PayloadInvalid: The header is malformed.
    """
    if header is None:
        raise PreconditionRequired("this needs If-Match with the ETag of the task, or *")
    if header.strip() == _ANY:
        return None
    return _versions(header, weak=False)


def optional_if_match(header: str | None) -> ExpectedVersions:
    """Return the versions as `if_match` does, None if the header is missing."""
    return None if header is None else if_match(header)


def not_modified(task: Task, if_none_match: str | None) -> bool:
    """Return whether the client has the current task.

    It is never true for a running task, since progress does not change the version.

    Raises:
        PayloadInvalid: The header is malformed.
    """
    if if_none_match is None or task.status is TaskStatus.RUNNING:
        return False
    return if_none_match.strip() == _ANY or task.version in _versions(if_none_match, weak=True)


def parse_etags(header: str, *, weak: bool) -> frozenset[str]:
    """Return the tags in a header, with the weak ones if `weak` is set.

    Raises:
        PayloadInvalid: The header is malformed.
    """
    found = [_TAG.fullmatch(part.strip()) for part in header.split(",")]
    if not all(found):
        raise PayloadInvalid('an ETag is of the form "v1"')
    return frozenset(tag[2] for tag in found if tag and (weak or not tag[1]))


def _versions(header: str, *, weak: bool) -> frozenset[int]:
    """Return the versions in the tags of a header; other tags match none."""
    named = (_VERSION.fullmatch(tag) for tag in parse_etags(header, weak=weak))
    return frozenset(int(version[1]) for version in named if version)
