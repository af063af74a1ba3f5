from signalbox.models.delivery import Delivery
from tests.builders import a_delivery, a_task


def test_a_delivery_survives_its_journey_through_json() -> None:
    delivery = a_delivery(task_ids=(a_task().id,), notes=("é\u2028",), reason="odd")

    assert Delivery.model_validate_json(delivery.model_dump_json(exclude_none=True)) == delivery
