// node api.mjs FILE: holds what a daemon answered and sent against its descriptions. FILE has a JSON object a line: first
// {"openapi": PATH, "asyncapi": PATH}, then
//   {"method", "path", "status", "type", "body"}   an answer; path as in the document, body as text
//   {"method", "path", "brought", "body"}          a body that the daemon took, of that content type
//   {"schema", "body"}                             a value of that component
//   {"message", "body"}                            what was sent as that message
// Nothing may be there that a description does not name, although they allow it to clients of later versions.
// Prints a line for each fault, one for each answer that is described and did not come, and how many were looked at.
import { readFileSync } from "node:fs";
import Ajv from "ajv/dist/2020.js";
import formats from "ajv-formats";

const [first, ...records] = readFileSync(process.argv[2], "utf8").split("\n").filter(Boolean).map((l) => JSON.parse(l));
const documents = {
  openapi: JSON.parse(readFileSync(first.openapi, "utf8")),
  asyncapi: JSON.parse(readFileSync(first.asyncapi, "utf8")),
};

// Objects that list their members have no others.
function close(schema) {
  if (Array.isArray(schema)) schema.forEach(close);
  else if (schema && typeof schema === "object") {
    Object.values(schema).forEach(close);
    if (schema.type === "object" && typeof schema.properties === "object") schema.additionalProperties ??= false;
  }
}

const ajv = new Ajv({ strict: false, allErrors: true });
formats(ajv);
for (const [name, document] of Object.entries(documents)) {
  close(document.components.schemas);
  ajv.addSchema(document, name);
}

const pointer = (...parts) => parts.map((p) => encodeURIComponent(p.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/");

function check(document, where, value, what) {
  const validate = ajv.getSchema(`${document}#/${where}`);
  if (!validate) return console.log(`fault: ${what}: no schema at ${where}`);
  if (validate(value)) return;
  const faults = validate.errors.slice(0, 4).map((e) => `${e.instancePath} ${e.message} ${JSON.stringify(e.params)}`);
  console.log(`fault: ${what}: ${faults.join("; ")}: ${JSON.stringify(value).slice(0, 400)}`);
}

// The values of a body: of NDJSON one a line.
function values(type, body) {
  if (type.endsWith("json") && type !== "application/x-ndjson") return [JSON.parse(body)];
  if (type === "application/x-ndjson") return body.split("\n").filter(Boolean).map((l) => JSON.parse(l));
  return [body];
}

const seen = new Set();

function answer(r) {
  const operation = documents.openapi.paths[r.path]?.[r.method.toLowerCase()];
  const what = `${r.method} ${r.path}: ${r.status}`;
  const type = r.type.replace(/;.*/, "");
  let described = operation?.responses[r.status], at = ["paths", r.path, r.method.toLowerCase(), "responses", `${r.status}`];
  if (described?.$ref) {
    at = described.$ref.slice(2).split("/");
    described = documents.openapi.components.responses[at[2]];
  }
  if (!described?.content?.[type]) return console.log(`fault: ${what} ${type} is not described`);
  seen.add(`${r.method} ${r.path} ${r.status} ${type}`);
  for (const value of values(type, r.body)) check("openapi", pointer(...at, "content", type, "schema"), value, what);
}

function brought(r) {
  const at = ["paths", r.path, r.method.toLowerCase(), "requestBody", "content", r.brought, "schema"];
  const media = documents.openapi.paths[r.path][r.method.toLowerCase()].requestBody?.content?.[r.brought];
  if (media && !media.schema) return; // a gateway's own form
  for (const value of values(r.brought, r.body)) check("openapi", pointer(...at), value, `${r.method} ${r.path}`);
}

for (const r of records) {
  if (r.message) {
    if (!documents.asyncapi.components.messages[r.message]) console.log(`fault: there is no message ${r.message}`);
    else check("asyncapi", pointer("components", "schemas", r.message), r.body, r.message);
    seen.add(r.message);
  } else if (r.schema) check("openapi", pointer("components", "schemas", r.schema), r.body, r.schema);
  else if (r.brought) brought(r);
  else answer(r);
}

for (const [path, item] of Object.entries(documents.openapi.paths))
  for (const [method, operation] of Object.entries(item))
    for (const [status, described] of Object.entries(operation.responses))
      for (const type of Object.keys(described.content ?? {}).filter((t) => t !== "text/event-stream")) // they do not end
        if (status < 400 && !seen.has(`${method.toUpperCase()} ${path} ${status} ${type}`))
          console.log(`never seen: ${method.toUpperCase()} ${path} ${status} ${type}`);
for (const name of Object.keys(documents.asyncapi.components.messages))
  if (name !== "LogEvent" && !seen.has(name)) console.log(`never seen: ${name}`);
console.log(`${records.length} looked at`);
