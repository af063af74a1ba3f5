"""Show tasks at a tracker: each as an item of its own, or by comments on the item it came from."""

from typing import Literal, Protocol

from signalbox.egress.references import References
from signalbox.egress.responses import possible_send_window
from signalbox.models.frozen import frozen
from signalbox.models.notification import Notification

CommentMode = Literal["update", "each", "none"]
"""One comment for a task, which every change replaces; one for every change; or none."""


class Tracker(Protocol):
    """The calls of a tracker for one notification. An item is an issue or a card, by its id.

    The methods raise what the answers mean: TargetGone if the item or comment was deleted.
    """

    def find(self) -> str | None:
        """Return the item of the task that an earlier attempt created."""

    def create(self) -> str:
        """Create the item of the task, which shows the notification, and return its id."""

    def find_comment(self, item: str, text: str) -> str | None:
        """Return the comment of ours that has a text, by its id."""

    def add_comment(self, item: str) -> str:
        """Comment on the item and return the id of the comment."""

    def edit_comment(self, item: str, comment: str) -> None:
        """Let a comment show the notification."""

    def move(self, item: str, place: str) -> None:
        """Move the item to a status or list, unless it is there."""


@frozen
class ShowAtTracker:
    """Show a notification. `place` is where its change moves the item to.

    An older change neither replaces a later one nor moves an item back.
    """

    references: References
    notification: Notification
    tracker: Tracker
    comments: CommentMode
    place: str | None

    def on_item(self, item: str) -> None:
        """Show it by comments on an item that exists."""
        if self.comments == "update":
            self.references.show(
                self.notification,
                find=lambda: self.tracker.find_comment(item, self.notification.task_id),
                create=lambda: self.tracker.add_comment(item),
                update=lambda comment: self.tracker.edit_comment(item, comment),
            )
        else:
            # there is nothing to create, but the record has which change was shown last
            self.references.show(
                self.notification, find=lambda: item, create=lambda: item, update=_leave
            )
        if self.comments == "each":
            self._comment_once(item)
        self._move(item)

    def as_item(self) -> bool:
        """Show it as an item of its own, and by comments on it. Return whether it is new."""
        created = False

        def create() -> str:
            nonlocal created
            created = True
            return self.tracker.create()

        self.references.show(
            self.notification,
            find=self.tracker.find,
            create=create,
            update=self._comment_in_place if self.comments == "update" else _leave,
        )
        item = self.references.find(self.notification)
        if item and self.comments == "each" and not created:
            self._comment_once(item)
        if item:
            self._move(item)
        return created

    def _comment_in_place(self, item: str) -> None:
        comment = self.tracker.find_comment(item, self.notification.task_id)
        if comment is None:
            self.tracker.add_comment(item)
        else:
            self.tracker.edit_comment(item, comment)

    def _comment_once(self, item: str) -> None:
        """Comment on an item, unless an earlier attempt did."""
        unknown = possible_send_window(self.notification)
        if not (unknown and self.tracker.find_comment(item, self.notification.id)):
            self.tracker.add_comment(item)

    def _move(self, item: str) -> None:
        place = self.place
        if place:
            self.references.update(self.notification, lambda _: self.tracker.move(item, place))


def _leave(item: str) -> None:
    """Leave an item as it is."""
