"""Create, list, update, claim, complete, dispatch and reconcile tasks."""
