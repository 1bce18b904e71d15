"""A client in Python that knows nothing but the address: calls and errors through reflection, retries by the published policy."""

import os
import uuid
from concurrent import futures
from pathlib import Path

import grpc
from google.protobuf import descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

SERVICE_CONFIG = Path(__file__).parents[2] / "proto/docket/v1/service_config.json"


class Client:
    """Calls methods by name, with messages as dictionaries."""

    def __init__(self, address, reflected, token):
        options = [("grpc.service_config", SERVICE_CONFIG.read_text())]
        self.channel = grpc.insecure_channel(address, options)
        self.pool = descriptor_pool.DescriptorPool(reflected)
        self.metadata = [("authorization", f"Bearer {token}")]

    def call(self, service, method, request):
        described = self.pool.FindServiceByName(service).FindMethodByName(method)
        rpc = self.channel.unary_unary(
            f"/{service}/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=message_factory.GetMessageClass(described.output_type).FromString,
        )
        message = json_format.ParseDict(request, message_factory.GetMessageClass(described.input_type)())
        return json_format.MessageToDict(rpc(message, metadata=self.metadata, timeout=20), preserving_proto_field_name=True)

    def refusal(self, service, method, request):
        """The code and the details, each under its type's name, of a call that has to fail."""
        try:
            answer = self.call(service, method, request)
        except grpc.RpcError as error:
            trailers = dict(error.trailing_metadata())
            status = self.message("google.rpc.Status").FromString(trailers["grpc-status-details-bin"])
            assert status.code == error.code().value[0], status
            details = {}
            for packed in status.details:
                name = packed.type_url.rpartition("/")[2]
                unpacked = self.message(name).FromString(packed.value)
                details[name] = json_format.MessageToDict(unpacked, preserving_proto_field_name=True)
            return error.code(), details
        raise AssertionError(f"{method} was answered: {answer}")

    def message(self, name):
        return message_factory.GetMessageClass(self.pool.FindMessageTypeByName(name))


def a_ticket_is_created_and_found(client):
    title = f"From grpcio {uuid.uuid4()}"
    request = {"ticket": {"title": title, "priority": "TICKET_PRIORITY_P1"}, "request_id": str(uuid.uuid4())}
    created = client.call("docket.v1.TicketService", "CreateTicket", request)["ticket"]
    assert (created["title"], created["status"]) == (title, "TICKET_STATUS_NEW"), created
    again = client.call("docket.v1.TicketService", "CreateTicket", request)["ticket"]
    assert again == created, "the same request id made another ticket"
    found = client.call("docket.v1.TicketService", "GetTicket", {"number": created["number"]})["ticket"]
    assert found == created, (found, created)


def errors_come_with_details(client):
    request = {"ticket": {"title": "", "tags": ["x" * 65]}}
    code, details = client.refusal("docket.v1.TicketService", "CreateTicket", request)
    assert code is grpc.StatusCode.INVALID_ARGUMENT, code
    info = details["google.rpc.ErrorInfo"]
    assert (info["domain"], info["reason"]) == ("docket", "INVALID_FIELDS"), info
    fields = [violation["field"] for violation in details["google.rpc.BadRequest"]["field_violations"]]
    assert fields == ["ticket.title", "ticket.tags[0]"], fields
    code, details = client.refusal("docket.v1.TicketService", "GetTicket", {"number": "TKT-999999"})
    assert code is grpc.StatusCode.NOT_FOUND, code
    assert details["google.rpc.ResourceInfo"]["resource_name"] == "TKT-999999", details


def the_published_policy_retries(reflected):
    """A server that is unavailable at first: the client that has loaded the service config does not notice."""
    seen = []

    def unavailable_twice(request, context):
        seen.append(request)
        if len(seen) < 3:
            context.abort(grpc.StatusCode.UNAVAILABLE, "not yet")
        return b""

    server = grpc.server(futures.ThreadPoolExecutor(max_workers=1))
    handler = grpc.unary_unary_rpc_method_handler(unavailable_twice)
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("docket.v1.TicketService", {"CreateTicket": handler})])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    client = Client(f"127.0.0.1:{port}", reflected, "none")
    client.call("docket.v1.TicketService", "CreateTicket", {"request_id": str(uuid.uuid4())})
    client.channel.close()
    server.stop(None).wait()
    assert len(seen) == 3 and len(set(seen)) == 1, seen


def main():
    address = os.environ["ADDRESS"]
    with grpc.insecure_channel(address) as channel:
        reflected = ProtoReflectionDescriptorDatabase(channel)
        services = set(reflected.get_services())
        expected = {f"docket.v1.{name}Service" for name in ("Ticket", "Integration", "Export", "User")}
        assert expected <= services, services
        client = Client(address, reflected, os.environ["ADMIN"])
        a_ticket_is_created_and_found(client)
        errors_come_with_details(client)
        the_published_policy_retries(reflected)


main()
