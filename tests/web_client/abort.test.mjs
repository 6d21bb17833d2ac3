/** Aborting the web client's signal ends what is going on, and nothing is left of anything that has ended. */

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import test from "node:test";
import { setFlagsFromString, writeHeapSnapshot } from "node:v8";
import { runInNewContext } from "node:vm";

import { UnavailableError, chimeSignIn } from "../../web_client/src/chime-signin.js";
import { busy, serve, signInAt, signedIn, stillClock, until } from "./service.mjs";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");

test("aborting ends a request that hangs", async (t) => {
  const end = new AbortController();
  const { signIn, requests } = await signInAt(t, ["say nothing"], { signal: end.signal, patience: 0 });
  const waiting = signIn.credentials();
  await until(() => requests.length === 1);

  end.abort(new Error("signed out"));

  await assert.rejects(waiting, /signed out/);
  await until(() => requests[0].over);
});

test("a sign-in that is aborted right before a wait does not wait", async (t) => {
  const end = new AbortController();
  const clock = stillClock({ random: () => (end.abort(new Error("signed out")), 0.5) });
  const { signIn } = await signInAt(t, [busy(503, 5)], { signal: end.signal, time: clock });

  await assert.rejects(signIn.credentials(), /signed out/);

  assert.deepEqual(clock.waits, []);
});

test("a sign-in that getToken aborts makes no request", async (t) => {
  const end = new AbortController();
  const getToken = () => (end.abort(new Error("signed out")), "kept");
  const { signIn, clock } = await signInAt(t, [signedIn()], { signal: end.signal, getToken });

  await assert.rejects(signIn.credentials(), /signed out/);

  assert.deepEqual(clock.limits, [60_000]);
});

test("aborting ends a wait", async (t) => {
  const end = new AbortController();
  const { endpoint } = await serve(t, busy(503, 15));
  let decided = false; // chance is asked right before the wait
  const time = { random: () => ((decided = true), 0.5) };
  const signIn = chimeSignIn({ endpoint, getToken: () => "kept", signal: end.signal, time });
  const started = performance.now();
  const waiting = signIn.credentials();
  await until(() => decided);

  end.abort(new Error("signed out"));

  await assert.rejects(waiting, /signed out/);
  assert.ok(performance.now() - started < 15_000);
});

test("aborting ends a getToken that never ends", async (t) => {
  const end = new AbortController();
  const { signIn } = await signInAt(t, [signedIn()], { signal: end.signal, getToken: () => new Promise(() => {}) });
  const waiting = signIn.credentials();

  end.abort(new Error("signed out"));

  await assert.rejects(waiting, /signed out/);
});

test("after aborting there are no credentials and no requests", async (t) => {
  const end = new AbortController();
  const { signIn, requests, asked } = await signInAt(t, [signedIn()], { signal: end.signal });
  await signIn.credentials();

  end.abort(new Error("signed out"));

  await assert.rejects(signIn.credentials(), /signed out/);
  await assert.rejects(signIn.user({ forceRefresh: true }), /signed out/);
  assert.deepEqual([requests.length, asked], [1, [false]]);
});

test("after aborting, callers get the reason of the abort and not the earlier error of the service", async (t) => {
  const end = new AbortController();
  const { signIn } = await signInAt(t, [busy(429, 3600)], { signal: end.signal });
  await assert.rejects(signIn.credentials(), UnavailableError);

  end.abort(new Error("signed out"));

  await assert.rejects(signIn.credentials(), /signed out/);
});

test("aborting aborts the signal that getToken received", async (t) => {
  const end = new AbortController();
  let given;
  const getToken = ({ signal }) => ((given = signal), new Promise(() => {}));
  const { signIn } = await signInAt(t, [signedIn()], { signal: end.signal, getToken });
  const waiting = signIn.credentials();
  assert.equal(given.aborted, false);

  end.abort(new Error("signed out"));

  await assert.rejects(waiting, /signed out/);
  assert.match(given.reason.message, /signed out/);
});

test("the app may abort without a reason", async (t) => {
  const end = new AbortController();
  const { signIn, requests } = await signInAt(t, ["say nothing"], { signal: end.signal });
  const waiting = signIn.credentials();
  await until(() => requests.length === 1);

  end.abort(null);

  assert.equal(await waiting.catch((reason) => reason), null);
  assert.equal(await signIn.credentials().catch((reason) => reason), null);
});

test("a caller who waits for new credentials during the abort does not get the old ones", async (t) => {
  const end = new AbortController();
  const { signIn, clock, requests } = await signInAt(t, [signedIn(), "say nothing"], { signal: end.signal });
  await signIn.credentials();
  clock.pass(59 * 60_000);
  const waiting = signIn.credentials();
  await until(() => requests.length === 2);

  end.abort(new Error("signed out"));

  await assert.rejects(waiting, /signed out/);
});

test("an answer that arrives during the abort is given to nobody", async (t) => {
  const end = new AbortController();
  const seen = [];
  // The web client reads the wall clock after it has read the answer.
  const clock = stillClock({ wallClock: () => (seen.length && end.abort(new Error("signed out")), clock.now.wallClock) });
  const answer = () => (seen.push("a request"), signedIn());
  const { signIn } = await signInAt(t, [answer], { signal: end.signal, time: clock });

  await assert.rejects(signIn.credentials(), /signed out/);
});

test("a finished sign-in leaves no listener and no timer", async (t) => {
  const end = new AbortController();
  const { endpoint } = await serve(t, busy(503, ""), signedIn());
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const signIn = chimeSignIn({ endpoint, getToken: () => "kept", signal: end.signal, time: { random: () => 0 } });
  const before = [getEventListeners(end.signal, "abort").length, timers()];

  await signIn.credentials();

  assert.deepEqual([getEventListeners(end.signal, "abort").length, timers()], before);
});

test("an aborted sign-in leaves no timer", async (t) => {
  const end = new AbortController();
  const { endpoint } = await serve(t, busy(503, 15));
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  let decided = false;
  const time = { random: () => ((decided = true), 0) };
  const before = timers();
  const waiting = chimeSignIn({ endpoint, getToken: () => "kept", signal: end.signal, time }).credentials();
  await until(() => decided);

  end.abort(new Error("signed out"));

  await assert.rejects(waiting, /signed out/);
  assert.equal(timers(), before);
});

test("used tokens are not kept in memory", async (t) => {
  let asked = 0;
  // Made here, because a text that stands in the source is in memory for ever.
  const getToken = () => ["token", "number", (asked += 1)].join("-");
  const send = async () => Response.json(signedIn().body); // with no server in this process, which would know them, too
  const { signIn } = await signInAt(t, [], { getToken, fetch: send });
  for (let times = 0; times < 5; times += 1) await signIn.credentials({ forceRefresh: true });
  const kept = ["kept", "number", asked].join("-");
  /./.test("x"); // because V8 keeps the last text in which a pattern was found (RegExp.input)

  await turn(); // timers that were cleared are kept until then
  collectGarbage(); // a snapshot alone does not always
  const file = writeHeapSnapshot(join(tmpdir(), `tokens-${process.pid}.heapsnapshot`));
  t.after(() => rm(file));
  const memory = await readFile(file, "utf8");

  assert.equal(asked, 5);
  assert.ok(memory.includes(kept), "the snapshot has texts that are in use");
  assert.deepEqual(memory.match(/token-number-\d+/g), null);
  await signIn.credentials(); // it was there all the time
});
