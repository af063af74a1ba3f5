"""signalbox cost: what a number of webhooks costs, and what throttles first."""

from typing import Annotated

import typer

from cli.output import JsonOption, Output


def cost(
    *,
    webhooks: Annotated[int, typer.Option(min=0, help="Webhooks a month.")],
    tasks_per_webhook: Annotated[float, typer.Option(min=0, help="On average.")] = 1,
    heartbeats: Annotated[float, typer.Option(min=0, help="Of a task.")] = 1,
    notifications: Annotated[float, typer.Option(min=0, help="Of a task.")] = 2,
    peak: Annotated[float, typer.Option(min=1, help="The busiest rate, to the average.")] = 10,
    vendor_alarms: Annotated[
        bool, typer.Option(help="Whether providers and connectors have alarms (VendorAlarms).")
    ] = True,
    region: Annotated[str, typer.Option(help="The region of the prices.")] = "us-east-1",
    as_json: JsonOption = False,
) -> None:
    """Compute what webhooks cost in a month on AWS, and what throttles first.

    The units are those of the real functions, as counted by tests; AWS is not called.
    """
    from cli.cost_estimate import Load, estimate_cost

    load = Load(
        webhooks=webhooks,
        tasks=tasks_per_webhook,
        heartbeats=heartbeats,
        notifications=notifications,
        peak=peak,
    )
    estimate = estimate_cost(load, region, vendor_alarms=vendor_alarms)
    output = Output(as_json)
    facts = {part: f"${dollars:,.2f}" for part, dollars in estimate.dollars.items()}
    output.one(estimate, facts | {"All, a month": f"${estimate.total:,.2f}"})
    if as_json:
        return
    output.note(
        f"prices of {estimate.region} as of {estimate.prices_as_of}; "
        "without storage, traffic and other reads of the API"
    )
    output.note(f"busiest rate: {estimate.peak_a_second:,.2f} webhooks a second")
    for limit in estimate.limits:
        reached = "  <- too little" if limit.webhooks_a_second < estimate.peak_a_second else ""
        output.note(
            f"{limit.webhooks_a_second:>8,.0f} a second: {limit.name} ({limit.raised_by}){reached}"
        )
