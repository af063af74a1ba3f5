"""Gitea and Forgejo: https://docs.gitea.com/usage/repository/webhooks."""
