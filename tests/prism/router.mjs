// Stands before a Jira and has prism judge every request and answer by the official OpenAPI documents: the platform's and the software's
// each by a prism of its own. Prints its address, and after SIGTERM what was judged; ends with 1 where anything was off the contract.
//
//   node tests/prism/router.mjs http://127.0.0.1:8089 FOLDER-WITH-THE-DOCUMENTS

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import path from "node:path";

const [jira, folder] = process.argv.slice(2);
const prismBinary = path.join(import.meta.dirname, "node_modules/.bin/prism");

// What the documents in the folder leave out of Jira's own, so that nothing can judge it here.
const UNDOCUMENTED = [
  ["GET", "/rest/api/3/issue/{}/changelog"],
  ["GET", "/rest/api/3/issue/{}/comment"],
  ["GET", "/rest/api/3/issue/{}/worklog"],
  ["DELETE", "/rest/api/3/attachment/{}"],
  ["DELETE", "/rest/api/3/issueLink/{}"],
];

// What prism says wrongly, each with the reason.
const EMPTY = 'The received media type ""';
const FALSE_POSITIVES = [
  // The document names JSON of any shape, which prism takes for a body that has to be there. Jira's 201 has none, and no 204 can.
  { method: "POST", path: "/rest/api/3/issueLink", status: 201, begins: EMPTY },
  { method: "PUT", path: "/rest/api/3/issue/{issueIdOrKey}", status: 204, begins: EMPTY },
];

const judges = [
  { prefix: "/rest/agile/", document: path.join(folder, "software-openapi.json") },
  { prefix: "/rest/api/", document: path.join(folder, "platform-openapi.json") },
];
for (const judge of judges) {
  judge.port = await freePort();
  judge.operations = operations(JSON.parse(readFileSync(judge.document, "utf8")));
  const args = ["proxy", judge.document, jira, "--port", String(judge.port), "--verboseLevel", "error", "--cors", "false"];
  judge.process = spawn(prismBinary, args, { stdio: ["ignore", "ignore", "inherit"] });
  judge.process.on("exit", (code) => fail(`prism for ${judge.document} ended with ${code}`));
  await listening(judge.port);
}

const judged = new Map();
const faults = new Map();

const server = http.createServer((request, reply) => {
  const pathname = new URL(request.url, jira).pathname;
  const judge = judges.find(({ prefix }) => pathname.startsWith(prefix));
  const operation = judge?.operations.find((known) => known.method === request.method && known.pattern.test(pathname));
  if (!operation) {
    const known = UNDOCUMENTED.find(([method, template]) => method === request.method && pattern(template).test(pathname));
    if (!known) found(`${request.method} ${pathname}: not in the documents`);
    count(known ? `${known.join(" ")} (not judged: not in the documents)` : `${request.method} ${pathname}`);
    return pass(request, reply, new URL(jira));
  }
  count(`${request.method} ${operation.path}`);
  return pass(request, reply, new URL(`http://127.0.0.1:${judge.port}`), (answer) => {
    if (answer.headers["sl-violations"]) {
      const violations = JSON.parse(answer.headers["sl-violations"]);
      for (const violation of violations.filter(({ message }) => !isFalse(operation, answer, message))) {
        const { location, message } = violation;
        found(`${request.method} ${operation.path} -> ${answer.statusCode}: ${location.join(".")}: ${message}`);
      }
    }
  });
});

server.listen(0, "127.0.0.1", () => console.log(`A judged Jira runs at http://127.0.0.1:${server.address().port}`));

process.on("SIGTERM", () => {
  for (const judge of judges) {
    judge.process.removeAllListeners("exit");
    judge.process.kill();
  }
  for (const [operation, times] of [...judged].sort()) console.log(`${String(times).padStart(6)}  ${operation}`);
  for (const [fault, times] of faults) console.log(`${String(times).padStart(6)}  VIOLATION  ${fault}`);
  process.exit(faults.size > 0 || judged.size === 0 ? 1 : 0);
});

// Hands the request on and its answer back, whose head `look` is shown.
function pass(request, reply, to, look = () => {}) {
  const headers = { ...request.headers, host: to.host };
  const onward = http.request({ host: to.hostname, port: to.port, method: request.method, path: request.url, headers });
  onward.on("response", (answer) => {
    look(answer);
    const headers = Object.entries(answer.headers).filter(([name]) => name !== "sl-violations");
    reply.writeHead(answer.statusCode, Object.fromEntries(headers));
    answer.pipe(reply);
    answer.on("error", () => reply.destroy());
  });
  onward.on("error", () => reply.destroy());
  request.pipe(onward);
}

function isFalse({ method, path }, { statusCode }, message) {
  return FALSE_POSITIVES.some(
    (it) => it.method === method && it.path === path && it.status === statusCode && message.startsWith(it.begins),
  );
}

function count(operation) {
  judged.set(operation, (judged.get(operation) ?? 0) + 1);
}

function found(fault) {
  faults.set(fault, (faults.get(fault) ?? 0) + 1);
}

// Literal paths first, as `/issue/bulk` is no issue.
function operations(document) {
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path, pattern: pattern(path) })),
  );
  return all.sort((one, other) => one.path.split("{").length - other.path.split("{").length);
}

function pattern(template) {
  return new RegExp(`^${template.replace(/\{[^}]*\}/g, "[^/]+")}$`);
}

function freePort() {
  return new Promise((resolve) => {
    const probe = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

async function listening(port) {
  for (let tries = 0; tries < 600; tries++) {
    const open = await new Promise((resolve) => {
      const socket = net.connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
      socket.on("connect", () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  fail(`prism does not listen on ${port}`);
}

function fail(text) {
  console.error(`tests/prism/router: ${text}`);
  for (const judge of judges) judge.process?.removeAllListeners("exit").kill();
  process.exit(1);
}
