/** Firefox and WebKit: each opens pages and calls functions in them. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";

/** Serve the modules of the *folder* beside its page, or an empty one, under `localhost` and `127.0.0.1`, and return the port. */
export async function serve(t, folder) {
  const server = createServer(async ({ url }, response) => {
    const isModule = url.endsWith(".js");
    response.writeHead(200, { "Content-Type": isModule ? "text/javascript" : "text/html" });
    const page = () => readFile(join(folder, "index.html")).catch(() => "<!doctype html><title>An app</title>");
    response.end(await (isModule ? readFile(join(folder, url)) : page()));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(() => (server.closeAllConnections(), server.close()));
  return server.address().port;
}

/** Start Firefox by the puppeteer in *folder*. */
export async function firefox(t, executablePath, folder) {
  const puppeteer = createRequire(join(folder, "package.json"))("puppeteer-core");
  const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true, protocolTimeout: 120_000 });
  t.after(() => browser.close());
  const page = await browser.newPage();
  return {
    version: /\/(\d+)/.exec(await browser.version())[1],
    open: (url) => page.goto(url),
    call: (script) => page.evaluate(script),
  };
}

/** Start WebKit's MiniBrowser by its WebDriver, on a screen that nobody sees. */
export async function webkit(t, { driver, miniBrowser }) {
  const port = await freePort();
  const running = spawn("xvfb-run", ["--auto-servernum", driver, `--port=${port}`], { stdio: "ignore", detached: true });
  let at;
  t.after(async () => {
    if (at) await send("DELETE", at);
    process.kill(-running.pid); // xvfb-run, the screen and the driver
  });
  const send = (method, path, body) => webDriver(`http://127.0.0.1:${port}${path}`, method, body);
  const options = { binary: miniBrowser, args: ["--automation"] };
  await untilListening(port);
  const session = await send("POST", "/session", { capabilities: { alwaysMatch: { "webkitgtk:browserOptions": options } } });
  at = `/session/${session.sessionId}`;
  await send("POST", `${at}/timeouts`, { script: 120_000 });
  return {
    version: session.capabilities.browserVersion,
    open: (url) => send("POST", `${at}/url`, { url }),
    call: (script) => send("POST", `${at}/execute/async`, { script: `(${script}).then(arguments[0], (error) => arguments[0](\`\${error}\`))`, args: [] }),
  };
}

async function webDriver(url, method, body) {
  const answer = await fetch(url, { method, body: body && JSON.stringify(body) });
  const { value } = await answer.json();
  if (!answer.ok) throw new Error(`${value.error}: ${value.message}`);
  return value;
}

async function freePort() {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Wait until a server answers, whatever it says. */
async function untilListening(port) {
  for (let left = 300; ; left--) {
    try {
      return await fetch(`http://127.0.0.1:${port}/status`);
    } catch (error) {
      if (!left) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
