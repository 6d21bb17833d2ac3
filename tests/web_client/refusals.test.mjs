/** What the web client does when the service refuses, fails, or does not answer. */

import assert from "node:assert/strict";
import test from "node:test";

import {
  NotAllowedError,
  SignInAgainError,
  SignInError,
  UnavailableError,
  chimeSignIn,
} from "../../web_client/src/chime-signin.js";
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
  [error(403, "forbidden", { reason: "missing_scope" }), NotAllowedError],
  [error(500, "internal"), SignInError],
  [error(502, "upstream_error"), SignInError],
  [error(403, "bad_request"), SignInError],
  [{ status: 401, text: "<html>a proxy that wants a password</html>" }, SignInError],
  [{ status: 401, body: { message: "Unauthorized" } }, SignInError],
  [error(401, "login_required"), SignInError],
  [error(401, "constructor"), SignInError],
  [{ status: 403, text: "null" }, SignInError],
  [{ status: 403, text: "<Error><Code>AccessDenied</Code></Error>" }, SignInError],
  [{ status: 403, body: { message: "Forbidden" } }, SignInError],
  [{ status: 404, text: "" }, SignInError],
]) {
  test(`${answer.status} ${JSON.stringify(answer.body) ?? answer.text} is a ${kind.name} at once`, async (t) => {
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
  ["an end that is no time", signedIn({ ChimeCredentials: { ...signedIn().body.ChimeCredentials, Expiration: "soon" } })],
  ["no user ARN", signedIn({ ChimeAppInstanceUserArn: undefined })],
  ["no user id", signedIn({ ChimeUserId: "" })],
  ["no name", signedIn({ ChimeDisplayName: null })],
  ["no AppInstance", signedIn({ ChimeAppInstanceArn: undefined })],
  ["a region that is no text", signedIn({ ChimeRegion: 1 })],
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

for (const endpoint of [
  "http://localhost:3000@signin.example/",
  "https://",
  "https://localhost@signin.example/signin",
  "https:signin",
  "https://sign in.example/",
  "localhost:3000/signin",
  "http:/localhost/signin",
]) {
  test(`${endpoint} is not taken for a safe address`, () => {
    assert.throws(() => signInTo(endpoint), { name: "TypeError", message: /`endpoint` has to begin with https/ });
  });
}

for (const endpoint of [
  undefined,
  null,
  "",
  " ",
  "undefined",
  "null",
  "undefined/signin",
  "/undefined/signin",
  "https://undefined/signin",
  "https://signin.example/undefined",
  {},
]) {
  test(`an endpoint that is ${JSON.stringify(endpoint)} is missing, on a page, too`, (t) => {
    assert.throws(() => signInTo(endpoint), { name: "TypeError", message: /`endpoint` is missing/ });
    onPage(t, "https://app.example/chat");
    assert.throws(() => signInTo(endpoint), { name: "TypeError", message: /`endpoint` is missing/ });
  });
}

/** Have a page at *address* for as long as test *t* lasts. */
function onPage(t, address) {
  globalThis.location = new URL(address);
  t.after(() => delete globalThis.location);
}

test("with `insecure`, http is allowed to any machine, and nothing else is", () => {
  const insecure = (endpoint) => chimeSignIn({ endpoint, insecure: true, getToken: () => "kept" });

  assert.equal(typeof insecure("http://192.168.1.2:3000/signin").credentials, "function");
  for (const endpoint of ["ftp://localhost/", "data:,", "http://a@192.168.1.2/"]) assert.throws(() => insecure(endpoint), TypeError);
});

test("a relative endpoint belongs to the page", async (t) => {
  const { endpoint, requests } = await serve(t, signedIn());
  onPage(t, endpoint.replace("/signin", "/app/page.html"));

  await chimeSignIn({ endpoint: "../v1/signin", getToken: () => "kept" }).credentials();

  assert.equal(requests[0].url, "/v1/signin");
});

test("a relative endpoint of a page that others can read is refused at once", (t) => {
  onPage(t, "http://app.example/");

  for (const endpoint of ["/signin", "//signin.example/", "ht\ntp://signin.example/"])
    assert.throws(() => signInTo(endpoint), { name: "TypeError", message: /has to begin with https/ });
});

test("a relative endpoint where there is no page, as in a server that renders pages, is an error only when it is used", async () => {
  const signIn = chimeSignIn({ endpoint: "/signin", getToken: () => "kept" });

  await assert.rejects(signIn.credentials(), { name: "TypeError", message: /no page/ });
});

test("a redirect is not followed, because the token is for one address", async (t) => {
  const elsewhere = await serve(t, signedIn());
  const away = { status: 307, headers: { Location: elsewhere.endpoint }, body: {} };
  const { signIn } = await signInAt(t, [away]);

  await assert.rejects(signIn.credentials(), UnavailableError);

  assert.deepEqual(elsewhere.requests, []);
});

test("an answer that is not the service's says so, and where it came from", async (t) => {
  const { signIn, endpoint } = await signInAt(t, [{ status: 401, body: { reason: "yours", requestId: "yours" } }]);

  const nothing = { reason: undefined, requestId: undefined };
  await assert.rejects(signIn.credentials(), { message: /401.*`endpoint`/, status: 401, ...nothing, url: endpoint });
});

for (const status of [429, 503, 504]) {
  test(`${status} is retried after Retry-After and a little more`, async (t) => {
    const { signIn, clock } = await signInAt(t, [busy(status, 5), busy(status, 2), signedIn()]);

    await signIn.credentials();

    assert.deepEqual(clock.waits, [5000 + 1250, 2000 + 500]);
  });
}

for (const answer of [
  { status: 500, body: { message: "Internal server error" } },
  { status: 502, text: "<html>not ours</html>" },
  { status: 504, body: { message: "Endpoint request timed out" } },
  ...[408, 429, 520, 521, 522, 523, 524].map((status) => ({ status, text: "<html>not ours</html>" })),
]) {
  test(`${answer.status} in the words of something between is retried`, async (t) => {
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

test("Retry-After as a date is waited for", async (t) => {
  const { signIn, clock } = await signInAt(t, [busy(503, "Thu, 01 Jan 2026 00:00:08 GMT"), signedIn()]);

  await signIn.credentials();

  assert.deepEqual(clock.waits, [8000 + 2000]);
});

test("Retry-After as a date is read by the server's clock, as far as it is known", async (t) => {
  const { signIn, clock } = await signInAt(t, [signedIn(), busy(503, "Wed, 01 Jan 2031 00:00:08 GMT"), signedIn()]);
  await signIn.credentials();

  await signIn.credentials({ forceRefresh: true });

  assert.deepEqual(clock.waits, [8000 + 2000]);
});

for (const said of [
  ...["", "-3", "Infinity", "1e400", "0x10", "100000", "soon", "2026-01-01T00:00:08Z"],
  ...["Wed, 21 Oct 2026 07:28:00 GMT", "Wed, 31 Dec 2025 23:59:59 GMT", "Wed, 99 Foo 2026 07:28:00 GMT"],
]) {
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

test("when patience ends with a broken connection, the error has the service's last answer", async (t) => {
  const last = { ...error(503, "unavailable", { reason: "keys", requestId: "r7" }), headers: { "Retry-After": "2" } };
  const { signIn, endpoint } = await signInAt(t, [last, "hang up"], { patience: 5000 });

  await assert.rejects(signIn.credentials(), (refused) => {
    assert.deepEqual({ ...refused }, { status: 503, reason: "keys", requestId: "r7", retryAfter: 2, url: endpoint });
    assert.match(refused.message, /cannot be reached/);
    return refused.name === "UnavailableError" && refused.cause instanceof TypeError;
  });
});

test("a service that never answers: the error says which address was called", async (t) => {
  const { signIn, endpoint } = await signInAt(t, ["hang up"], { patience: 0 });

  await assert.rejects(signIn.credentials(), { name: "UnavailableError", status: undefined, url: endpoint });
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
    const { signIn, requests, clock } = await signInAt(t, [signedIn()], { getToken: () => none });

    await assert.rejects(signIn.credentials(), SignInAgainError);

    assert.deepEqual([requests, clock.waits], [[], []]);
  });
}

for (const [wrong, mistake] of [
  ["a-secret token", /a space/],
  ["a-secret-\u0442oken", /a character/],
  ["a-secret\n", /line break/],
  ["a-se\r\ncret", /line break/],
  ["Bearer a-secret", /begins with `Bearer `/],
  ['"a-secret"', /quotation marks/],
  ["undefined", /the text "undefined"/],
  ["null", /the text "null"/],
  ["[object Object]", /the text "\[object Object\]"/],
  [{ accessToken: "a-secret" }, /no text \(object\)/],
  [() => "a-secret", /no text \(function\)/],
]) {
  test(`${JSON.stringify(wrong) ?? "a function"} is not a token: an error at once that says why, and nothing is sent`, async (t) => {
    const { signIn, requests, clock } = await signInAt(t, [signedIn()], { getToken: () => wrong });

    const refused = await signIn.credentials().catch((error) => error);

    assert.equal(refused.constructor, SignInError);
    assert.match(refused.message, mistake);
    assert.doesNotMatch(`${refused.stack} ${refused.cause}`, /a-se/);
    assert.deepEqual([requests, clock.waits], [[], []]);
  });
}

for (const fails of [() => Promise.reject(new RangeError("the app's")), () => raise(new RangeError("the app's"))]) {
  test(`a getToken that fails is called again until patience is over: ${fails}`, async (t) => {
    const { signIn, clock, requests } = await signInAt(t, [signedIn()], { getToken: fails, patience: 5000 });

    const failed = await signIn.credentials().catch((error) => error);

    assert.deepEqual([failed.constructor, failed.cause.constructor], [UnavailableError, RangeError]);
    assert.equal(failed.cause.message, "the app's");
    assert.deepEqual([clock.waits, requests], [[500, 1000, 2000], []]);
  });
}

function raise(error) {
  throw error;
}

test("a getToken that fails once is an outage that is waited out", async (t) => {
  let asked = 0;
  const getToken = () => ((asked += 1), asked === 1 ? Promise.reject(new TypeError("Failed to fetch")) : "kept");
  const { signIn, clock } = await signInAt(t, [signedIn()], { getToken });

  assert.equal((await signIn.credentials()).accessKeyId, "ASIAONE");

  assert.deepEqual(clock.waits, [500]);
});

test("the time that getToken takes counts as patience", async (t) => {
  const clock = stillClock();
  const slow = () => (clock.pass(27_000), "kept");
  const { signIn, requests } = await signInAt(t, [busy(503, 3), signedIn()], { getToken: slow, time: clock });

  await assert.rejects(signIn.credentials(), { status: 503 });

  assert.equal(requests.length, 1, "the service had one attempt all the same");
});

const SOON = error(401, "invalid_token", { reason: "ends_too_soon" });

test("a token that ends too soon is replaced once, without an error", async (t) => {
  const { signIn, asked, requests } = await signInAt(t, [SOON, signedIn()]);

  await signIn.credentials();

  assert.deepEqual(asked, [false, true]);
  assert.deepEqual(requests.map(({ headers }) => headers.authorization), ["Bearer kept", "Bearer fresh"]);
});

test("a fresh token that ends too soon, too, is a mistake of the set-up, and the error names the setting", async (t) => {
  const { signIn, requests } = await signInAt(t, [SOON]);

  const refused = await signIn.credentials().catch((error) => error);

  assert.deepEqual([refused.constructor, refused.status, refused.reason], [SignInError, 401, "ends_too_soon"]);
  assert.match(refused.message, /SessionEndsWithToken/);
  assert.equal(requests.length, 2);
});

const NOT_YET = error(401, "invalid_token", { reason: "not_yet_valid" });

test("a token that is not valid yet is waited for once", async (t) => {
  const { signIn, asked, clock } = await signInAt(t, [NOT_YET, signedIn()]);

  await signIn.credentials();

  assert.deepEqual([asked, clock.waits], [[false], [5000 + 1250]]);
});

test("a token that is still not valid is a mistake of the set-up", async (t) => {
  const { signIn, requests } = await signInAt(t, [NOT_YET]);

  await assert.rejects(signIn.credentials(), { constructor: SignInError, reason: "not_yet_valid" });

  assert.equal(requests.length, 2);
});

test("getToken has one minute", async (t) => {
  let asked = 0;
  const getToken = () => ((asked += 1), asked === 1 ? new Promise(() => {}) : "kept");
  const { signIn, clock } = await signInAt(t, [signedIn()], { getToken });
  const waiting = signIn.credentials();
  await until(() => asked === 1);

  clock.ranOut();

  await assert.rejects(waiting, ({ name, message, cause }) => {
    assert.deepEqual([name, message, cause.message], ["UnavailableError", "getToken failed.", "getToken takes too long."]);
    return true;
  });
  assert.deepEqual(clock.limits, [60_000]);
  assert.equal((await signIn.credentials()).accessKeyId, "ASIAONE");
});

test("an error in a log has its own name", async (t) => {
  const { signIn } = await signInAt(t, [EXPIRED]);

  await assert.rejects(signIn.credentials(), ({ stack }) => stack.startsWith("SignInAgainError: The token has expired."));
});
