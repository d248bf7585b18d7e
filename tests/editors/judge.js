// Judges documents by a schema with ajv: a line of JSON per document on standard input, a JSON list of verdicts on
// standard output. Arguments: the folder with the packages, the schema.
"use strict";

const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { join } = require("node:path");

const [packages, schema] = process.argv.slice(2);
const Ajv = createRequire(join(packages, "index.js"))("ajv");
// not strict: the schema says things to editors that are no rules
const isValid = new Ajv({ strict: false }).compile(JSON.parse(readFileSync(schema, "utf8")));
const documents = readFileSync(0, "utf8").split("\n").filter((line) => line !== "");
process.stdout.write(JSON.stringify(documents.map((line) => isValid(JSON.parse(line)))));
