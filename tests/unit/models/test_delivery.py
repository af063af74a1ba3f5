import pytest

from signalbox.models.delivery import Delivery, DeliveryStatus, KeepBodies
from tests.builders import a_deferred, a_delivery, a_task


def test_a_delivery_survives_its_journey_through_json() -> None:
    delivery = a_delivery(task_ids=(a_task().id,), notes=("é\u2028",), reason="odd")

    assert Delivery.model_validate_json(delivery.model_dump_json(exclude_none=True)) == delivery


@pytest.mark.parametrize(
    ("keep_bodies", "status", "is_kept"),
    [
        (KeepBodies.ALL, DeliveryStatus.IGNORED, True),
        (KeepBodies.FAILED, DeliveryStatus.ACCEPTED, False),
        (KeepBodies.FAILED, DeliveryStatus.FAILED, True),
        (KeepBodies.NONE, DeliveryStatus.ACCEPTED, False),
        (KeepBodies.NONE, DeliveryStatus.FAILED, False),
    ],
)
def test_a_source_chooses_whose_bodies_are_kept(
    keep_bodies: KeepBodies, status: DeliveryStatus, *, is_kept: bool
) -> None:
    delivery = a_delivery(keep_bodies=keep_bodies, status=status)

    assert delivery.keeps_body is is_kept


@pytest.mark.parametrize("status", [DeliveryStatus.PENDING, DeliveryStatus.ACCEPTED])
def test_a_body_is_kept_while_something_is_left_to_do(status: DeliveryStatus) -> None:
    assert a_deferred(keep_bodies=KeepBodies.NONE, status=status).keeps_body


def test_a_delivery_from_before_this_choice_keeps_its_body() -> None:
    stored = a_delivery().model_dump_json(exclude={"keep_bodies"})

    assert Delivery.model_validate_json(stored).keeps_body
