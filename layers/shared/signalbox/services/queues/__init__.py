"""Status, pausing, dead letters and redriving of the task queues."""
