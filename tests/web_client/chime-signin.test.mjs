/** What the web client sends, returns and keeps: real HTTP, with time as an argument. */

import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import test from "node:test";

import { NotAllowedError, chimeSignIn } from "../../web_client/src/chime-signin.js";
import { EXPIRED, error, second, signInAt, signedIn, stillClock } from "./service.mjs";

const MINUTE = 60_000;

test("the token is sent as a bearer token, and nothing else", async (t) => {
  const { signIn, requests } = await signInAt(t, [signedIn()]);

  await signIn.credentials();

  const [{ method, url, headers }] = requests;
  assert.deepEqual([method, url, headers.authorization], ["POST", "/signin", "Bearer kept"]);
  assert.equal(headers["content-length"], "0");
  assert.equal(headers["cache-control"], "no-cache", "no cached answer is allowed");
});

test("credentials have what the AWS SDK expects", async (t) => {
  const { signIn } = await signInAt(t, [signedIn()]);

  const { expiration, ...keys } = await signIn.credentials();

  assert.deepEqual(keys, { accessKeyId: "ASIAONE", secretAccessKey: "secret", sessionToken: "session" });
  assert.ok(expiration instanceof Date);
});

test("the user has what a Chime client needs", async (t) => {
  const { signIn } = await signInAt(t, [signedIn()]);

  assert.deepEqual(await signIn.user(), {
    userArn: "arn:aws:chime:us-east-1:123456789012:app-instance/i/user/ada",
    userId: "ada",
    name: "Ada Lovelace",
    region: "us-east-1",
    appInstanceArn: "arn:aws:chime:us-east-1:123456789012:app-instance/i",
  });
});

test("a guest is told apart, and nobody else", async (t) => {
  const { signIn } = await signInAt(t, [signedIn({ ChimeGuest: true })]);
  const other = await signInAt(t, [signedIn()]);

  assert.equal((await signIn.user()).guest, true);
  assert.ok(!("guest" in (await other.signIn.user())));
});

test("there is no request until something is needed", async (t) => {
  const { requests, asked } = await signInAt(t, [signedIn()]);

  await turn();

  assert.deepEqual([requests, asked], [[], []]);
});

test("credentials works as a plain function, as the AWS SDK calls it", async (t) => {
  const { credentials } = (await signInAt(t, [signedIn()])).signIn;

  assert.equal((await credentials({ callerClientConfig: {} })).accessKeyId, "ASIAONE");
});

test("fifty callers at once make one request", async (t) => {
  const { signIn, requests, asked } = await signInAt(t, [signedIn()]);

  const all = await Promise.all(Array.from({ length: 50 }, (_, i) => (i % 2 ? signIn.user() : signIn.credentials())));

  assert.equal(all.length, 50);
  assert.deepEqual([requests.length, asked], [1, [false]]);
});

test("fifty callers of a service that refuses make one request", async (t) => {
  const { signIn, requests } = await signInAt(t, [error(403, "forbidden")]);

  const all = await Promise.allSettled(Array.from({ length: 50 }, () => signIn.credentials()));

  assert.ok(all.every(({ reason }) => reason instanceof NotAllowedError));
  assert.equal(requests.length, 1);
});

test("credentials are kept while they are fresh", async (t) => {
  const { signIn, asked, clock } = await signInAt(t, [signedIn(), second]);
  await signIn.credentials();

  clock.pass(50 * MINUTE - 1);

  assert.equal((await signIn.credentials()).accessKeyId, "ASIAONE");
  assert.equal(asked.length, 1);
});

test("changes of a returned object do not reach the next caller", async (t) => {
  const { signIn } = await signInAt(t, [signedIn()]);
  (await signIn.credentials()).accessKeyId = "changed";
  (await signIn.user()).name = "changed";

  assert.equal((await signIn.credentials()).accessKeyId, "ASIAONE");
  assert.equal((await signIn.user()).name, "Ada Lovelace");
});

test("the expiration is by this machine's clock, not by the server's", async (t) => {
  const { signIn, clock } = await signInAt(t, [signedIn()]);

  assert.equal((await signIn.credentials()).expiration.getTime(), clock.now.wallClock + 60 * MINUTE);
  clock.pass(10 * MINUTE);
  assert.equal((await signIn.credentials()).expiration.getTime(), clock.now.wallClock + 50 * MINUTE);
});

test("the time until the answer arrived is subtracted", async (t) => {
  const clock = stillClock();
  const slow = () => (clock.pass(5000), signedIn());
  const { signIn } = await signInAt(t, [slow], { time: clock });

  assert.equal((await signIn.credentials()).expiration.getTime(), clock.now.wallClock + 60 * MINUTE - 5000);
});

test("a browser of 2022 is enough", async (t) => {
  for (const name of ["any", "timeout"]) {
    const later = Object.getOwnPropertyDescriptor(AbortSignal, name);
    delete AbortSignal[name];
    t.after(() => Object.defineProperty(AbortSignal, name, later));
  }
  const { signIn } = await signInAt(t, [signedIn()], { time: {} });

  assert.equal((await signIn.credentials()).accessKeyId, "ASIAONE");
});

test("fetch can be given, and the global one is not used", async (t) => {
  const calls = [];
  const send = async (...call) => (calls.push(call), Response.json(signedIn().body));
  const { signIn, endpoint, requests } = await signInAt(t, [error(500, "internal")], { fetch: send });

  assert.equal((await signIn.credentials()).accessKeyId, "ASIAONE");

  const [[url, { method, headers, redirect, credentials, cache }]] = calls;
  assert.deepEqual([url, method, headers], [endpoint, "POST", { Authorization: "Bearer kept" }]);
  assert.deepEqual([redirect, credentials, cache], ["error", "omit", "no-store"]);
  assert.deepEqual(requests, []);
});

test("the server's clock is known from its answer, to the second", async (t) => {
  const { signIn, clock } = await signInAt(t, [signedIn()]);
  assert.equal(signIn.clockOffset(), 0);

  await signIn.credentials();

  assert.equal(signIn.clockOffset(), Date.UTC(2031, 0, 1) - clock.now.wallClock);
});

test("nothing is logged, and no error contains the token or a key", async (t) => {
  const said = [];
  for (const name of ["log", "info", "warn", "error", "debug"]) t.mock.method(console, name, (...all) => said.push(all));
  const told = [];
  for (const answer of [signedIn({ ExpiresIn: 0 }), EXPIRED, "hang up", error(502, "upstream_error")]) {
    const { signIn } = await signInAt(t, [answer], { patience: 0, getToken: () => "a-secret-token" });
    await signIn.credentials().catch((refused) => told.push(refused.stack, String(refused.cause)));
  }

  assert.deepEqual(said, []);
  assert.doesNotMatch(told.join(), /a-secret-token|ASIA|"secret"/);
});
