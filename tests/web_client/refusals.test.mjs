/** What the web client does when it is refused, or not answered. */

import assert from "node:assert/strict";
import test from "node:test";

import { NotAllowedError, SignInAgainError, SignInError, UnavailableError } from "../../web_client/chime-signin.js";
import { EXPIRED, busy, error, serve, signInAt, signedIn, stillClock } from "./service.mjs";

test("an expired token is replaced once, silently", async (t) => {
  const { signIn, requests, asked } = await signInAt(t, [EXPIRED, signedIn()]);

  await signIn.credentials();

  assert.deepEqual(asked, [false, true]);
  assert.deepEqual(requests.map(({ headers }) => headers.authorization), ["Bearer kept", "Bearer fresh"]);
});

test("a fresh token that has expired too ends it", async (t) => {
  const { signIn, requests } = await signInAt(t, [EXPIRED]);

  await assert.rejects(signIn.credentials(), (refused) => {
    assert.ok(refused instanceof SignInAgainError);
    assert.deepEqual([refused.reason, refused.status, refused.requestId], ["token_expired", 401, "r1"]);
    assert.equal(refused.message, "The token has expired.");
    return true;
  });
  assert.equal(requests.length, 2);
});

for (const [answer, kind] of [
  [error(401, "unauthorized"), SignInAgainError],
  [error(401, "invalid_token", { reason: "wrong_audience" }), SignInAgainError],
  [error(403, "forbidden", { reason: "missing_scope" }), NotAllowedError],
  [error(404, "not_found"), SignInError],
  [error(413, "too_large"), SignInError],
  [error(500, "internal"), SignInError],
  [error(502, "upstream_error"), SignInError],
  [{ status: 502, text: "<html>not ours</html>" }, SignInError],
  [{ status: 403, text: "null" }, NotAllowedError],
  [{ status: 200, text: "null" }, SignInError],
  [{ status: 200, text: "<html>a captive portal</html>" }, SignInError],
  [signedIn({ ChimeCredentials: null }), SignInError],
  [signedIn({ ExpiresIn: "soon" }), SignInError],
]) {
  test(`${answer.status} ${answer.body?.reason ?? answer.body?.error ?? answer.text} is told at once`, async (t) => {
    const { signIn, requests, clock } = await signInAt(t, [answer]);

    await assert.rejects(signIn.credentials(), (refused) => refused.constructor === kind && refused.name === kind.name);

    assert.deepEqual([requests.length, clock.waits], [1, []]);
  });
}

test("a redirect is not followed: the token is for one address", async (t) => {
  const elsewhere = await serve(t, signedIn());
  const away = { status: 307, headers: { Location: elsewhere.endpoint }, body: {} };
  const { signIn } = await signInAt(t, [away]);

  await assert.rejects(signIn.credentials(), UnavailableError);

  assert.deepEqual(elsewhere.requests, []);
});

for (const status of [429, 503, 504]) {
  test(`${status} is waited out as Retry-After says, and a bit more`, async (t) => {
    const { signIn, clock } = await signInAt(t, [busy(status, 5), busy(status, 2), signedIn()]);

    await signIn.credentials();

    assert.deepEqual(clock.waits, [5500, 3000]);
  });
}

test("how much more is left to chance", async (t) => {
  const waits = [];
  for (const chance of [0, 0.999]) {
    const clock = { ...stillClock(), random: () => chance };
    const { signIn } = await signInAt(t, [busy(429, 5), signedIn()], { time: clock });
    await signIn.credentials();
    waits.push(...clock.waits);
  }

  assert.ok(waits[0] >= 5000);
  assert.ok(waits[1] - waits[0] > 400);
});

for (const said of ["", "-3", "Wed, 21 Oct 2026 07:28:00 GMT"]) {
  test(`Retry-After "${said}" leaves the wait to us`, async (t) => {
    const { signIn, clock } = await signInAt(t, [busy(503, said), signedIn()]);

    await signIn.credentials();

    assert.deepEqual(clock.waits, [500]);
  });
}

test("a broken connection is tried again, with longer and longer waits", async (t) => {
  const { signIn, clock } = await signInAt(t, ["hang up", "hang up", "hang up", signedIn()]);

  await signIn.credentials();

  assert.deepEqual(clock.waits, [500, 1000, 2000]);
});

test("patience has an end, and says what the service said", async (t) => {
  const { signIn, clock } = await signInAt(t, [busy(503, 7)]);

  await assert.rejects(signIn.credentials(), (refused) => {
    assert.ok(refused instanceof UnavailableError);
    assert.deepEqual([refused.status, refused.retryAfter], [503, 7]);
    return true;
  });

  assert.ok(clock.now.steady <= 30_000);
  assert.ok(clock.waits.length > 1);
});

test("nobody waits for what is beyond their patience", async (t) => {
  const { signIn, clock } = await signInAt(t, [busy(429, 3600)]);

  await assert.rejects(signIn.credentials(), UnavailableError);

  assert.deepEqual(clock.waits, []);
});

test("a service that is not there is told as unavailable, with the cause", async (t) => {
  const { signIn } = await signInAt(t, ["hang up"], { patience: 0 });

  await assert.rejects(signIn.credentials(), (refused) => refused instanceof UnavailableError && refused.cause instanceof TypeError);
});

test("after a failure the next caller tries anew", async (t) => {
  const { signIn } = await signInAt(t, [error(502, "upstream_error"), signedIn()]);
  await assert.rejects(signIn.credentials(), SignInError);

  assert.equal((await signIn.credentials()).accessKeyId, "ASIAONE");
});

test("an app without a token is told to sign in, and nothing is sent", async (t) => {
  const { signIn, requests } = await signInAt(t, [signedIn()], { getToken: () => "" });

  await assert.rejects(signIn.credentials(), SignInAgainError);

  assert.deepEqual(requests, []);
});

test("the app's own error reaches the app as it is", async (t) => {
  const own = new RangeError("the app's");
  const { signIn } = await signInAt(t, [signedIn()], { getToken: () => Promise.reject(own) });

  await assert.rejects(signIn.credentials(), (refused) => refused === own);
});
