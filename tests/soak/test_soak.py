"""A small soak, in every run of the tests."""

from tests.soak.run import Soak, failures


def test_with_faults_in_a_fifth_of_the_calls_everything_is_delivered_and_nothing_lost() -> None:
    soak = Soak(tasks=40, share=0.2, progress=lambda _: None)

    figures = soak.run()

    assert failures(figures) == []
    assert sum(soak.targets.injected.values()) > 20
