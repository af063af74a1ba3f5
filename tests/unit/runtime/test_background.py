from threading import Event

from signalbox.runtime.background import BackgroundThreads


def test_only_so_many_coroutines_run_at_a_time_and_a_place_becomes_free_again() -> None:
    free, done = Event(), Event()
    run = BackgroundThreads(1)

    async def waits() -> None:
        assert free.wait(10)

    async def ends() -> None:
        done.set()

    assert run(waits)
    assert not run(ends)
    free.set()
    while not run(ends):
        Event().wait(0.001)
    assert done.wait(10)
