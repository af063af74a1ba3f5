"""The faults that nothing may be lost under, and the tests that inject each of them.

A row names tests, those of other directories too: a fault is injected by one test.
"""

from dataclasses import dataclass
from typing import Final

_CRASHES: Final = "tests/integration/test_crashes.py"
_STORES: Final = "tests/integration/test_aws_stores.py"
_SETTINGS: Final = "tests/integration/test_aws_settings.py"
_POISON: Final = "tests/integration/test_poison.py"
_WORKERS: Final = "tests/integration/test_workers.py"
_ROTATION: Final = "tests/integration/test_rotation.py"
_TEMPLATE: Final = "tests/integration/test_template.py"
_CLOUD: Final = "tests/faults/test_cloud.py"
_RECEIVERS: Final = "tests/faults/test_receivers.py"
_PROCESSES: Final = "tests/faults/test_processes.py"
_LIFE: Final = "tests/faults/test_life.py"
_RESTORED: Final = "tests/faults/test_restored.py"
_GATEWAY: Final = "tests/faults/test_gateway.py"

_ANY_CRASH: Final = f"{_CRASHES}::TestOneCrash::test_at_any_call_loses_nothing_and_repeats_nothing"
_ANY_FAILURE: Final = (
    f"{_CRASHES}::TestTroubleOnTheWay::test_any_operation_that_fails_for_a_while_only_takes_longer"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRow:
    """One fault; `tests` are node ids of pytest without parameters."""

    number: int
    fault: str
    tests: tuple[str, ...]


def _row(number: int, fault: str, *tests: str) -> FaultRow:
    return FaultRow(number=number, fault=fault, tests=tests)


ROWS: Final = (
    _row(
        1,
        "crash before the write of a webhook",
        _ANY_CRASH,
        "tests/integration/test_redelivery.py::test_a_run_that_dies_at_any_call_loses_no_delivery",
    ),
    _row(
        2,
        "crash after the write, before the answer",
        _ANY_CRASH,
        f"{_CRASHES}::TestDeliveredAtLeastOnce::test_a_delivery_sent_again_and_again_is_one_task",
    ),
    _row(
        3,
        "lost answer of a conditional put",
        f"{_CRASHES}::TestTroubleOnTheWay::test_an_answer_lost_at_any_call_does_no_harm",
        f"{_STORES}::TestDynamoTasks::test_a_creation_whose_answer_was_lost_is_recognised",
        f"{_STORES}::TestDynamoTasks::test_a_replacement_whose_answer_was_lost_is_recognised",
    ),
    _row(4, "dispatcher dies before, between or after its calls", _ANY_CRASH),
    _row(
        5,
        "SendMessageBatch fails in part",
        f"{_CRASHES}::TestTroubleOnTheWay::test_a_batch_of_messages_taken_in_part_is_sent_again",
    ),
    _row(
        6,
        "SQS answers 5xx, not at all, or its answer is lost",
        _ANY_FAILURE,
        f"{_CRASHES}::TestTroubleOnTheWay"
        "::test_work_goes_on_while_the_queue_of_a_connector_does_not_answer",
    ),
    _row(
        7,
        "stream repeats, mixes items, replays old records",
        f"{_CRASHES}::TestDeliveredAtLeastOnce"
        "::test_repeated_and_mixed_batches_tell_every_change_once",
        f"{_CLOUD}::test_a_stream_that_is_read_again_from_its_beginning_changes_nothing",
    ),
    _row(
        8,
        "stream trimmed, or its mapping disabled",
        f"{_CRASHES}::TestOneCrash"
        "::test_without_the_stream_maintenance_alone_brings_everything_to_its_end",
    ),
    _row(
        9,
        "DynamoDB throttles, fails, does not answer",
        _ANY_FAILURE,
        f"{_CLOUD}::test_a_storm_of_faults_at_any_calls_loses_nothing",
        f"{_CLOUD}::test_tables_and_indexes_without_enough_capacity_for_minutes_lose_nothing",
    ),
    _row(
        10,
        "DynamoDB and all else slow",
        f"{_CLOUD}::test_slow_answers_of_every_service_lose_nothing",
    ),
    _row(
        11,
        "receiver answers 429 or 503 with Retry-After",
        f"{_RECEIVERS}::test_a_receiver_that_asks_to_wait_is_called_again_no_earlier"
        "_and_no_attempt_is_used_up",
        f"{_RECEIVERS}::test_a_receiver_that_always_asks_to_wait_leaves_the_circuit_closed",
    ),
    _row(
        12,
        "receiver answers 5xx, resets, half, not HTTP, is away",
        f"{_RECEIVERS}::test_a_receiver_with_a_fault_that_passes_is_called_again",
        f"{_RECEIVERS}::test_a_receiver_that_is_not_there_is_called_when_it_is_back",
        f"{_RECEIVERS}::test_an_outage_opens_the_circuit_which_recovers_and_nothing_is_given_up",
    ),
    _row(
        13,
        "receiver answers 4xx",
        f"{_RECEIVERS}::test_a_refusal_is_final_after_one_call_and_an_operator_can_redeliver",
    ),
    _row(
        14,
        "response lost after the effect",
        f"{_RECEIVERS}::test_an_effect_whose_response_is_lost_is_repeated_under_the_same_id",
        f"{_CRASHES}::TestTroubleOnTheWay::test_an_answer_of_slack_that_is_lost_is_looked_for",
        f"{_CRASHES}::TestOneCrash::test_where_slack_can_be_asked_it_is_told_once_whatever_dies",
    ),
    _row(
        15,
        "slow loris, endless body, gzip bomb",
        f"{_RECEIVERS}::test_a_response_that_does_not_end_ends_at_the_deadline",
        f"{_RECEIVERS}::test_a_response_that_is_a_bomb_is_not_unpacked",
    ),
    _row(
        16,
        "bad TLS, redirect",
        f"{_RECEIVERS}::test_a_bad_certificate_is_refused_before_anything_is_sent",
        f"{_RECEIVERS}::test_a_redirect_is_not_followed_and_an_operator_can_redeliver",
    ),
    _row(
        17,
        "secret rotated in mid-flight",
        f"{_ROTATION}::test_a_webhook_signed_with_the_new_secret_is_accepted_at_once",
        f"{_ROTATION}::test_slack_gets_its_message_when_its_secret_was_changed_meanwhile",
    ),
    _row(
        18,
        "worker dies in mid-task",
        f"{_WORKERS}::test_the_task_of_a_killed_worker_goes_to_the_next_when_its_lease_ends",
        f"{_WORKERS}::test_a_claim_that_crashes_at_any_call_delays_the_task_by_its_lease_at_most",
        f"{_PROCESSES}::test_the_task_of_a_killed_process_is_done_by_another",
    ),
    _row(
        19,
        "zombie worker wakes after its lease",
        f"{_WORKERS}::test_a_worker_that_wakes_after_its_lease_went_to_another_is_refused",
        f"{_PROCESSES}"
        "::test_a_process_that_is_frozen_beyond_its_lease_changes_nothing_when_it_wakes",
    ),
    _row(
        20,
        "clocks are 120 s apart",
        f"{_CLOUD}::test_a_container_whose_clock_is_wrong_ends_a_lease_early_but_nothing_twice",
        f"{_LIFE}::TestLife::runTest",
    ),
    _row(
        21,
        "poison message",
        f"{_POISON}::test_a_message_nobody_can_read_spoils_no_other_of_its_batch",
        f"{_POISON}::test_a_change_nobody_can_read_spoils_no_other_of_its_batch",
        f"{_POISON}::test_workers_get_every_task_around_a_message_nobody_can_read",
    ),
    _row(
        22,
        "batch response with an id that makes no sense",
        "tests/integration/test_queue_source.py::TestQueues",
        f"{_CLOUD}::test_a_batch_that_outlasts_its_function_is_continued_by_the_next",
    ),
    _row(
        23,
        "redrive of dead letters",
        f"{_POISON}::test_a_dead_letter_does_not_end_a_task_that_was_retried_after_it",
        f"{_CLOUD}::test_a_notification_that_died_after_its_effect_is_redriven_under_the_same_id",
    ),
    _row(
        24,
        "message lost: purged, or older than its retention",
        f"{_CLOUD}::test_queues_that_are_purged_get_their_messages_again_after_six_hours",
    ),
    _row(
        25,
        "Lambda times out in mid-batch",
        f"{_CLOUD}::test_a_batch_that_outlasts_its_function_is_continued_by_the_next",
    ),
    _row(
        26,
        "more concurrency than Lambda has",
        f"{_RESTORED}::test_a_message_stays_hidden_for_six_times_as_long_as_its_function_may_run",
        f"{_TEMPLATE}::test_the_slack_connector_is_called_by_its_queue",
    ),
    _row(
        27,
        "hot partition",
        f"{_RESTORED}::test_items_are_spread_evenly_over_the_partitions_of_an_index",
    ),
    _row(
        28,
        "old and new code at once",
        f"{_STORES}::TestDynamoTasks::test_what_a_later_version_added_is_passed_over",
        f"{_POISON}::test_a_message_nobody_can_read_ends_in_the_dead_letters_and_stays_there",
    ),
    _row(
        29,
        "oversized item",
        "tests/functions/test_deliveries.py::test_a_large_body_is_shown_as_it_came",
        "tests/functions/test_api.py::test_the_largest_task_there_can_be_is_kept",
    ),
    _row(
        30,
        "parameter store down",
        f"{_SETTINGS}::TestSsmSecrets"
        "::test_what_was_read_serves_for_an_hour_while_the_parameter_store_is_down",
        f"{_CLOUD}"
        "::test_while_no_secret_can_be_read_webhooks_are_not_acknowledged_and_none_is_lost",
    ),
    _row(
        31,
        "region lost, tables restored",
        f"{_RESTORED}::test_tables_that_were_restored_go_on_where_the_old_ones_were",
    ),
    _row(
        32,
        "instance behind the gateway refuses connections",
        f"{_GATEWAY}::test_an_instance_that_refuses_connections_is_passed_over",
    ),
    _row(
        33,
        "instance resets, or ends in its body",
        f"{_GATEWAY}::test_an_instance_that_resets_is_passed_over",
    ),
    _row(
        34,
        "instance answers half a head",
        f"{_GATEWAY}::test_an_instance_that_answers_half_a_head_is_passed_over",
    ),
    _row(
        35,
        "instance is a slow loris, or never answers",
        f"{_GATEWAY}::test_an_instance_that_drips_is_cut_off_and_passed_over",
    ),
    _row(
        36,
        "instance answers with a wrong length",
        f"{_GATEWAY}::test_an_instance_with_a_wrong_length_is_passed_over",
    ),
    _row(
        37,
        "instance has a bad certificate",
        f"{_GATEWAY}::test_an_instance_with_a_bad_certificate_gets_no_request",
    ),
    _row(
        38,
        "all instances are down",
        f"{_GATEWAY}::test_a_service_that_is_down_costs_its_callers_no_time_and_says_when_to_come_back",
    ),
    _row(
        39,
        "configuration of the gateway cannot be read",
        f"{_GATEWAY}::test_while_the_configuration_cannot_be_read_the_last_known_one_serves_on",
    ),
    _row(
        40,
        "instance flaps",
        f"{_GATEWAY}::test_an_instance_that_flaps_costs_its_callers_nothing",
    ),
    _row(
        41,
        "instance takes an upload slowly, or not at all",
        f"{_GATEWAY}::test_an_upload_that_an_instance_does_not_take_is_cut_off_and_passed_over",
    ),
)
