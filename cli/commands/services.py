"""signalbox services: list the services behind the gateway, and the routes to them."""

import typer

from cli.output import JsonOption, Output
from cli.target import chosen_target

app = typer.Typer(no_args_is_help=True, help="List services behind the gateway.")


@app.command("list")
def list_(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """List the services."""
    from cli.operator_client import connect_operator
    from cli.service_views import access_text, instances_text

    Output(as_json).rows(
        connect_operator(chosen_target(context)).services().items,
        {
            "Name": lambda row: row.name,
            "Enabled": lambda row: "yes" if row.enabled else "no",
            "Access": lambda row: access_text(row.access),
            "Balancing": lambda row: row.balancing,
            "Instances": instances_text,
        },
    )


@app.command("routes")
def routes(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """List the routes, the one that is tried first above."""
    from cli.operator_client import connect_operator
    from cli.service_views import conditions_text

    items = connect_operator(chosen_target(context)).routes().items
    Output(as_json).rows(
        sorted(items, key=lambda row: row.specificity, reverse=True),
        {
            "Id": lambda row: row.id,
            "Enabled": lambda row: "yes" if row.enabled else "no",
            "Path": lambda row: row.path,
            "Conditions": conditions_text,
            "Service": lambda row: " ".join(filter(None, (row.service, row.version))),
            "Rewrite": lambda row: row.rewrite or "",
            "Priority": lambda row: str(row.priority),
        },
    )
