// Judges documents by a schema with ajv: a line of JSON on standard input is a list of documents, and a line of JSON on
// standard output its list of verdicts. Arguments: the folder with the packages, the schema.
"use strict";

const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { join } = require("node:path");
const { createInterface } = require("node:readline");

const [packages, schema] = process.argv.slice(2);
const Ajv = createRequire(join(packages, "index.js"))("ajv");
// not strict: the schema says things to editors that are no rules
const isValid = new Ajv({ strict: false }).compile(JSON.parse(readFileSync(schema, "utf8")));
createInterface({ input: process.stdin }).on("line", (line) => {
  const verdicts = JSON.parse(line).map((document) => isValid(document));
  process.stdout.write(`${JSON.stringify(verdicts)}\n`);
});
