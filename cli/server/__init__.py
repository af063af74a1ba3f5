"""The functions in one process that is kept: their requests, streams, queues and schedules."""
