// What Lambda's runtime does, as little as can be: load the handler, then answer an event a line on the descriptor
// that the second argument names. What the function prints goes where its standard output goes.
const fs = require("node:fs");
const { performance } = require("node:perf_hooks");

const { handler } = require(process.argv[2]);
const answers = Number(process.argv[3]);

async function answer(line) {
  const event = JSON.parse(line);
  const start = performance.now();
  const value = await handler(event);
  const milliseconds = performance.now() - start;
  fs.writeSync(answers, JSON.stringify({ milliseconds, answer: value }) + "\n");
}

let received = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (text) => {
  const lines = (received + text).split("\n");
  received = lines.pop();
  lines.forEach(answer);
});
