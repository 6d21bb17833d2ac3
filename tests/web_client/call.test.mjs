/** How modules beside the web client call other routes of the service. */

import assert from "node:assert/strict";
import test from "node:test";

import { EXPIRED, busy, error, signInAt, until } from "./service.mjs";

const SEAT = { status: 200, body: { Attendee: { AttendeeId: "a" } } };
const NOT_OPEN = { ...error(404, "not_open"), headers: { "Retry-After": "5" } };

test("a call goes beside the endpoint, with a token, and brings the answer", async (t) => {
  const { signIn, requests, asked } = await signInAt(t, [EXPIRED, SEAT]);

  assert.deepEqual(await signIn.call("meetings/stand-up", { method: "POST" }), SEAT.body);

  assert.deepEqual(asked, [false, true]);
  assert.deepEqual(requests.map(({ method, url }) => `${method} ${url}`), Array(2).fill("POST /meetings/stand-up"));
  assert.deepEqual(requests.map(({ headers }) => headers.authorization), ["Bearer kept", "Bearer fresh"]);
});

test("a call without content in its answer brings an empty object", async (t) => {
  const { signIn, requests } = await signInAt(t, [{ status: 204, text: "" }]);

  assert.deepEqual(await signIn.call("meetings/stand-up/me", { method: "DELETE" }), {});

  assert.equal(requests[0].method, "DELETE");
});

test("a call waits as the service asks, and until its own patience is over", async (t) => {
  const { signIn, clock, requests } = await signInAt(t, [NOT_OPEN, busy(429, 2), busy(503, 5), NOT_OPEN]);

  const refused = { name: "UnavailableError", status: 404, retryAfter: 5 };
  await assert.rejects(signIn.call("meetings/stand-up", { method: "POST", patience: 20_000 }), refused);

  assert.deepEqual(clock.waits, [6250, 2500, 6250]);
  assert.equal(requests.length, 4);
});

test("a call waits for no error that is final to it", async (t) => {
  const { signIn, clock, requests } = await signInAt(t, [busy(503, 5), NOT_OPEN]);

  const isFinal = ({ status }) => status === 404;
  await assert.rejects(signIn.call("meetings/stand-up", { method: "POST", isFinal }), { status: 404 });

  assert.deepEqual([clock.waits.length, requests.length], [1, 2]);
});

test("a call ends with its own signal, and others go on", async (t) => {
  const leaving = new AbortController();
  const { signIn, requests } = await signInAt(t, ["say nothing", "say nothing"]);
  const left = signIn.call("meetings/one", { method: "POST", signal: leaving.signal });
  const stays = signIn.call("meetings/two", { method: "POST" });
  await until(() => requests.length === 2);

  leaving.abort(new Error("left"));

  await assert.rejects(left, { message: "left" });
  await until(() => requests.some(({ over }) => over));
  assert.deepEqual(requests.filter(({ over }) => over).map(({ url }) => url), ["/meetings/one"]);
  stays.catch(() => {}); // the service hangs up when the test ends
});

test("calls end with the sign-in, and later ones fail", async (t) => {
  const signedOut = new AbortController();
  const { signIn, requests } = await signInAt(t, ["say nothing"], { signal: signedOut.signal });
  const call = signIn.call("meetings/one", { method: "POST", signal: new AbortController().signal });
  await until(() => requests.length === 1);

  signedOut.abort(new Error("signed out"));

  await assert.rejects(call, { message: "signed out" });
  await assert.rejects(signIn.call("meetings/one", { method: "POST" }), { message: "signed out" });
  assert.equal(requests.length, 1);
});

test("a call goes nowhere else", async (t) => {
  const { signIn, requests } = await signInAt(t, [SEAT]);

  await signIn.call("http://127.0.0.2/meetings/one", { method: "POST" });
  await signIn.call("//127.0.0.2/meetings/one", { method: "POST" });

  assert.equal(requests.length, 2);
});
