from collections.abc import Iterator

import pytest

from signalbox.models.span import (
    CURRENT_SPAN,
    Span,
    SpanKind,
    begin_trace,
    current_traceparent,
    join_trace,
    record_spans,
)
from signalbox.models.trace_context import (
    child_traceparent,
    is_sampled,
    new_traceparent,
    same_trace,
    sample_traces,
    traceparent_of,
)

SENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OF_TASK = traceparent_of("dlv_1")


@pytest.fixture
def recorded() -> Iterator[list[Span]]:
    spans: list[Span] = []
    record_spans(spans.append)
    yield spans
    record_spans(None)


@pytest.fixture
def share() -> Iterator[None]:
    yield
    sample_traces(1.0)


def test_a_span_that_nobody_records_is_the_context_that_it_was_given() -> None:
    with Span(SpanKind.SERVER, parent=SENT) as span:
        assert (span.context, current_traceparent()) == (SENT, SENT)

    assert CURRENT_SPAN.get() is None
    assert span.ended_at == 0


def test_a_trace_begins_with_a_span_that_is_a_part_of_none() -> None:
    with Span(SpanKind.SERVER) as of_nobody, Span(SpanKind.SERVER, parent=SENT) as of_client:
        of_nobody.begin(OF_TASK)
        begin_trace(OF_TASK)

    assert (of_nobody.context, of_client.context) == (OF_TASK, SENT)


def test_a_span_joins_a_trace_or_is_linked_to_it() -> None:
    with Span(SpanKind.SERVER) as alone:
        join_trace(OF_TASK)
    with Span(SpanKind.SERVER, parent=SENT) as of_client:
        join_trace(OF_TASK)
        join_trace(OF_TASK)
        join_trace(SENT)

    assert (alone.context, alone.links) == (OF_TASK, ())
    assert (of_client.context, of_client.links) == (SENT, (OF_TASK,))


def test_what_belongs_to_a_trace_is_not_sent_with_the_context_of_another() -> None:
    with Span(SpanKind.SERVER, parent=SENT):
        assert current_traceparent(OF_TASK) == OF_TASK
        assert current_traceparent(child_traceparent(SENT)) == SENT

    assert (current_traceparent(OF_TASK), current_traceparent()) == (OF_TASK, None)


def test_without_a_span_nothing_begins_or_joins() -> None:
    begin_trace(OF_TASK)
    join_trace(OF_TASK)

    assert current_traceparent() is None


def test_a_recorded_span_has_an_id_of_its_own_in_the_trace_of_its_parent(
    recorded: list[Span],
) -> None:
    with Span(SpanKind.SERVER, parent=SENT) as outer, Span(SpanKind.CLIENT, parent=outer) as inner:
        pass

    assert recorded == [inner, outer]
    contexts = {SENT, outer.traceparent, inner.traceparent}
    assert len(contexts) == 3
    assert all(same_trace(context, SENT) for context in contexts)
    assert 0 < outer.started_at <= inner.started_at <= inner.ended_at <= outer.ended_at


def test_the_trace_of_a_recorded_span_is_not_known_until_it_begins(recorded: list[Span]) -> None:
    with Span(SpanKind.SERVER) as span:
        before = span.context
        span.begin(OF_TASK)

    assert before is None
    assert [one.traceparent for one in recorded] == [OF_TASK]


@pytest.mark.usefixtures("recorded")
def test_a_trace_that_begins_inside_of_a_span_has_that_one_on_top() -> None:
    with Span(SpanKind.SERVER) as outer, Span(SpanKind.INTERNAL, parent=outer) as inner:
        inner.begin(OF_TASK)

    assert inner.traceparent == OF_TASK
    assert same_trace(outer.traceparent, OF_TASK)
    assert outer.traceparent != OF_TASK


@pytest.mark.usefixtures("recorded")
def test_what_joins_a_trace_inside_of_a_span_takes_that_one_along() -> None:
    with Span(SpanKind.SERVER) as outer, Span(SpanKind.INTERNAL, parent=outer) as inner:
        inner.join(OF_TASK)

    assert outer.parent == OF_TASK
    assert same_trace(inner.traceparent, OF_TASK)


def test_a_recorded_span_has_the_kind_of_its_error_and_ends_once(recorded: list[Span]) -> None:
    with pytest.raises(ValueError, match="odd"), Span(SpanKind.SERVER) as span:
        raise ValueError("odd")
    span.end()

    assert [one.error for one in recorded] == ["ValueError"]


@pytest.mark.usefixtures("recorded")
def test_a_span_alone_is_a_trace_of_its_own() -> None:
    with Span(SpanKind.SERVER) as one, Span(SpanKind.SERVER) as other:
        pass

    assert not same_trace(one.traceparent, other.traceparent)


@pytest.mark.usefixtures("share")
def test_a_share_of_the_traces_is_sampled_and_always_the_same_ones() -> None:
    origins = [f"dlv_{number}" for number in range(400)]
    sample_traces(0.25)

    sampled = {origin for origin in origins if is_sampled(traceparent_of(origin))}
    again = {origin for origin in origins if is_sampled(traceparent_of(origin))}

    assert sampled == again
    assert 60 < len(sampled) < 140


@pytest.mark.usefixtures("share")
@pytest.mark.parametrize(("of", "sampled"), [(0.0, False), (1.0, True)])
def test_none_or_all_of_the_traces_are_sampled(of: float, sampled: bool) -> None:  # noqa: FBT001  a case
    sample_traces(of)

    assert {is_sampled(new_traceparent()) for _ in range(20)} == {sampled}


@pytest.mark.parametrize(("flags", "sampled"), [("00", False), ("01", True), ("03", True)])
def test_a_child_is_sampled_as_its_parent_is(flags: str, sampled: bool) -> None:  # noqa: FBT001  a case
    assert is_sampled(child_traceparent(f"{SENT[:-2]}{flags}")) is sampled
