"""How a webhook of Bitbucket Cloud is set up.

https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/
"""

from typing import Final

from signalbox.models.provider_setup import ProviderSetup

SETUP: Final = ProviderSetup(
    steps=(
        (
            "In the repository choose Repository settings → Webhooks → Add webhook; for all of a "
            "workspace, Workspace settings → Webhooks."
        ),
        "URL: {url}",
        "Secret: {secret}",
        "Leave Active on, and certificate verification as well.",
        "Triggers: choose from the full list, and tick: {events}",
        "Choose Save.",
    ),
    command_events=frozenset(
        {
            "repo.commit_comment_created",
            "pullrequest.created",
            "pullrequest.updated",
            "pullrequest.comment_created",
            "pullrequest.comment_updated",
            "issue.created",
            "issue.updated",
            "issue.comment_created",
        }
    ),
    choices={
        "repo.push": "Repository: Push",
        "repo.commit_comment_created": "Repository: Commit comment created",
        "repo.commit_status_created": "Repository: Build status created",
        "repo.commit_status_updated": "Repository: Build status updated",
        "pullrequest.created": "Pull request: Created",
        "pullrequest.updated": "Pull request: Updated",
        "pullrequest.fulfilled": "Pull request: Merged",
        "pullrequest.rejected": "Pull request: Declined",
        "pullrequest.approved": "Pull request: Approved",
        "pullrequest.unapproved": "Pull request: Approval removed",
        "pullrequest.changes_request_created": "Pull request: Changes Request created",
        "pullrequest.changes_request_removed": "Pull request: Changes Request removed",
        "pullrequest.comment_created": "Pull request: Comment created",
        "pullrequest.comment_updated": "Pull request: Comment updated",
        "pullrequest.comment_deleted": "Pull request: Comment deleted",
        "pullrequest.comment_resolved": "Pull request: Comment resolved",
        "pullrequest.comment_reopened": "Pull request: Comment reopened",
        "issue.created": "Issue: Created",
        "issue.updated": "Issue: Updated",
        "issue.comment_created": "Issue: Comment created",
    },
)
