/** What an app can watch of the web client, and what one caller can wish for itself. */

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import test from "node:test";

import { SignInError } from "../../web_client/src/chime-signin.js";
import { busy, error, second, signInAt, signedIn, stillClock, until } from "./service.mjs";

const MINUTE = 60_000;

/** Return the result of `signInAt`, and the states that a listener was told of. */
async function watched(t, answers, options) {
  const all = await signInAt(t, answers, options);
  const told = [];
  const stop = all.signIn.subscribe((state) => told.push(state));
  return { ...all, told, stop, statuses: () => told.map(({ status }) => status) };
}

test("a sign-in that nobody has used is idle", async (t) => {
  const { signIn } = await signInAt(t, []);

  assert.deepEqual(signIn.state(), { status: "idle" });
});

test("signing in, then signed in", async (t) => {
  const { signIn, statuses } = await watched(t, [signedIn()]);

  const user = signIn.user();
  assert.equal(signIn.state().status, "signing-in");
  await user;

  assert.deepEqual(signIn.state(), { status: "signed-in" });
  assert.deepEqual(statuses(), ["signing-in", "signed-in"]);
});

test("a renewal that waits tells why, and that it is over", async (t) => {
  const { signIn, told, clock, statuses } = await watched(t, [signedIn(), busy(503, 5), second]);
  await signIn.credentials();
  clock.pass(59 * MINUTE);

  await signIn.credentials();

  assert.deepEqual(statuses(), ["signing-in", "signed-in", "renewing", "waiting", "signed-in"]);
  assert.deepEqual([told[3].error.name, told[3].error.status], ["UnavailableError", 503]);
});

for (const [answer, status, name] of [
  [error(403, "forbidden", { reason: "missing_role" }), "refused", "NotAllowedError"],
  [error(401, "unauthorized"), "refused", "SignInAgainError"],
  [error(401, "invalid_token", { reason: "wrong_audience" }), "refused", "SignInError"],
  [busy(503, 5), "waiting", "UnavailableError"],
]) {
  test(`after ${answer.status} ${answer.body.error} the state is "${status}", with the error`, async (t) => {
    const { signIn } = await signInAt(t, [answer], { patience: 0 });

    const refused = await signIn.credentials().catch((error) => error);

    assert.equal(refused.name, name);
    assert.equal(signIn.state().status, status);
    assert.equal(signIn.state().error, refused);
  });
}

test("a failure that no caller sees, because the old credentials work, is seen in the state", async (t) => {
  const { signIn, clock } = await signInAt(t, [signedIn(), error(502, "upstream_error")]);
  await signIn.credentials();
  clock.pass(50 * MINUTE);

  await signIn.credentials();
  await until(() => signIn.state().status === "refused");

  assert.deepEqual([signIn.state().error.status, (await signIn.credentials()).accessKeyId], [502, "ASIAONE"]);
});

test("signing out is final", async (t) => {
  const end = new AbortController();
  const { signIn, requests, statuses } = await watched(t, ["say nothing"], { signal: end.signal });
  const waiting = signIn.credentials();
  await until(() => requests.length === 1);

  end.abort(new Error("signed out"));
  await assert.rejects(waiting, /signed out/);

  assert.deepEqual(signIn.state(), { status: "signed-out" });
  assert.deepEqual(statuses(), ["signing-in", "signed-out"]);
});

test("a caller who wanted a full sign-in after the request under way changes nothing after signing out", async (t) => {
  const end = new AbortController();
  const { signIn, requests, statuses } = await watched(t, ["say nothing"], { signal: end.signal });
  const waiting = [signIn.credentials(), signIn.credentials({ forceRefresh: true })];
  await until(() => requests.length === 1);

  end.abort(new Error("signed out"));
  for (const each of waiting) await assert.rejects(each, /signed out/);

  assert.deepEqual([signIn.state(), statuses()], [{ status: "signed-out" }, ["signing-in", "signed-out"]]);
  assert.equal(requests.length, 1);
});

test("a sign-in that is made with an aborted signal is signed out", async (t) => {
  const { signIn } = await signInAt(t, [], { signal: AbortSignal.abort() });

  assert.equal(signIn.state().status, "signed-out");
});

test("the state is the same object until it changes, as useSyncExternalStore needs it", async (t) => {
  const { signIn } = await signInAt(t, [signedIn()]);
  await signIn.credentials();

  const first = signIn.state();
  await signIn.credentials();

  assert.equal(signIn.state(), first);
});

test("who has unsubscribed is told nothing more, also of what has just happened", async (t) => {
  const { signIn, told, stop } = await watched(t, [signedIn()]);
  const user = signIn.user();
  stop();
  await user;

  assert.deepEqual(told, []);
});

test("one function that subscribes twice is told twice, and each subscription ends by itself", async (t) => {
  const { signIn } = await signInAt(t, [signedIn()]);
  let told = 0;
  const listener = () => (told += 1);
  const stops = [signIn.subscribe(listener), signIn.subscribe(listener)];
  stops[0]();

  await signIn.user();

  assert.equal(told, 2);
});

test("the error of a listener disturbs neither the sign-in nor other listeners", async (t) => {
  const uncaught = [];
  const catching = (error) => uncaught.push(error.message);
  const usual = process.rawListeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection").on("unhandledRejection", catching);
  t.after(() => {
    process.removeAllListeners("unhandledRejection");
    for (const each of usual) process.on("unhandledRejection", each);
  });
  const { signIn } = await signInAt(t, [signedIn()]);
  const told = [];
  signIn.subscribe(() => {
    throw new Error("the listener's");
  });
  signIn.subscribe(({ status }) => told.push(status));

  await signIn.user();
  await until(() => uncaught.length === 2);

  assert.deepEqual([uncaught, told], [["the listener's", "the listener's"], ["signing-in", "signed-in"]]);
});

// ── One caller's wishes ────────────────────────────────────────────────────────────────────────────

test("a caller's own signal ends that caller's wait, and nobody else's", async (t) => {
  const own = new AbortController();
  const { signIn, requests, clock } = await signInAt(t, ["say nothing", signedIn()]);
  const left = signIn.credentials({ signal: own.signal });
  const stays = signIn.credentials();
  await until(() => requests.length === 1);

  own.abort(new Error("left"));
  await assert.rejects(left, /left/);
  clock.ranOut();

  assert.equal((await stays).accessKeyId, "ASIAONE");
  assert.equal(getEventListeners(own.signal, "abort").length, 0);
});

test("a caller whose signal is aborted already makes no request", async (t) => {
  const { signIn, asked } = await signInAt(t, [signedIn()]);

  await assert.rejects(signIn.user({ signal: AbortSignal.abort(new Error("left")) }), /left/);

  assert.deepEqual(asked, []);
});

test("a caller's signal that is never aborted changes nothing, and keeps no listener", async (t) => {
  const own = new AbortController();
  const { signIn } = await signInAt(t, [signedIn()]);

  assert.equal((await signIn.credentials({ signal: own.signal })).accessKeyId, "ASIAONE");

  assert.equal(getEventListeners(own.signal, "abort").length, 0);
});

for (const [patience, waits] of [[0, []], [2000, [500]], [undefined, [500, 1000, 2000, 4000, 4000, 4000, 4000, 4000, 4000]]]) {
  test(`a caller may have a patience of its own: ${patience}`, async (t) => {
    const { signIn, clock } = await signInAt(t, ["hang up"]);

    await assert.rejects(signIn.credentials({ patience }), SignInError);

    assert.deepEqual(clock.waits, waits);
  });
}

test("callers who share a request have the longest patience among them", async (t) => {
  const { signIn, clock } = await signInAt(t, ["hang up"]);

  await Promise.allSettled([0, 2000, 1000].map((patience) => signIn.credentials({ patience })));

  assert.deepEqual(clock.waits, [500]);
});

// ── React Native ───────────────────────────────────────────────────────────────────────────────────

/** Have the AbortSignal of React Native up to 0.85 for as long as test *t* lasts. */
function inReactNative(t) {
  for (const name of ["throwIfAborted", "reason"]) {
    const usual = Object.getOwnPropertyDescriptor(AbortSignal.prototype, name);
    delete AbortSignal.prototype[name];
    t.after(() => Object.defineProperty(AbortSignal.prototype, name, usual));
  }
}

test("without AbortSignal's throwIfAborted and reason, signing in works", async (t) => {
  const { signIn } = await signInAt(t, [busy(503, 0), signedIn()], { time: { random: () => 0 } });
  inReactNative(t);

  assert.equal((await signIn.credentials({ signal: new AbortController().signal })).accessKeyId, "ASIAONE");
});

for (const whose of ["the sign-in's", "the caller's"]) {
  test(`without AbortSignal's throwIfAborted and reason, ${whose} abort is an AbortError`, async (t) => {
    const end = new AbortController();
    const own = new AbortController();
    const { signIn, requests } = await signInAt(t, ["say nothing"], { signal: end.signal, time: stillClock() });
    inReactNative(t);
    const waiting = signIn.credentials({ signal: own.signal });
    await until(() => requests.length === 1);

    (whose === "the sign-in's" ? end : own).abort();

    await assert.rejects(waiting, { name: "AbortError" });
    end.abort();
    await assert.rejects(signIn.user(), { name: "AbortError" });
  });
}
