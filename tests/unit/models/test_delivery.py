from hypothesis import given
from hypothesis import strategies as st

from signalbox.models.delivery import Delivery, compress_body, decompress_body
from tests.builders import a_delivery, a_task


@given(st.binary(max_size=2_000))
def test_a_body_comes_back_as_it_was_sent(body: bytes) -> None:
    assert decompress_body(compress_body(body)) == body


def test_the_same_body_is_kept_as_the_same_bytes() -> None:
    assert compress_body(b"body") == compress_body(b"body")


def test_a_body_of_text_takes_less_room_than_it_had() -> None:
    assert len(compress_body(b'{"action": "created"}' * 1_000)) < 1_000


def test_a_delivery_survives_its_journey_through_json() -> None:
    delivery = a_delivery(task_ids=(a_task().id,), notes=("é\u2028",), reason="odd")

    assert Delivery.model_validate_json(delivery.model_dump_json(exclude_none=True)) == delivery
