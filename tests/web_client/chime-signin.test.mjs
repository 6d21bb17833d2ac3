/** What the web client asks for, gives and keeps: real HTTP, with time as an argument. */

import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import test from "node:test";

import { NotAllowedError, chimeSignIn } from "../../web_client/chime-signin.js";
import { EXPIRED, busy, error, serve, signInAt, signedIn, stillClock } from "./service.mjs";

const MINUTE = 60_000;
const second = signedIn({ ChimeCredentials: { ...signedIn().body.ChimeCredentials, AccessKeyId: "ASIATWO" } });

/** Let what goes on unattended go on until *condition* holds. */
async function until(condition) {
  while (!(await condition())) await turn();
}

test("the token is sent as a bearer token, and nothing else", async (t) => {
  const { signIn, requests } = await signInAt(t, [signedIn()]);

  await signIn.credentials();

  const [{ method, url, headers }] = requests;
  assert.deepEqual([method, url, headers.authorization], ["POST", "/signin", "Bearer kept"]);
  assert.equal(headers["content-length"], "0");
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

test("nothing is asked for until it is needed", async (t) => {
  const { requests, asked } = await signInAt(t, [signedIn()]);

  await turn();

  assert.deepEqual([requests, asked], [[], []]);
});

test("a function taken off its sign-in works, as the AWS SDK takes it", async (t) => {
  const { credentials } = (await signInAt(t, [signedIn()])).signIn;

  assert.equal((await credentials({ callerClientConfig: {} })).accessKeyId, "ASIAONE");
});

test("fifty callers at once make one request", async (t) => {
  const { signIn, requests, asked } = await signInAt(t, [signedIn()]);

  const all = await Promise.all(Array.from({ length: 50 }, (_, i) => (i % 2 ? signIn.user() : signIn.credentials())));

  assert.equal(all.length, 50);
  assert.deepEqual([requests.length, asked], [1, [false]]);
});

test("fifty callers of a service that refuses are refused by one request", async (t) => {
  const { signIn, requests } = await signInAt(t, [error(403, "forbidden")]);

  const all = await Promise.allSettled(Array.from({ length: 50 }, () => signIn.credentials()));

  assert.ok(all.every(({ reason }) => reason instanceof NotAllowedError));
  assert.equal(requests.length, 1);
});

test("credentials are kept while they are fresh", async (t) => {
  const { signIn, requests, clock } = await signInAt(t, [signedIn(), second]);
  await signIn.credentials();

  clock.pass(50 * MINUTE - 1);

  assert.equal((await signIn.credentials()).accessKeyId, "ASIAONE");
  assert.equal(requests.length, 1);
});

test("a change of what was handed out changes nothing here", async (t) => {
  const { signIn } = await signInAt(t, [signedIn()]);
  (await signIn.credentials()).accessKeyId = "changed";
  (await signIn.user()).name = "changed";

  assert.equal((await signIn.credentials()).accessKeyId, "ASIAONE");
  assert.equal((await signIn.user()).name, "Ada Lovelace");
});

test("from RefreshAfter on they are renewed, and nobody waits for it", async (t) => {
  const { signIn, requests, clock } = await signInAt(t, [signedIn(), second]);
  await signIn.credentials();
  clock.pass(50 * MINUTE);

  assert.equal((await signIn.credentials()).accessKeyId, "ASIAONE");

  await until(() => requests.length === 2);
  await until(async () => (await signIn.credentials()).accessKeyId === "ASIATWO");
  assert.equal(requests.length, 2);
});

test("an outage at renewal is nobody's trouble while the old ones last", async (t) => {
  const { signIn, requests, clock } = await signInAt(t, [signedIn(), busy(503, 5)]);
  await signIn.credentials();
  clock.pass(50 * MINUTE);

  await signIn.credentials();
  await until(() => requests.length > 2);

  assert.equal((await signIn.credentials()).accessKeyId, "ASIAONE");
});

test("a refusal at renewal is told to the next caller", async (t) => {
  const { signIn, requests, clock } = await signInAt(t, [signedIn(), error(403, "forbidden", { reason: "cut_off" })]);
  await signIn.credentials();
  clock.pass(50 * MINUTE);
  await signIn.credentials();
  await until(() => requests.length === 2);

  await assert.rejects(
    until(async () => !(await signIn.credentials())),
    NotAllowedError,
  );
});

test("in the last minute, callers wait for new ones", async (t) => {
  const { signIn, clock } = await signInAt(t, [signedIn(), second]);
  await signIn.credentials();

  clock.pass(59 * MINUTE);

  assert.equal((await signIn.credentials()).accessKeyId, "ASIATWO");
});

test("after sleep, in which the steady clock stood still, callers get new ones", async (t) => {
  const { signIn, clock } = await signInAt(t, [signedIn(), second]);
  await signIn.credentials();

  clock.now.wall += 8 * 60 * MINUTE;

  assert.equal((await signIn.credentials()).accessKeyId, "ASIATWO");
});

test("a clock set back does not make old ones new", async (t) => {
  const { signIn, clock } = await signInAt(t, [signedIn(), second]);
  await signIn.credentials();

  clock.now.steady += 60 * MINUTE;
  clock.now.wall -= 24 * 60 * MINUTE;

  assert.equal((await signIn.credentials()).accessKeyId, "ASIATWO");
});

test("the end is told by this machine's clock, not by the server's", async (t) => {
  const { signIn, clock } = await signInAt(t, [signedIn()]);

  assert.equal((await signIn.credentials()).expiration.getTime(), clock.now.wall + 60 * MINUTE);
  clock.pass(10 * MINUTE);
  assert.equal((await signIn.credentials()).expiration.getTime(), clock.now.wall + 50 * MINUTE);
});

test("time that the answer took counts as gone", async (t) => {
  const clock = stillClock();
  const slow = () => (clock.pass(5000), signedIn());
  const { signIn } = await signInAt(t, [slow], { time: clock });

  assert.equal((await signIn.credentials()).expiration.getTime(), clock.now.wall + 60 * MINUTE - 5000);
});

test("an answer without RefreshAfter is renewed when a sixth is left", async (t) => {
  const { signIn, requests, clock } = await signInAt(t, [signedIn({ RefreshAfter: undefined }), second]);
  await signIn.credentials();
  clock.pass(50 * MINUTE - 1);
  await signIn.credentials();
  assert.equal(requests.length, 1);

  clock.pass(1);
  await signIn.credentials();

  await until(() => requests.length === 2);
});

test("forceRefresh asks whatever is held", async (t) => {
  const { signIn } = await signInAt(t, [signedIn(), second]);
  await signIn.credentials();

  assert.equal((await signIn.credentials({ forceRefresh: true })).accessKeyId, "ASIATWO");
});

test("aborting ends a request that hangs", async (t) => {
  const end = new AbortController();
  const { signIn, requests } = await signInAt(t, ["say nothing"], { signal: end.signal });
  const waiting = signIn.credentials();
  await until(() => requests.length === 1);

  end.abort(new Error("signed out"));

  await assert.rejects(waiting, /signed out/);
});

test("aborting ends a wait", async (t) => {
  const end = new AbortController();
  const { endpoint } = await serve(t, busy(503, 20));
  let decided = false; // chance is asked right before the wait
  const time = { random: () => ((decided = true), 0.5) };
  const signIn = chimeSignIn({ endpoint, getToken: () => "kept", signal: end.signal, time });
  const started = performance.now();
  const waiting = signIn.credentials();
  await until(() => decided);

  end.abort(new Error("signed out"));

  await assert.rejects(waiting, /signed out/);
  assert.ok(performance.now() - started < 20_000);
});

test("aborting ends a getToken that never ends", async (t) => {
  const end = new AbortController();
  const { signIn } = await signInAt(t, [signedIn()], { signal: end.signal, getToken: () => new Promise(() => {}) });
  const waiting = signIn.credentials();

  end.abort(new Error("signed out"));

  await assert.rejects(waiting, /signed out/);
});

test("after aborting nothing is given, and nothing is asked for", async (t) => {
  const end = new AbortController();
  const { signIn, requests, asked } = await signInAt(t, [signedIn()], { signal: end.signal });
  await signIn.credentials();

  end.abort(new Error("signed out"));

  await assert.rejects(signIn.credentials(), /signed out/);
  await assert.rejects(signIn.user({ forceRefresh: true }), /signed out/);
  assert.deepEqual([requests.length, asked], [1, [false]]);
});

test("nothing is logged, and no error tells the token or a key", async (t) => {
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
