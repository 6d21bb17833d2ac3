/** Requests with tracing headers: a browser sends them only if the answer to the preflight allows it. */

import assert from "node:assert/strict";
import test from "node:test";

import { openPage, startBrowser, startStack } from "./stack.mjs";

const TRACING = {
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  baggage: "release=1",
  "Sentry-Trace": "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
};

test("a listed origin may send the headers of tracing, and another one may not", async (t) => {
  const stack = await startStack();
  t.after(stack.stop);
  const browser = await startBrowser();
  t.after(() => browser.close());

  // The address of the issuer is an origin that is not allowed.
  const [listed, other] = [await openPage(t, browser, stack.app), await openPage(t, browser, `${stack.urls.issuer}/jwks`)];

  assert.equal(await status(listed, stack), 200);
  assert.equal(await status(other, stack), "TypeError");
});

async function status(page, { urls }) {
  const answer = await fetch(`${urls.issuer}/token`, { method: "POST", body: '{"sub": "ada"}' });
  const { access_token: token } = await answer.json();
  const headers = { Authorization: `Bearer ${token}`, ...TRACING };
  return page.evaluate(
    ([url, init]) => fetch(url, init).then((signedIn) => signedIn.status, (error) => error.name),
    [`${urls.api}/signin`, { method: "POST", credentials: "include", headers }],
  );
}
