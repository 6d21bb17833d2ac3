/** The web client in a browser, for what depends on the browser: CORS, clocks and sleep. */

import assert from "node:assert/strict";
import test, { after, afterEach, before } from "node:test";

import { openPage, signIns, spoil, startApp, startBrowser, startStack, startStranger, until } from "./stack.mjs";

let stack, browser;
before(async () => ([stack, browser] = await Promise.all([startStack(), startBrowser()])));
afterEach(() => stack.mend());
after(() => Promise.all([stack?.stop(), browser?.close()]));

/** Open an app whose origin is not the API's. */
async function openApp(t, options = {}) {
  const page = await openPage(t, browser, options.origin ?? stack.app, options);
  await startApp(page, stack, options);
  return page;
}

const keyOf = (page) => page.evaluate(async () => (await app.signIn.credentials()).accessKeyId);
const refusalOf = (page) => page.evaluate(() => app.caught(app.signIn.credentials()));

test("an app of another origin signs in", async (t) => {
  const page = await openApp(t);

  const user = await page.evaluate(() => app.signIn.user());

  assert.deepEqual([user.userId, user.name, user.region], ["ada", "Ada Lovelace", "us-east-1"]);
});

test("an origin that is not listed cannot read the answer", async (t) => {
  const page = await openApp(t, { origin: await startStranger(t), patience: 0 });

  assert.deepEqual(await refusalOf(page), { name: "UnavailableError", url: `${stack.urls.api}/signin` });
});

test("a page that is developed on localhost, on any port, signs in to the local stack", async (t) => {
  const page = await openApp(t, { origin: await startStranger(t, "localhost"), patience: 0 });

  const user = await page.evaluate(() => app.signIn.user());

  assert.equal(user.userId, "ada");
});

test("fifty callers make one request", async (t) => {
  const page = await openApp(t);

  const keys = await page.evaluate(() => Promise.all(Array.from({ length: 50 }, () => app.signIn.credentials())));

  assert.equal(new Set(keys.map(({ accessKeyId }) => accessKeyId)).size, 1);
  assert.equal(signIns(page), 1);
});

test("an expired token is replaced without an error", async (t) => {
  const page = await openApp(t, { claims: { sub: "ada", expires_in: -60 }, fresh: { sub: "ada" } });

  assert.match(await keyOf(page), /^ASIA/);
  assert.equal(signIns(page), 2);
});

for (const [what, claims, name, reason, requests] of [
  ["only expired tokens", { sub: "ada", expires_in: -60 }, "SignInAgainError", "token_expired", 2],
  ["somebody else's token", { sub: "ada", aud: "another-service" }, "SignInError", "wrong_audience", 1],
]) {
  test(`${what}: ${name}`, async (t) => {
    const page = await openApp(t, { claims });

    const refused = await refusalOf(page);

    assert.deepEqual([refused.name, refused.status, refused.reason], [name, 401, reason]);
    assert.equal(signIns(page), requests);
  });
}

test("an unknown path: the preflight fails, which is an UnavailableError", async (t) => {
  const page = await openApp(t, { path: "/nowhere", patience: 0 });

  assert.equal((await refusalOf(page)).name, "UnavailableError");
});

test("AWS refuses: a SignInError, because something has to be repaired", async (t) => {
  await spoil(stack, "aws", { operation: "AssumeRole", error: "AccessDenied", status: 403, times: -1 });
  const page = await openApp(t);

  const refused = await refusalOf(page);

  assert.deepEqual([refused.name, refused.status], ["SignInError", 502]);
});

const THROTTLED = { operation: "AssumeRole", error: "Throttling", status: 400, times: -1 };

test("AWS throttles and stops: Retry-After is read across origins, and the next attempt is made after it, and not before", async (t) => {
  await spoil(stack, "aws", THROTTLED);
  const page = await openApp(t, { clock: {} });
  await page.clock.pauseAt(Date.now() + 3600_000);
  const waiting = keyOf(page);
  await page.waitForFunction(() => app.signIn.state().status === "waiting");
  const { name, status, retryAfter } = await page.evaluate(() => app.caught(Promise.reject(app.signIn.state().error)));
  await stack.mend();

  let waited = 0;
  for (; signIns(page) === 1; waited += 50) await page.clock.runFor(50);

  assert.match(await waiting, /^ASIA/);
  assert.deepEqual([name, status], ["UnavailableError", 429]);
  assert.ok(retryAfter >= 1 && waited >= 1000 * retryAfter, `${waited} ms were waited, and ${retryAfter} s were asked for`);
});

test("no cookie is sent, even if the app has the origin of the service", async (t) => {
  const page = await openApp(t, { origin: `${stack.urls.api}/` });
  await page.evaluate(() => (document.cookie = "session=secret"));
  const sent = page.waitForRequest(/\/signin$/);

  await keyOf(page);

  assert.equal(await (await sent).headerValue("Cookie"), null);
});

test("the issuer is down: an UnavailableError, until it is back", async (t) => {
  await rotate();
  await spoil(stack, "issuer", { status: 500, times: -1 });
  const page = await openApp(t, { patience: 0 });

  const refused = await refusalOf(page);
  assert.deepEqual([refused.name, refused.status, refused.retryAfter], ["UnavailableError", 503, 5]);

  await stack.mend();
  await startApp(page, stack); // with patience: the functions wait before they ask the issuer again
  assert.match(await keyOf(page), /^ASIA/);
});

const rotate = () => fetch(`${stack.urls.issuer}/local/rotate`, { method: "POST", body: "{}" });

test("the network fails and comes back: the call succeeds", async (t) => {
  const page = await openApp(t);
  await page.evaluate(() => app.signIn.user());
  await page.context().setOffline(true);
  const failed = page.waitForEvent("requestfailed");
  const waiting = page.evaluate(async () => (await app.signIn.credentials({ forceRefresh: true })).accessKeyId);

  await failed;
  await page.context().setOffline(false);

  assert.match(await waiting, /^ASIA/);
});

test("signing out ends the request under way", async (t) => {
  await spoil(stack, "aws", { operation: "AssumeRole", delay_ms: 5000, times: 1 });
  const page = await openApp(t);

  const refused = await page.evaluate(() => {
    const waiting = app.caught(app.signIn.credentials());
    app.end.abort();
    return waiting;
  });

  assert.equal(refused.name, "AbortError");
});

test("errors of the gateway and of the functions can be read across origins, headers included", async (t) => {
  const page = await openPage(t, browser, stack.app);
  await spoil(stack, "aws", { operation: "AssumeRole", error: "AccessDenied", status: 403, times: -1 });

  const read = await page.evaluate(async ({ api, issuer }) => {
    const token = await (await fetch(`${issuer}/token`, { method: "POST", body: '{"sub": "ada"}' })).json();
    const call = async (headers, body) => {
      const answer = await fetch(`${api}/signin`, { method: "POST", credentials: "include", headers, body });
      return [answer.status, (await answer.json()).error, answer.headers.get("WWW-Authenticate")];
    };
    return Promise.all([
      call({}),
      call({ Authorization: "Bearer nonsense" }),
      call({ Authorization: `Bearer ${token.access_token}` }),
      call({ Authorization: `Bearer ${token.access_token}`, "Content-Type": "text/plain" }, "x".repeat(11 * 2 ** 20)),
    ]);
  }, stack.urls);

  assert.deepEqual(read, [
    [401, "unauthorized", 'Bearer realm="chime-signin"'],
    [401, "invalid_token", 'Bearer realm="chime-signin", error="invalid_token"'],
    [502, "upstream_error", null],
    [413, "too_large", null],
  ]);
});

test("an hour later the credentials have been refreshed, before they ended", async (t) => {
  const page = await openApp(t, { clock: {} });
  const first = await keyOf(page);
  await page.clock.fastForward("40:00");
  assert.equal(await keyOf(page), first);
  assert.equal(signIns(page), 1);

  await page.clock.fastForward("11:00");
  assert.equal(await keyOf(page), first, "nobody waits for it");
  await until(async () => (await keyOf(page)) !== first);
  assert.equal(signIns(page), 2);
});

test("a renewal makes no call of Chime, and forceRefresh makes a full sign-in", async (t) => {
  const page = await openApp(t, { clock: {} });
  await keyOf(page);
  const renewal = await callsOf(async () => {
    await page.clock.fastForward("59:30");
    await keyOf(page);
  });

  const full = await callsOf(() => page.evaluate(() => app.signIn.credentials({ forceRefresh: true })));

  assert.deepEqual(renewal.map(({ operation }) => operation), ["AssumeRole"]);
  assert.ok(full.some(({ operation }) => operation === "DescribeAppInstanceUser"));
  assert.equal(signIns(page), 3);
});

/** Return the calls that AWS received while *work* was done. */
async function callsOf(work) {
  await fetch(`${stack.urls.aws}/local/calls`, { method: "DELETE" });
  await work();
  return (await fetch(`${stack.urls.aws}/local/calls`)).json();
}

test("a client of the AWS SDK refreshes the credentials by itself", async (t) => {
  const page = await openPage(t, browser, `${stack.urls.api}/`, { clock: {} });
  await startApp(page, stack);
  const useIt = () =>
    page.evaluate(async (endpoint) => {
      const { GetCallerIdentityCommand, STSClient } = await import("/local/aws-sdk.js");
      app.sts ??= new STSClient({ region: "us-east-1", endpoint, credentials: app.signIn.credentials });
      return (await app.sts.send(new GetCallerIdentityCommand({}))).Arn;
    }, stack.urls.aws);
  assert.match(await useIt(), /chime_ada$/);
  assert.match(await useIt(), /chime_ada$/);
  assert.equal(signIns(page), 1);

  await page.clock.fastForward("59:30");

  assert.match(await useIt(), /chime_ada$/);
  assert.equal(signIns(page), 2);
});

test("after eight hours of sleep the first call gets new credentials", async (t) => {
  const page = await openApp(t, { clock: {} });
  const first = await keyOf(page);

  // Timers and performance.now() stand still, as on many machines that sleep; only the time of day goes on.
  await page.clock.setSystemTime(Date.now() + 8 * 3600_000);

  assert.notEqual(await keyOf(page), first);
  assert.equal(signIns(page), 2);
});

for (const [what, hours] of [["behind", -26], ["ahead", 26]]) {
  test(`a browser whose clock is a day ${what} signs in once, and its calls are accepted`, async (t) => {
    const page = await openPage(t, browser, `${stack.urls.api}/`, { clock: { time: Date.now() + hours * 3600_000 } });
    await startApp(page, stack);

    const [left, arn] = await page.evaluate(async (endpoint) => {
      const { GetCallerIdentityCommand, STSClient } = await import("/local/aws-sdk.js");
      const { credentials } = app.signIn;
      const sts = new STSClient({ region: "us-east-1", endpoint, credentials });
      const { Arn } = await sts.send(new GetCallerIdentityCommand({}));
      return [(await credentials()).expiration - Date.now(), Arn];
    }, stack.urls.aws);

    assert.ok(left > 3500_000 && left <= 3600_000, `${left} ms left`);
    assert.match(arn, /chime_ada$/);
    assert.equal(signIns(page), 1);
  });
}

test("a client of the AWS SDK that knows the clock offset is understood at once, even if the clock is wrong by a day", async (t) => {
  const page = await openPage(t, browser, `${stack.urls.api}/`, { clock: { time: Date.now() + 24 * 3600_000 } });
  await startApp(page, stack);
  await page.evaluate(() => app.signIn.user());

  const calls = await callsOf(() =>
    page.evaluate(async (endpoint) => {
      const { GetCallerIdentityCommand, STSClient } = await import("/local/aws-sdk.js");
      const { credentials, clockOffset } = app.signIn;
      const settings = { region: "us-east-1", endpoint, credentials, systemClockOffset: clockOffset() };
      await new STSClient(settings).send(new GetCallerIdentityCommand({}));
    }, stack.urls.aws),
  );

  assert.deepEqual(calls.map(({ operation, status }) => [operation, status]), [["GetCallerIdentity", 200]]);
});

test("nothing is stored, and nothing is logged", async (t) => {
  const page = await openApp(t);
  await keyOf(page);

  const stored = await page.evaluate(async () => [
    localStorage.length,
    sessionStorage.length,
    document.cookie,
    (await indexedDB.databases()).length,
    (await caches.keys()).length,
  ]);

  assert.deepEqual(stored, [0, 0, "", 0, 0]);
  assert.deepEqual([page.said, await page.context().cookies()], [[], []]);
});

const TRACING = {
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  baggage: "release=1",
  "Sentry-Trace": "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
};

test("a listed origin may send the headers of tracing, and another one may not", async (t) => {
  // The address of the issuer is an origin that is not allowed.
  const [listed, other] = [await openPage(t, browser, stack.app), await openPage(t, browser, `${stack.urls.issuer}/jwks`)];

  assert.equal(await traced(listed), 200);
  assert.equal(await traced(other), "TypeError");
});

/** Sign in from *page* with the headers of tracing. A browser sends them only if the answer to the preflight allows it. */
async function traced(page) {
  const answer = await fetch(`${stack.urls.issuer}/token`, { method: "POST", body: '{"sub": "ada"}' });
  const { access_token: token } = await answer.json();
  const headers = { Authorization: `Bearer ${token}`, ...TRACING };
  return page.evaluate(
    ([url, init]) => fetch(url, init).then((signedIn) => signedIn.status, (error) => error.name),
    [`${stack.urls.api}/signin`, { method: "POST", credentials: "include", headers }],
  );
}
