"""Instances of services: list them, register and deregister them."""

from typing import Annotated, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query

from signalbox.http.crud import as_json, no_content
from signalbox.http.pagination import IdPath
from signalbox.http.routing import Route, Routes, json_response
from signalbox.http.schemas.instances import RegisterInstanceRequest, RegisterInstanceResponse
from signalbox.http.schemas.services import SERVICES
from signalbox.models.instance_status import InstanceList
from signalbox.models.principal import Scope
from signalbox.services.gateway.list_instances import ListInstances
from signalbox.services.gateway.manage_registrations import ManageRegistrations

_TAG: Final = "gateway"
_INSTANCES: Final = f"{SERVICES}/<name>/instances"
_INSTANCE: Final = f"{_INSTANCES}/<instance_id>"
_HEARTBEAT: Final = (
    "The same request is the heartbeat: send it three times as often as `ttl_seconds` end. A "
    "heartbeat that changes nothing but the end is not in the audit log."
)

InstancePath = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
VersionQuery = Annotated[
    str | None, Query(pattern=r"^v[0-9]{1,4}(\.[0-9]{1,4}){0,2}$", description="Its version")
]


def add_instances(
    routes: Routes, *, list_all: ListInstances, registrations: ManageRegistrations
) -> None:
    """Add the routes."""

    @routes.add(
        Route(
            method="GET",
            path=_INSTANCES,
            scope=Scope.CONFIG_READ,
            tag=_TAG,
            summary="List the instances of a service with their health",
            response_model=InstanceList,
            problems=(404,),
        )
    )
    def list_instances(name: IdPath) -> Response[str]:
        return json_response(list_all(name))

    @routes.add(
        Route(
            method="PUT",
            path=_INSTANCE,
            scope=Scope.SERVICES_REGISTER,
            tag=_TAG,
            summary="Register an instance of a service, or extend its registration",
            response_model=RegisterInstanceResponse,
            creates=True,
            problems=(404, 409),
            heartbeat=True,
            more=_HEARTBEAT,
        )
    )
    def register_instance(
        name: IdPath,
        instance_id: InstancePath,
        body: Annotated[RegisterInstanceRequest, as_json(RegisterInstanceRequest), Body()],
        version: VersionQuery = None,
    ) -> Response[str]:
        context = routes.call()
        instance = body.instance(instance_id)
        result = registrations.register(name, version, instance, body.ttl_seconds)
        context.effect.changed = result.changed
        response = RegisterInstanceResponse.of(result.registration, version)
        if not result.created:
            return json_response(response)
        return json_response(response, 201, {"location": context.request.path})

    @routes.add(
        Route(
            method="DELETE",
            path=_INSTANCE,
            scope=Scope.SERVICES_REGISTER,
            tag=_TAG,
            summary="Deregister an instance of a service",
            status=204,
            problems=(404, 409),
        )
    )
    def deregister_instance(
        name: IdPath, instance_id: InstancePath, version: VersionQuery = None
    ) -> Response[str]:
        registrations.deregister(name, version, instance_id)
        return no_content()
