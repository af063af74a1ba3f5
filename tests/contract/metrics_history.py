"""What every store of the history of metrics promises."""

from datetime import timedelta

import pytest

from signalbox.models.metrics_history import HistoryResolution, MetricsPoint
from signalbox.services.ports.metrics import MetricsHistoryStore
from tests.builders import NOW

FINE, HOURS = HistoryResolution


def a_point(minutes: int = 0, **counts: int) -> MetricsPoint:
    return MetricsPoint(at=NOW + timedelta(minutes=minutes), counts=counts)


class MetricsHistoryStoreContract:
    @pytest.fixture
    def points(self) -> MetricsHistoryStore:
        raise NotImplementedError

    def test_the_first_point_of_a_time_is_the_one_that_stays(
        self, points: MetricsHistoryStore
    ) -> None:
        assert points.put_new(FINE, a_point(requests=1))
        assert not points.put_new(FINE, a_point(requests=2))

        assert list(points.batch_get(FINE, [NOW])) == [a_point(requests=1)]

    def test_each_resolution_has_points_of_its_own(self, points: MetricsHistoryStore) -> None:
        points.put_new(FINE, a_point(requests=1))
        points.put_new(HOURS, a_point(requests=2))

        assert list(points.batch_get(HOURS, [NOW])) == [a_point(requests=2)]

    def test_points_are_found_by_their_times_and_missing_ones_are_left_out(
        self, points: MetricsHistoryStore
    ) -> None:
        for minutes in range(0, 700, 5):
            points.put_new(FINE, a_point(minutes, requests=minutes))

        asked = [NOW + timedelta(minutes=minutes) for minutes in range(-5, 610, 5)]
        found = sorted(points.batch_get(FINE, asked), key=lambda point: point.at)

        assert found == [a_point(minutes, requests=minutes) for minutes in range(0, 610, 5)]
        assert list(points.batch_get(FINE, [])) == []
