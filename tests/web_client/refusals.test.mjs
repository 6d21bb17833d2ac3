/** What the web client does when the service refuses, fails, or does not answer. */

import assert from "node:assert/strict";
import test from "node:test";

import { NotAllowedError, SignInAgainError, SignInError, UnavailableError, chimeSignIn } from "../../web_client/chime-signin.js";
import { EXPIRED, busy, error, serve, signInAt, signedIn, stillClock, until } from "./service.mjs";

test("an expired token is replaced once, without an error", async (t) => {
  const { signIn, requests, asked } = await signInAt(t, [EXPIRED, signedIn()]);

  await signIn.credentials();

  assert.deepEqual(asked, [false, true]);
  assert.deepEqual(requests.map(({ headers }) => headers.authorization), ["Bearer kept", "Bearer fresh"]);
});

test("a fresh token that has expired, too, is an error", async (t) => {
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
  [{ status: 403, text: "null" }, SignInError],
  [{ status: 403, body: { message: "Forbidden" } }, SignInError],
  [error(403, "bad_request"), SignInError],
]) {
  test(`${answer.status} ${answer.body?.reason ?? answer.body?.error ?? answer.text} is an error at once`, async (t) => {
    const { signIn, requests, clock } = await signInAt(t, [answer]);

    await assert.rejects(signIn.credentials(), (refused) => refused.constructor === kind && refused.name === kind.name);

    assert.deepEqual([requests.length, clock.waits], [1, []]);
  });
}

const without = (name) => signedIn({ ChimeCredentials: { ...signedIn().body.ChimeCredentials, [name]: undefined } });

for (const [what, answer] of [
  ["null", { status: 200, text: "null" }],
  ["a page", { status: 200, text: "<html>a captive portal</html>" }],
  ["no credentials", signedIn({ ChimeCredentials: null })],
  ["no access key id", without("AccessKeyId")],
  ["no secret access key", without("SecretAccessKey")],
  ["no session token", without("SessionToken")],
  ["no end", signedIn({ ExpiresIn: "soon" })],
  ["an end that is past", signedIn({ ExpiresIn: 0 })],
]) {
  test(`200 with ${what} is not the service's answer: an error at once, with a hint`, async (t) => {
    const { signIn, requests } = await signInAt(t, [answer]);

    await assert.rejects(signIn.credentials(), { constructor: SignInError, message: /endpoint/ });

    assert.equal(requests.length, 1);
  });
}

const signInTo = (endpoint) => chimeSignIn({ endpoint, getToken: () => assert.fail("it was asked for a token") });

for (const endpoint of [
  "http://signin.example/signin",
  "http://signin.example:443/signin",
  "http://192.168.1.2/signin",
  "http://localhost.example/signin",
  "http://notlocalhost/signin",
  "http://127.0.0.1.example/signin",
  "http://127.example/signin",
  "http://[::2]/signin",
  "http://[::ffff:7f00:1]/signin",
  "http://signin.example/?http://localhost/",
  "ftp://localhost/signin",
  "data:application/json,{}",
  new URL("http://signin.example/signin"),
]) {
  test(`a token is not sent to ${endpoint}, where others can read it`, () => {
    assert.throws(() => signInTo(endpoint), { name: "TypeError", message: /`endpoint` has to begin with https/ });
  });
}

for (const endpoint of [
  "https://signin.example/signin",
  "https://signin.example:8443",
  "HTTPS://SIGNIN.EXAMPLE/signin",
  "http://localhost",
  "HTTP://LOCALHOST:3000/signin",
  "http://127.0.0.1:3000/signin",
  "http://127.8.9.10/signin",
  "http://[::1]:3000/signin",
  new URL("http://localhost:3000/signin"),
]) {
  test(`a token may be sent to ${endpoint}`, () => {
    assert.equal(typeof signInTo(endpoint).credentials, "function");
  });
}

test("an invalid address is not taken for a safe one", () => {
  for (const endpoint of ["signin", "http://localhost:3000@signin.example/"]) assert.throws(() => signInTo(endpoint), TypeError);
});

test("a redirect is not followed, because the token is for one address", async (t) => {
  const elsewhere = await serve(t, signedIn());
  const away = { status: 307, headers: { Location: elsewhere.endpoint }, body: {} };
  const { signIn } = await signInAt(t, [away]);

  await assert.rejects(signIn.credentials(), UnavailableError);

  assert.deepEqual(elsewhere.requests, []);
});

for (const status of [429, 503, 504]) {
  test(`${status} is retried after Retry-After and a little more`, async (t) => {
    const { signIn, clock } = await signInAt(t, [busy(status, 5), busy(status, 2), signedIn()]);

    await signIn.credentials();

    assert.deepEqual(clock.waits, [5000 + 1250, 2000 + 500]);
  });
}

for (const [what, answer] of [
  ["500 in API Gateway's own words", { status: 500, body: { message: "Internal server error" } }],
  ["502 with a page of something between", { status: 502, text: "<html>not ours</html>" }],
  ["504 in API Gateway's own words", { status: 504, body: { message: "Endpoint request timed out" } }],
]) {
  test(`${what} is retried`, async (t) => {
    const { signIn, clock } = await signInAt(t, [answer, signedIn()]);

    assert.equal((await signIn.credentials()).accessKeyId, "ASIAONE");

    assert.equal(clock.waits.length, 1);
  });
}

for (const [what, answer, least, most] of [
  ["Retry-After: 10", busy(429, 10), 10_000, 15_000],
  ["Retry-After: 1", busy(429, 1), 1000, 1500],
  ["nothing said", "hang up", 250, 750],
]) {
  test(`${what}: the wait is random, from ${least} to ${most} ms`, async (t) => {
    const waits = [];
    for (const chance of [0, 1]) {
      const clock = stillClock({ random: () => chance });
      const { signIn } = await signInAt(t, [answer, signedIn()], { time: clock });
      await signIn.credentials();
      waits.push(...clock.waits);
    }

    assert.deepEqual(waits, [least, most]);
  });
}

for (const said of ["", "-3", "Wed, 21 Oct 2026 07:28:00 GMT", "Infinity", "1e400", "0x10", "100000"]) {
  test(`Retry-After "${said}" is ignored, and the wait is as without it`, async (t) => {
    const { signIn, clock } = await signInAt(t, [busy(503, said)], { patience: 2000 });

    await assert.rejects(signIn.credentials(), ({ retryAfter }) => retryAfter === undefined);

    assert.deepEqual(clock.waits, [500]);
  });
}

test("a broken connection is retried with longer and longer waits until patience is over", async (t) => {
  const { signIn, clock, requests } = await signInAt(t, ["hang up"]);

  await assert.rejects(signIn.credentials(), UnavailableError);

  assert.deepEqual(clock.waits, [500, 1000, 2000, 4000, 4000, 4000, 4000, 4000, 4000]);
  assert.equal(requests.length, clock.waits.length + 1);
  assert.deepEqual(clock.limits.slice(0, 5), [60_000, 15_000, 15_000, 15_000, 15_000]);
});

test("when patience is over, the error is the last one of the service", async (t) => {
  const { signIn, clock } = await signInAt(t, [busy(503, 7)]);

  await assert.rejects(signIn.credentials(), (refused) => {
    assert.ok(refused instanceof UnavailableError);
    assert.deepEqual([refused.status, refused.retryAfter], [503, 7]);
    return true;
  });

  assert.deepEqual(clock.waits, [8750, 8750, 8750]);
});

test("an expired token does not renew patience", async (t) => {
  const { signIn, clock } = await signInAt(t, [busy(503, 12), EXPIRED, busy(503, 12)]);

  await assert.rejects(signIn.credentials(), UnavailableError);

  assert.deepEqual(clock.waits, [15_000]);
});

test("an attempt may take 15 s, and the last one what is left of patience", async (t) => {
  const slow = busy(503, 2);
  const { signIn, clock, requests } = await signInAt(t, [slow, "say nothing"], { patience: 10_000 });
  const waiting = signIn.credentials();
  await until(() => requests.length === 2);
  clock.ranOut();

  await assert.rejects(waiting, (refused) => refused instanceof UnavailableError && /too long/.test(refused.cause.message));

  assert.deepEqual(clock.limits, [60_000, 15_000, 7500]);
  assert.equal(requests.length, 2);
});

test("an attempt that takes too long is aborted and retried", async (t) => {
  const { signIn, clock, requests } = await signInAt(t, ["say nothing", signedIn()]);
  const waiting = signIn.credentials();
  await until(() => requests.length === 1);

  clock.ranOut();

  assert.equal((await waiting).accessKeyId, "ASIAONE");
  assert.deepEqual(clock.limits, [60_000, 15_000, 14_500]);
  await until(() => requests[0].over);
});

test("there is no attempt with less than a second left", async (t) => {
  const { signIn, clock } = await signInAt(t, [busy(503, 3)], { patience: 4700 });

  await assert.rejects(signIn.credentials(), UnavailableError);

  assert.deepEqual(clock.waits, []);
});

test("there is no wait for a Retry-After beyond patience", async (t) => {
  const { signIn, clock } = await signInAt(t, [busy(429, 3600)]);

  await assert.rejects(signIn.credentials(), UnavailableError);

  assert.deepEqual(clock.waits, []);
});

test("a service that cannot be reached is an UnavailableError with its cause", async (t) => {
  const { signIn } = await signInAt(t, ["hang up"], { patience: 0 });

  await assert.rejects(signIn.credentials(), (refused) => refused instanceof UnavailableError && refused.cause instanceof TypeError);
});

for (const [answer, kind] of [
  [error(401, "unauthorized"), SignInAgainError],
  [error(403, "forbidden"), NotAllowedError],
  [error(502, "upstream_error"), SignInError],
  ["hang up", UnavailableError],
]) {
  test(`after ${answer.status ?? "a broken connection"} the next caller makes a new attempt`, async (t) => {
    const { signIn } = await signInAt(t, [answer, signedIn()], { patience: 0 });
    await assert.rejects(signIn.credentials(), kind);

    assert.equal((await signIn.credentials()).accessKeyId, "ASIAONE");
  });
}

test("until Retry-After is over, callers get the same error without a request", async (t) => {
  const { signIn, clock, requests, asked } = await signInAt(t, [busy(429, 3600), signedIn()]);
  const first = await signIn.credentials().catch((refused) => refused);

  for (let call = 0; call < 100; call += 1) {
    assert.equal(await signIn.credentials({ forceRefresh: call % 2 === 0 }).catch((refused) => refused), first);
  }
  clock.pass(3600_000 - 1);
  assert.equal(await signIn.user().catch((refused) => refused), first);
  assert.deepEqual([requests.length, asked.length], [1, 1]);

  clock.pass(1);
  assert.equal((await signIn.credentials()).accessKeyId, "ASIAONE");
});

for (const none of ["", null, undefined]) {
  test(`an app without a token (${none}) gets a SignInAgainError, and nothing is sent`, async (t) => {
    const { signIn, requests } = await signInAt(t, [signedIn()], { getToken: () => none });

    await assert.rejects(signIn.credentials(), SignInAgainError);

    assert.deepEqual(requests, []);
  });
}

for (const wrong of ["a-secret token", "a-secret\n", "a-secret-\u0442oken", { accessToken: "a-secret" }]) {
  test(`${JSON.stringify(wrong)} is not a token: an error at once that does not quote it, and nothing is sent`, async (t) => {
    const { signIn, requests, clock } = await signInAt(t, [signedIn()], { getToken: () => wrong });

    const refused = await signIn.credentials().catch((error) => error);

    assert.equal(refused.constructor, SignInError);
    assert.doesNotMatch(`${refused.stack} ${refused.cause}`, /a-secret/);
    assert.deepEqual([requests, clock.waits], [[], []]);
  });
}

for (const fails of [() => Promise.reject(new RangeError("the app's")), () => raise(new RangeError("the app's"))]) {
  test(`an error of getToken reaches the app unchanged: ${fails}`, async (t) => {
    const { signIn } = await signInAt(t, [signedIn()], { getToken: fails });

    await assert.rejects(signIn.credentials(), RangeError);
  });
}

function raise(error) {
  throw error;
}

test("getToken has one minute", async (t) => {
  let asked = 0;
  const getToken = () => ((asked += 1), asked === 1 ? new Promise(() => {}) : "kept");
  const { signIn, clock } = await signInAt(t, [signedIn()], { getToken });
  const waiting = signIn.credentials();
  await until(() => asked === 1);

  clock.ranOut();

  await assert.rejects(waiting, (refused) => refused instanceof UnavailableError && /getToken/.test(refused.message));
  assert.deepEqual(clock.limits, [60_000]);
  assert.equal((await signIn.credentials()).accessKeyId, "ASIAONE");
});

test("an error in a log has its own name", async (t) => {
  const { signIn } = await signInAt(t, [EXPIRED]);

  await assert.rejects(signIn.credentials(), ({ stack }) => stack.startsWith("SignInAgainError: The token has expired."));
});
