// Parses SQL with dt-sql-parser's grammars: JSON lines {"sql", "grammar": "trino" | "hive"} in,
// JSON lines {"errors": [{"line", "column", "message"}], "ms"} out, in the same order.
import { register } from "node:module";
import { createInterface } from "node:readline";

// The package imports its own files without their endings, which Node does not find.
const hook = `export async function resolve(name, context, next) {
  try {
    return await next(name, context);
  } catch (error) {
    if (!name.startsWith(".")) throw error;
    for (const ending of ["/index.js", ".js"]) {
      try {
        return await next(name + ending, context);
      } catch {}
    }
    throw error;
  }
}`;
register(`data:text/javascript,${encodeURIComponent(hook)}`, import.meta.url);

const { TrinoSQL } = await import("dt-sql-parser/dist/parser/trino/index.js");
const { HiveSQL } = await import("dt-sql-parser/dist/parser/hive/index.js");
const grammars = { trino: new TrinoSQL(), hive: new HiveSQL() };

// Trino's parser refuses these after its grammar took them.
const refused = {
  BACKQUOTED_IDENTIFIER: "backquoted identifiers are not supported",
  DIGIT_IDENTIFIER: "identifiers must not start with a digit",
};

function tokenFaults(grammar, sql) {
  const names = grammar.createLexer(sql).vocabulary;
  return grammar
    .getAllTokens(sql)
    .map((token) => [token, refused[names.getSymbolicName(token.type)]])
    .filter(([, message]) => message)
    .map(([token, message]) => ({ line: token.line, column: token.column + 1, message }));
}

for await (const line of createInterface({ input: process.stdin })) {
  if (!line) continue;
  const { sql, grammar } = JSON.parse(line);
  const started = performance.now();
  const errors = grammars[grammar]
    .validate(sql)
    .map(({ startLine, startColumn, message }) => ({ line: startLine, column: startColumn, message }));
  if (grammar === "trino") errors.push(...tokenFaults(grammars.trino, sql));
  console.log(JSON.stringify({ errors, ms: Math.round(performance.now() - started) }));
}
