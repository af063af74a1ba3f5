"""Run schedules, and describe their runs."""
