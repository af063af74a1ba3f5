"""How a webhook of Jira is set up.

https://developer.atlassian.com/cloud/jira/platform/webhooks/
"""

from typing import Final

from signalbox.models.provider_setup import ProviderSetup

SETUP: Final = ProviderSetup(
    steps=(
        "As an administrator of Jira choose Settings → System → WebHooks → Create a WebHook.",
        "URL: {url}",
        "Secret: {secret}",
        "Issue related events: enter a JQL query, such as project = RAIL, and tick: {events}",
        "Leave “Exclude body” unticked, and choose Create.",
    ),
    command_events=frozenset(
        {"comment_created", "comment_updated", "issue_created", "issue_updated.description"}
    ),
    choices={
        "comment_created": "Comment: created",
        "comment_updated": "Comment: updated",
        "comment_deleted": "Comment: deleted",
        "issue_created": "Issue: created",
        "issue_updated": "Issue: updated",
        "issue_deleted": "Issue: deleted",
    },
)
