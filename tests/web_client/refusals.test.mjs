/** What the web client does when the service refuses, and when the app has no token. */

import assert from "node:assert/strict";
import test from "node:test";

import {
  NotAllowedError,
  SignInAgainError,
  SignInError,
  UnavailableError,
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
