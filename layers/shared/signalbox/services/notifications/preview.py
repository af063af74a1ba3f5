"""Preview a message: what a template makes of a change."""

from signalbox.models.change import Change, change_for
from signalbox.models.errors import NotFound, TemplateInvalid
from signalbox.models.frozen import frozen
from signalbox.models.ids import SubscriptionId, TaskId
from signalbox.models.subscription import Subscription
from signalbox.models.task import ChangeType, TaskStep
from signalbox.services.notifications.example_change import example_change
from signalbox.services.notifications.message_template import MessageTemplate
from signalbox.services.ports.config import ConfigStore
from signalbox.services.ports.tasks import TaskStore
from signalbox.services.ports.time import Clock


@frozen
class PreviewMessage:
    """Preview messages. `stack` identifies this installation."""

    config: ConfigStore
    tasks: TaskStore
    clock: Clock
    stack: str

    def __call__(
        self,
        *,
        change: ChangeType,
        template: str | None = None,
        subscription: SubscriptionId | None = None,
        task: TaskId | None = None,
    ) -> str:
        """Return the message that a template, or that of a subscription, makes of a change.

        Without a task it is a change of an example.

        Raises:
            NotFound: There is no such subscription or task.
            TemplateInvalid: There is no template, or it cannot be used.
        """
        source = template or (self._subscription(subscription).template if subscription else None)
        if source is None:
            raise TemplateInvalid("there is no template: the connector writes these messages")
        return MessageTemplate(source).render(self._change(change, task))

    def _subscription(self, name: SubscriptionId) -> Subscription:
        self.config.invalidate()
        for each in self.config.subscriptions():
            if each.id == name:
                return each
        raise NotFound("there is no such subscription")

    def _change(self, change: ChangeType, task: TaskId | None) -> Change:
        if task is None:
            return example_change(change, stack=self.stack, at=self.clock())
        found = self.tasks.get(task)
        step = TaskStep(
            version=found.version,
            type=change,
            status=found.status,
            at=found.updated_at,
            by="preview",
            attempt=found.attempt,
        )
        return change_for(found, step, self.stack)
