// A web page's client, connect-web, on Node's fetch: grpc-web over HTTP/1.1, unary and streaming, errors with details, CORS.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const { ADDRESS, ADMIN, CONTRACT, JIRA, MODULES } = process.env;
const require = createRequire(join(MODULES, "x"));
const { create, createFileRegistry, fromBinary } = require("@bufbuild/protobuf");
const { FileDescriptorProtoSchema, FileDescriptorSetSchema } = require("@bufbuild/protobuf/wkt");
const { Code, ConnectError, createClient } = require("@connectrpc/connect");
const { createGrpcWebTransport } = require("@connectrpc/connect-web");

const ORIGIN = "https://desk.example.com";
const base = `http://${ADDRESS}`;
const contract = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(CONTRACT)));
const transport = createGrpcWebTransport({ baseUrl: base });
const service = (name) => createClient(contract.getService(`docket.v1.${name}`), transport);
const headers = { authorization: `Bearer ${ADMIN}` };
const call = { headers, timeoutMs: 20_000 };

// The part of google/rpc/error_details.proto that is looked at here.
const STRING = { label: 1, type: 9 };
const errorDetails = create(FileDescriptorProtoSchema, {
    name: "google/rpc/error_details.proto",
    package: "google.rpc",
    syntax: "proto3",
    messageType: [{ name: "ErrorInfo", field: [{ ...STRING, name: "reason", number: 1 }, { ...STRING, name: "domain", number: 2 }] }],
});
const ErrorInfo = createFileRegistry(errorDetails, () => undefined).getMessage("google.rpc.ErrorInfo");

async function refused(answer, code, reason) {
    const error = ConnectError.from(await answer.then((found) => assert.fail(JSON.stringify(found)), (error) => error));
    assert.equal(error.code, code, String(error));
    const [{ domain, reason: found }] = error.findDetails(ErrorInfo);
    assert.deepEqual([domain, found], ["docket", reason]);
}

async function preflight() {
    const asked = { "access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type,x-grpc-web" };
    const response = await fetch(`${base}/docket.v1.TicketService/ListTickets`, { method: "OPTIONS", headers: { origin: ORIGIN, ...asked } });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("access-control-allow-origin"), "*");
    assert.equal(response.headers.get("access-control-allow-credentials"), null);
    for (const [answer, wanted] of [["methods", ["POST"]], ["headers", asked["access-control-request-headers"].split(",")]]) {
        const allowed = response.headers.get(`access-control-allow-${answer}`).split(",");
        for (const item of wanted) assert(allowed.includes(item), `${item} is not among ${allowed}`);
    }
}

// What a page may read of an answer; Node's fetch reads all of it.
async function exposed() {
    const response = await fetch(`${base}/docket.v1.TicketService/ListTickets`, {
        method: "POST",
        headers: { origin: ORIGIN, "content-type": "application/grpc-web+proto", "x-grpc-web": "1" },
        body: new Uint8Array(5),
    });
    const readable = response.headers.get("access-control-expose-headers").split(",");
    for (const name of ["grpc-status", "grpc-message", "grpc-status-details-bin"]) {
        assert(readable.includes(name), `${name} is not among ${readable}`);
        assert(response.headers.has(name), `${name} is missing`);
    }
}

async function unary() {
    const tickets = service("TicketService");
    const { ticket } = await tickets.createTicket({ ticket: { title: "From a page" }, requestId: randomUUID() }, call);
    const { ticket: found } = await tickets.getTicket({ id: ticket.id }, call);
    assert.equal(found.title, "From a page");
    assert.equal(found.number, ticket.number);
    await refused(tickets.createTicket({ ticket: { title: "" } }, call), Code.InvalidArgument, "INVALID_FIELDS");
    await refused(tickets.listTickets({}, { timeoutMs: 20_000 }), Code.Unauthenticated, "UNAUTHENTICATED");
}

// The events after the given one, until the stream ends by itself.
async function watched(sessionId, afterSequence) {
    const events = [];
    for await (const { event } of service("ExportService").watchExport({ sessionId, afterSequence }, call)) {
        if (event.detail.case !== "heartbeat") events.push(event);
    }
    return events;
}

async function exported() {
    const exports = service("ExportService");
    const jira = { siteUrl: JIRA, exportDelay: {} };
    const integration = { name: "Sandbox", enabled: true, config: { case: "jira", value: jira } };
    const signIn = { email: "demo@example.com", apiToken: "sandbox-token" };
    const credentials = { platform: { case: "jira", value: signIn } };
    const created = await service("IntegrationService").createIntegration({ integration, credentials, requestId: randomUUID() }, call);
    const asked = { name: "From a page", integrationId: created.integration.id, jiraProjectKey: "DEMO" };
    const { session } = await exports.createSession({ session: asked, requestId: randomUUID() }, call);
    await refused(exports.startExport({ sessionId: session.id }, call), Code.FailedPrecondition, "SESSION_EMPTY");
    const tickets = [{ ref: "cause", title: "The cause" }, { ref: "effect", title: "The effect", dependsOnRefs: ["cause"] }];
    await exports.addSessionTickets({ sessionId: session.id, tickets, requestId: randomUUID() }, call);
    await exports.startExport({ sessionId: session.id, requestId: randomUUID() }, call);
    const events = await watched(session.id);
    assert.deepEqual(events.map((event) => event.sequence), events.map((_, at) => BigInt(at + 1)));
    const told = events.map((event) => event.detail.case);
    assert.deepEqual(told, ["started", "ticketExported", "ticketExported", "dependencyCreated", "completed"]);
    const rest = await watched(session.id, 3n);
    assert.deepEqual(rest.map((event) => event.sequence), [4n, 5n]);
}

await preflight();
await exposed();
await unary();
await exported();
