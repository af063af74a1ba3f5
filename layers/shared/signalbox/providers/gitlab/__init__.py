"""GitLab: https://docs.gitlab.com/user/project/integrations/webhook_events/."""
