"""What has to be true before a version is released."""

from collections.abc import Iterator
from dataclasses import dataclass

from cli.errors import CommandError
from cli.release.changelog import release_notes
from cli.release.semantic_version import SemanticVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseState:
    """The state of a checkout.

    Attributes:
        code_version: The version that the code has.
        changes: Files that are changed or not in git.
        tags: All tags.
        changelog: The text of CHANGELOG.md.
        has_store: Whether a store of this version is recorded for tests of later versions.
    """

    code_version: str
    changes: tuple[str, ...]
    tags: tuple[str, ...]
    changelog: str
    has_store: bool


def release_problems(state: ReleaseState, version: SemanticVersion) -> list[str]:
    """Return what hinders the release, all of it."""
    return list(_problems(state, version))


def _problems(state: ReleaseState, version: SemanticVersion) -> Iterator[str]:
    if state.changes:
        yield f"commit or remove these files: {', '.join(state.changes)}"
    if state.code_version != str(version):
        yield f"signalbox/runtime/version.py has {state.code_version}: change it to {version}"
    newer = [tag for tag in _released(state.tags) if tag >= version]
    if newer:
        yield f"{max(newer).tag} is released already"
    try:
        release_notes(state.changelog, str(version))
    except CommandError as error:
        yield str(error)
    if not state.has_store:
        yield f"no store of {version} is recorded: run make recorded-store, and commit it"


def _released(tags: tuple[str, ...]) -> Iterator[SemanticVersion]:
    for tag in tags:
        try:
            yield SemanticVersion.parse(tag.removeprefix("v"))
        except CommandError:
            continue  # a tag of another kind
