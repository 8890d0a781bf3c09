// node lint.mjs FILE: holds documents of the API against Spectral's rules for OpenAPI and AsyncAPI. FILE names one a
// line. Prints a line for each finding, of whatever severity, and in the end how many documents there were.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import spectral from "@stoplight/spectral-core";
import parsers from "@stoplight/spectral-parsers";
import rulesets from "@stoplight/spectral-rulesets";

const ruleset = {
  extends: [rulesets.oas, rulesets.asyncapi],
  rules: {
    // There is nobody to write to on behalf of whoever runs a daemon.
    "info-contact": "off",
    "asyncapi-info-contact": "off",
    // OpenAPI 3.1 allows names of roles where a scheme has no scopes; the rule is 3.0's.
    "oas3-operation-security-defined": "off",
    // 3.0.0 is meant.
    "asyncapi-latest-version": "off",
  },
};

const linter = new spectral.Spectral();
linter.setRuleset(ruleset);
const files = readFileSync(process.argv[2], "utf8").split("\n").filter(Boolean);
for (const file of files) {
  const document = new spectral.Document(readFileSync(file, "utf8"), parsers.Json, file);
  for (const found of await linter.run(document)) {
    console.log(`${basename(file)}:${found.range.start.line + 1}: ${found.code}: ${found.message}`);
  }
}
console.log(`${files.length} documents`);
