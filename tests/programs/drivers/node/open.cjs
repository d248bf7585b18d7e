// Opens what stands on each line of the standard input, as JSON, and prints what it is told there.
const { createRequire } = require("node:module");
const { createInterface } = require("node:readline");

const packages = createRequire(`${process.argv[2]}/`);
const { Client } = packages("pg");

async function answerOfPrisma(text, sql) {
  const { PrismaPg } = packages("@prisma/adapter-pg");
  const adapter = await new PrismaPg({ connectionString: text }).connect();
  try {
    return (await adapter.queryRaw({ sql, args: [], argTypes: [] })).rows[0][0];
  } finally {
    await adapter.dispose();
  }
}

async function answer({ driver, text, sql }) {
  if (driver === "prisma") {
    return answerOfPrisma(text, sql);
  }
  if (text.startsWith("/")) {
    const { DatabaseSync } = require("node:sqlite");
    return Object.values(new DatabaseSync(text).prepare(sql).get())[0];
  }
  const client = new Client({ connectionString: text });
  await client.connect();
  try {
    return Object.values((await client.query(sql)).rows[0])[0];
  } finally {
    await client.end();
  }
}

async function main() {
  for await (const line of createInterface({ input: process.stdin })) {
    const told = await answer(JSON.parse(line)).then(
      (said) => ({ said: String(said) }),
      (error) => ({ error: String(error) }),
    );
    console.log(JSON.stringify(told));
  }
}

main();
