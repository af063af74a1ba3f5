"""How a webhook of Gitea or Forgejo is set up.

https://docs.gitea.com/usage/webhooks
"""

from typing import Final

from signalbox.models.provider_setup import ProviderSetup

SETUP: Final = ProviderSetup(
    steps=(
        (
            "In the repository, or the organization, choose Settings → Webhooks → Add Webhook → "
            "Gitea or Forgejo."
        ),
        "Target URL: {url}",
        "HTTP method: POST. POST content type: application/json",
        "Secret: {secret}",
        "Trigger on: Custom Events, and tick: {events}",
        "Leave the authorization header empty, and choose Add Webhook.",
    ),
    command_events=frozenset(
        {
            "issue_comment",
            "pull_request_comment",
            "issues.opened",
            "issues.edited",
            "pull_request.opened",
            "pull_request.edited",
            "pull_request_review_approved",
            "pull_request_review_comment",
            "pull_request_review_rejected",
        }
    ),
    choices={
        "issue_comment": "Issue Comment",
        "pull_request_comment": "Pull Request Comment",
        "issues": "Issues",
        "issues.label_updated": "Issue Labeled",
        "issues.assigned": "Issue Assigned",
        "pull_request": "Pull Request",
        "pull_request.synchronized": "Pull Request Synchronized",
        "pull_request.label_updated": "Pull Request Labeled",
        "pull_request.assigned": "Pull Request Assigned",
        "pull_request.review_requested": "Pull Request Review Requested",
        "pull_request_review_approved": "Pull Request Reviewed",
        "pull_request_review_comment": "Pull Request Reviewed",
        "pull_request_review_rejected": "Pull Request Reviewed",
        "push": "Push",
        "release": "Release",
        "status": "Status",
        "workflow_run": "Workflow Run",
        "action_run_failure": "Action Run Failure",
        "action_run_recover": "Action Run Recover",
        "action_run_success": "Action Run Success",
    },
)
