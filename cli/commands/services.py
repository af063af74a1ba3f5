"""signalbox services: the services behind the gateway, the routes to them, and their instances."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import JsonOption, Output
from cli.target import chosen_target

if TYPE_CHECKING:
    from signalbox.http.schemas.instances import RegisterInstanceResponse

app = typer.Typer(
    no_args_is_help=True, help="List services behind the gateway, and register instances."
)

ServiceArgument = Annotated[str, typer.Argument(help="The name of the service.")]
InstanceArgument = Annotated[str, typer.Argument(help="The id of the instance.")]
VersionOption = Annotated[
    str | None, typer.Option("--version", help="A version of the service, such as v2.")
]


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


@app.command()
def instances(
    context: typer.Context, name: ServiceArgument, *, as_json: JsonOption = False
) -> None:
    """List the instances of a service with their health, and what changed last."""
    from cli.operator_client import connect_operator
    from cli.output import format_time
    from cli.service_views import history_lines, registration_text

    found, output = connect_operator(chosen_target(context)).instances(name), Output(as_json)
    if as_json:
        output.one(found, {})
        return
    output.rows(
        found.items,
        {
            "Id": lambda row: row.id,
            "Version": lambda row: row.version or "",
            "URL": lambda row: row.url or "",
            "Weight": lambda row: str(row.weight or ""),
            "State": lambda row: row.state,
            "Since": lambda row: format_time(row.since),
            "Registered": registration_text,
        },
    )
    for line in history_lines(found.history):
        output.note(line)


@app.command()
def register(  # noqa: PLR0913  each argument and option is one
    context: typer.Context,
    name: ServiceArgument,
    instance_id: InstanceArgument,
    url: Annotated[str, typer.Argument(help="Its base URL.")],
    command: Annotated[
        list[str] | None,
        typer.Argument(help="With --keep, after --: what runs while it is registered."),
    ] = None,
    *,
    version: VersionOption = None,
    weight: Annotated[int | None, typer.Option(min=1, max=256, help="Default: 1.")] = None,
    zone: Annotated[str | None, typer.Option(help="Where it runs.")] = None,
    ttl: Annotated[
        int | None, typer.Option(min=10, max=3_600, help="Seconds until it ends. Default: 30.")
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Send heartbeats until Ctrl-C or SIGTERM.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Register an instance of a service, or extend its registration.

    With --keep heartbeats are sent until a signal, or until the command after -- has ended; then
    the instance is deregistered. The exit code is that of the command.
    """
    if command and not keep:
        raise typer.BadParameter("a command needs --keep")
    from cli.operator_client import connect_operator
    from cli.parsing import build_request, query_parameters
    from cli.service_views import registration_fields
    from signalbox.http.schemas.instances import RegisterInstanceRequest

    members = {"url": url, "weight": weight, "zone": zone, "ttl_seconds": ttl}
    request = build_request(
        RegisterInstanceRequest,
        {name: value for name, value in members.items() if value is not None},
    )
    client, query = connect_operator(chosen_target(context)), query_parameters(version=version)

    def registered(made: "RegisterInstanceResponse") -> None:
        Output(as_json, detached=keep).one(made, registration_fields(made))

    if not keep:
        registered(client.register(name, instance_id, request, query))
        return
    from cli.keep_registered import keep_registered

    code = keep_registered(
        register=lambda: client.register(name, instance_id, request, query),
        deregister=lambda: client.deregister(name, instance_id, query),
        registered=registered,
        note=Output(detached=True).note,
        command=command or [],
    )
    raise typer.Exit(code)


@app.command()
def deregister(
    context: typer.Context,
    name: ServiceArgument,
    instance_id: InstanceArgument,
    *,
    version: VersionOption = None,
) -> None:
    """End the registration of an instance."""
    from cli.operator_client import connect_operator
    from cli.parsing import query_parameters

    client = connect_operator(chosen_target(context))
    client.deregister(name, instance_id, query_parameters(version=version))
