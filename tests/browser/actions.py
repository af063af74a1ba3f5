"""What the dashboard changes, and the test in which a browser does it.

A unit test compares this with the sources of the dashboard: an action has to be tested.
"""

from collections.abc import Mapping
from typing import Final

BROWSER_TESTS: Final[Mapping[str, str]] = {
    "POST /api/v1/tasks/{task_id}/approve": "test_tasks.test_a_task_is_approved",
    "POST /api/v1/tasks/{task_id}/reject": "test_tasks.test_a_task_is_rejected_with_a_reason",
    "POST /api/v1/tasks/{task_id}/retry": (
        "test_tasks.test_a_task_is_cancelled_with_a_reason_and_retried"
    ),
    "POST /api/v1/tasks/{task_id}/cancel": (
        "test_tasks.test_a_task_is_cancelled_with_all_that_depend_on_it"
    ),
    "DELETE /api/v1/tasks/{task_id}": (
        "test_tasks.test_a_task_is_cancelled_with_a_reason_and_retried"
    ),
    "PATCH /api/v1/tasks/{task_id}": "test_tasks.test_the_priority_of_a_task_changes",
    "POST /api/v1/tasks/{task_id}/notifications/{notification_id}/redeliver": (
        "test_operations.test_a_notification_that_failed_is_sent_again"
    ),
    "POST /api/v1/deliveries/{delivery_id}/replay": (
        "test_deliveries.test_a_replay_shows_what_it_would_change_and_then_does_it"
    ),
    "POST /api/v1/queue/{priority}/pause": (
        "test_operations.test_a_queue_is_paused_with_a_reason_and_resumed"
    ),
    "POST /api/v1/queue/{priority}/resume": (
        "test_operations.test_a_queue_is_paused_with_a_reason_and_resumed"
    ),
    "POST /api/v1/queue/redrive": "test_operations.test_a_dead_letter_is_redriven_after_a_preview",
    "POST /api/v1/connections/{connection_id}/test": (
        "test_operations.test_a_connection_is_tested_and_its_notification_is_listed"
    ),
    "PUT /api/v1/sources/{provider}/{name}": (
        "test_sources.test_a_source_is_set_up_and_its_first_delivery_is_awaited"
    ),
    "PUT /api/v1/sources/{provider}/{name}/secret": (
        "test_sources.test_the_secret_of_a_source_in_use_is_replaced"
    ),
    "PUT /api/v1/schedules/{name}": (
        "test_schedules.test_a_schedule_is_added_whose_tasks_have_a_group"
    ),
    "POST /api/v1/schedules/{name}/run": (
        "test_schedules.test_a_schedule_is_paused_resumed_and_run_now"
    ),
    "POST /api/v1/schedules/{name}/pause": (
        "test_schedules.test_a_schedule_is_paused_resumed_and_run_now"
    ),
    "POST /api/v1/schedules/{name}/resume": (
        "test_schedules.test_a_schedule_is_paused_resumed_and_run_now"
    ),
    "POST /api/v1/keys": "test_keys.test_a_new_key_is_shown_once_and_works",
    "PATCH /api/v1/keys/{key_id}": "test_keys.test_a_key_is_renamed_and_revoked",
    "DELETE /api/v1/keys/{key_id}": "test_keys.test_a_key_is_renamed_and_revoked",
    "PUT /api/v1/roles/{name}": "test_keys.test_a_role_is_created_edited_and_deleted",
    "DELETE /api/v1/roles/{name}": "test_keys.test_a_role_is_created_edited_and_deleted",
    "POST /api/v1/sessions": "test_login.test_a_key_opens_the_overview_and_survives_a_reload",
    "DELETE /api/v1/sessions": "test_login.test_a_person_logs_out_everywhere",
    "DELETE /api/v1/sessions/current": (
        "test_login.test_logging_out_ends_the_session_on_the_server_too"
    ),
    "POST /api/v1/realtime/tickets": (
        "test_newcomer.test_a_task_appears_runs_and_ends_without_a_reload"
    ),
}
