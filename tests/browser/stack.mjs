/** Start the local stack, and open pages in a real browser. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { beforeEach } from "node:test";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

const ROOT = new URL("../../", import.meta.url);
const CLIENT = "/local/web_client/chime-signin.js";
const MODULE = new URL("web_client/dist/chime-signin.js", ROOT);

/** Options that keep Chromium from calling Google at every start. */
const QUIET = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-gpu",
  "--disable-quic",
  "--disable-sync",
  "--no-first-run",
  "--no-sandbox", // CI is root in a container
];

const TEST_MS = 150_000; // more than a page waits

// A test that hangs ends its file, and says which it is. The runner ends a file that hangs before its first test.
if (process.env.NODE_TEST_CONTEXT) {
  let limit;
  const end = (name) => (console.error(`This test hangs: ${name}`), process.exit(1));
  beforeEach(({ name }) => (clearTimeout(limit), (limit = setTimeout(end, TEST_MS, name).unref())));
  process.once("SIGTERM", () => process.exit(143)); // not without what has to be done at the exit
}

/**
 * Start the stack on free ports with the command that people use. Open apps at `app`: that is the page of the stack under
 * another name, so that its origin is not that of `urls.api`, but one of the allowed origins.
 */
export async function startStack({ settings = {}, parameters = {}, ports = [0, 0, 0] } = {}) {
  const options = ["--port", "--issuer-port", "--aws-port"].flatMap((name, i) => [name, `${ports[i]}`]);
  const set = [...given("--set", settings), ...given("--parameter", parameters)];
  const python = fileURLToPath(new URL(".venv/bin/python", ROOT));
  const command = ["-m", "local", "--json", ...options, ...set];
  const { PATH, HOME, LD_LIBRARY_PATH } = process.env; // and nothing that boto3 or moto would read
  const env = { PATH, HOME, LD_LIBRARY_PATH };
  const running = spawn(python, command, { cwd: fileURLToPath(ROOT), env, stdio: ["ignore", "pipe", "ignore"] });
  process.once("exit", () => running.kill()); // whatever has ended this process
  const ended = once(running, "exit");
  const lines = createInterface({ input: running.stdout });
  const [line] = await Promise.race([once(lines, "line"), once(lines, "close").then(() => ["null"])]);
  const urls = JSON.parse(line);
  if (!urls) throw new Error("The local stack did not start; make run says why.");
  const stop = async () => (running.kill(), await ended);
  return { urls, app: urls.api.replace("127.0.0.1", "localhost"), stop, mend: () => mend(urls) };
}

/** Wait until *check* returns something, and return it. With pauses, because what it waits for needs the processor, too. */
export async function until(check) {
  for (;;) {
    const found = await check();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function given(option, values) {
  return Object.entries(values).flatMap(([name, value]) => [option, `${name}=${value}`]);
}

async function mend({ issuer, aws }) {
  await Promise.all([issuer, aws].map((side) => fetch(`${side}/local/faults`, { method: "DELETE" })));
}

/** Set a fault at the stack's *side*, "aws" or "issuer". */
export async function spoil({ urls }, side, fault) {
  const answer = await fetch(`${urls[side]}/local/faults`, { method: "POST", body: JSON.stringify(fault) });
  if (!answer.ok) throw new Error(await answer.text());
}

/** A microphone that beeps, a camera that counts, a user who lets every page have them, and calls without a network. */
const FAKE_DEVICES = [
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  "--allow-loopback-in-peer-connection",
];

/**
 * Start the browser. It trusts the certificate whose public key has the SHA-256 *trusting*, and has *fakeDevices* in
 * place of a camera and a microphone.
 */
export function startBrowser({ trusting = "", fakeDevices = false } = {}) {
  const args = [...QUIET, `--ignore-certificate-errors-spki-list=${trusting}`, ...(fakeDevices ? FAKE_DEVICES : [])];
  const handleSIGTERM = false; // or this process would not end at it
  return chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args, handleSIGTERM });
}

/** Open a page in a new browser context, which is closed when test *t* ends. */
export async function openPage(t, browser, url, { clock } = {}) {
  const context = await browser.newContext({ viewport: { width: 1120, height: 900 } });
  t.after(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(120_000); // a safety net only: no test depends on it
  page.said = [];
  page.on("console", (message) => page.said.push(message.text()));
  page.uncaught = [];
  page.on("pageerror", (error) => page.uncaught.push(error.message));
  page.requests = [];
  page.on("request", (request) => page.requests.push(request));
  if (clock) await page.clock.install(clock);
  await page.goto(url);
  return page;
}

/** Serve an app at an origin of *host* that the stack does not list. Pages of `http://localhost` are let in all the same. */
export async function startStranger(t, host = "127.0.0.1") {
  const types = { "/": ["text/html", "<!doctype html>"], [CLIENT]: ["text/javascript", await readFile(MODULE)] };
  const server = createServer(({ url }, response) => {
    const [type, body] = types[url] ?? ["text/plain", ""];
    response.writeHead(200, { "Content-Type": type }).end(body);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(() => (server.closeAllConnections(), server.close()));
  return `http://${host}:${server.address().port}`;
}

/**
 * Put an app into *page*: `app.signIn`, made by the web client, and `app.caught(promise)`, which returns an error with its
 * name. Its tokens come from the issuer and have *claims*, or *fresh* if the web client asks for a fresh token.
 */
export async function startApp(page, { urls }, { claims = { sub: "ada", name: "Ada Lovelace" }, fresh, path, ...rest } = {}) {
  await page.evaluate(
    async ({ urls, module, claims, fresh, path, rest }) => {
      const { chimeSignIn } = await import(module);
      const end = new AbortController();
      const ask = async (claims) => {
        const answer = await fetch(`${urls.issuer}/token`, { method: "POST", body: JSON.stringify(claims) });
        return (await answer.json()).access_token;
      };
      let kept;
      const getToken = ({ forceRefresh }) => (forceRefresh ? ask(fresh ?? claims) : (kept ??= ask(claims)));
      const caught = (promise) =>
        promise.then(
          () => "nothing",
          ({ name, ...told }) => ({ name, ...JSON.parse(JSON.stringify(told)) }),
        );
      const signIn = chimeSignIn({ endpoint: urls.api + path, getToken, signal: end.signal, ...rest });
      window.app = { signIn, end, caught };
    },
    { urls, module: new URL(CLIENT, page.url()).href, claims, fresh, path: path ?? "/signin", rest },
  );
}

/** Return the page of the documentation at *path*, such as "README.md". */
export const documentation = (path) => readFile(new URL(path, ROOT), "utf8");

/** Return the example app in the page of the documentation at *path*. */
export async function exampleIn(path) {
  return /^```js\n(.*?)^```$/ms.exec(await documentation(path))[1];
}

/** Return the one file of docs/web-start.md under *heading*, with the addresses of the stack. */
export async function firstApp({ urls: { api, issuer, aws } }, heading) {
  const [, section] = (await documentation("docs/web-start.md")).split(`\n## ${heading}\n`);
  const [, code] = /^```(?:jsx?|html)\n(.*?)^```$/ms.exec(section);
  return code.replace("http://127.0.0.1:3000", api).replace("http://127.0.0.1:3001", issuer).replace("http://127.0.0.1:3002", aws);
}

/** Return how many requests the service received. */
export function signIns(page) {
  return page.requests.filter((request) => request.method() === "POST" && /\/(signin|creds)(\?.*)?$/.test(request.url())).length;
}
