/** A user with a good token who may not sign in, in a browser. It has its own file, because it needs another setting. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import test from "node:test";

import { openPage, signIns, startApp, startBrowser, startStack } from "./stack.mjs";

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test("a user without the scope gets a NotAllowedError at once, and signs in with the scope", async (t) => {
  const port = await freePort();
  const provider = {
    name: "local",
    preset: "oidc",
    issuer: `http://127.0.0.1:${port}`,
    audience: "chime-signin",
    required_scopes: ["chat"],
  };
  const stack = await startStack({ settings: { PROVIDERS: JSON.stringify([provider]) }, ports: [0, port, 0] });
  t.after(stack.stop);
  const browser = await startBrowser();
  t.after(() => browser.close());
  const page = await openPage(t, browser, stack.app);

  await startApp(page, stack);
  const refused = await page.evaluate(() => app.caught(app.signIn.credentials()));

  assert.deepEqual([refused.name, refused.status, refused.reason], ["NotAllowedError", 403, "missing_scope"]);
  assert.equal(signIns(page), 1);

  await startApp(page, stack, { claims: { sub: "ada", scope: "chat" } });
  assert.equal((await page.evaluate(() => app.signIn.user())).userId, "ada");
});
