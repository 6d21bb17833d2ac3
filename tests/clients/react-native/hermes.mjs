/** Run a bundle in Hermes, and be the phone around it: its clock and its network. */

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const WISH = /to the phone: (\{.*\})$/;

/** Evaluate the text *bundle* and then *start* in the program *hermes*. Return what the app tells as its outcome. */
export async function run(hermes, bundle, start) {
  const engine = spawn(hermes, ["-Xmicrotask-queue"], { stdio: ["pipe", "pipe", "inherit"] });
  const timers = new Set();
  const requests = new Map(); // what ends them, by their number
  const said = [];
  try {
    evaluate(bundle);
    evaluate(start);
    for await (const line of createInterface({ input: engine.stdout })) {
      const wish = JSON.parse(WISH.exec(line)?.[1] ?? "{}");
      if (wish.outcome) return wish.outcome;
      if (wish.timer) timers.add(setTimeout(() => call("fire", wish.timer), wish.ms));
      else if (wish.abort) requests.get(wish.abort)?.abort();
      else if (wish.request) request(wish);
      else said.push(line);
    }
    throw new Error(`Hermes ended. It had said:\n${said.join("\n").slice(-2000)}`);
  } finally {
    engine.kill();
    for (const timer of timers) clearTimeout(timer);
    for (const ended of requests.values()) ended.abort();
  }

  /** As one string in which all but letters and digits is escaped: whether a line is complete, Hermes only guesses. */
  function evaluate(source) {
    const escaped = source.replace(/\W/g, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`);
    engine.stdin.write(`(0, eval)("${escaped}"), undefined\n`);
  }

  function call(name, ...args) {
    evaluate(`phone.${name}(${args.map((arg) => JSON.stringify(arg)).join(", ")})`);
  }

  async function request({ request, method, url, headers, body }) {
    const ended = new AbortController();
    requests.set(request, ended);
    try {
      const answer = await fetch(url, { method, headers, body, signal: ended.signal });
      call("answer", request, { status: answer.status, headers: Object.fromEntries(answer.headers), text: await answer.text() });
    } catch (error) {
      if (!ended.signal.aborted) call("fail", request, error.message);
    }
  }
}
