// What Lambda's runtime does, as little as can be: load the handler, then answer an event a line on the descriptor
// that the second argument names, with the handler's answer or its error. What the function prints goes where its
// standard output goes.
const fs = require("node:fs");
const { performance } = require("node:perf_hooks");

const { handler } = require(process.argv[2]);
const answers = Number(process.argv[3]);

async function answer(line) {
  const event = JSON.parse(line);
  const start = performance.now();
  let told;
  try {
    const value = await handler(event);
    told = { milliseconds: performance.now() - start, answer: value };
  } catch (error) {
    told = { error: error.message };
  }
  fs.writeSync(answers, JSON.stringify(told) + "\n");
}

let received = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (text) => {
  const lines = (received + text).split("\n");
  received = lines.pop();
  lines.forEach(answer);
});
