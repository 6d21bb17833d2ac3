/** How the web client refreshes credentials: before they end, after sleep, on request, and when a refresh fails. */

import assert from "node:assert/strict";
import test from "node:test";

import {
  NotAllowedError,
  OtherUserError,
  SignInAgainError,
  SignInError,
  UnavailableError,
} from "../../web_client/src/chime-signin.js";
import {
  EXPIRED,
  MINUTE,
  busy,
  error,
  keyOf,
  second,
  signInAt,
  signedIn,
  signedInAgo,
  stillClock,
  until,
} from "./service.mjs";

const SECOND = 1000;
const HOUR = 60 * MINUTE;

test("from RefreshAfter on credentials are refreshed, and nobody waits for that", async (t) => {
  const { signIn, requests, clock } = await signInAt(t, [signedIn(), second]);
  await signIn.credentials();
  clock.pass(50 * MINUTE);

  assert.equal((await signIn.credentials()).accessKeyId, "ASIAONE");

  await until(() => requests.length === 2);
  await until(async () => (await signIn.credentials()).accessKeyId === "ASIATWO");
  assert.equal(requests.length, 2);
});

test("an answer without RefreshAfter is refreshed when a sixth is left", async (t) => {
  const { signIn, asked, clock } = await signInAt(t, [signedIn({ RefreshAfter: undefined }), second]);
  await signIn.credentials();
  clock.pass(50 * MINUTE - 1);
  await signIn.credentials();
  assert.equal(asked.length, 1);

  clock.pass(1);
  await signIn.credentials();

  assert.equal(asked.length, 2);
});

test("before the last minute nobody waits for new credentials", async (t) => {
  const { signIn, clock } = await signedInAgo(t, 59, ["say nothing"]);
  clock.pass(-1);

  assert.equal(await keyOf(signIn), "ASIAONE");
});

test("in the last minute, callers wait for new credentials", async (t) => {
  const { signIn } = await signedInAgo(t, 59, [second]);

  assert.equal(await keyOf(signIn), "ASIATWO");
});

test("in the last minute callers wait, even if RefreshAfter is later", async (t) => {
  const { signIn, clock } = await signInAt(t, [signedIn({ RefreshAfter: "2031-01-01T00:59:59Z" }), second]);
  await signIn.credentials();
  clock.pass(59 * MINUTE);

  assert.equal(await keyOf(signIn), "ASIATWO");
});

test("after sleep, in which the monotonic clock stood still, callers get new credentials", async (t) => {
  const { signIn, clock } = await signInAt(t, [signedIn(), second]);
  await signIn.credentials();

  clock.sleep(8 * HOUR);

  assert.equal((await signIn.credentials()).accessKeyId, "ASIATWO");
});

test("a clock that is set back does not make old credentials valid", async (t) => {
  const { signIn, clock } = await signInAt(t, [signedIn(), second]);
  await signIn.credentials();

  clock.now.monotonic += 60 * MINUTE;
  clock.now.wallClock -= 24 * 60 * MINUTE;

  assert.equal((await signIn.credentials()).accessKeyId, "ASIATWO");
});

test("if the machine slept during the answer, there is another request", async (t) => {
  const clock = stillClock();
  const sleepy = () => (clock.sleep(8 * HOUR), signedIn());
  const { signIn, requests } = await signInAt(t, [sleepy, second], { time: clock });

  assert.equal(await keyOf(signIn), "ASIATWO");
  assert.equal(requests.length, 2);
});

test("if the machine slept during the answer, nobody gets it, even if patience is over", async (t) => {
  const clock = stillClock();
  const { signIn } = await signInAt(t, [() => (clock.sleep(59 * MINUTE), signedIn())], { time: clock, patience: 0 });

  await assert.rejects(signIn.credentials(), UnavailableError);
  assert.equal(signIn.clockOffset(), 0, "nor does it say what time it is");
});

test("credentials for less than a minute are returned, too", async (t) => {
  const { signIn, requests } = await signInAt(t, [signedIn({ ExpiresIn: 50 })]);

  assert.equal(await keyOf(signIn), "ASIAONE");
  assert.equal(requests.length, 1);
});

test("sleep does not count as patience", async (t) => {
  const clock = stillClock();
  const cut = () => (clock.pass(8 * HOUR), "hang up"); // both clocks go on, as on some machines that sleep
  const { signIn } = await signInAt(t, [cut, signedIn()], { time: clock });

  assert.equal(await keyOf(signIn), "ASIAONE");
});

test("forceRefresh makes a request even if the credentials are good", async (t) => {
  const { signIn } = await signInAt(t, [signedIn(), second]);
  await signIn.credentials();

  assert.equal((await signIn.credentials({ forceRefresh: true })).accessKeyId, "ASIATWO");
});

test("forceRefresh waits for the request under way, because its token is older", async (t) => {
  let name = "old";
  const options = { getToken: () => name };
  const { signIn, requests } = await signInAt(t, [signedIn(), second], options);
  const first = signIn.credentials();
  name = "new";

  assert.equal((await signIn.credentials({ forceRefresh: true })).accessKeyId, "ASIATWO");
  assert.equal((await first).accessKeyId, "ASIAONE");
  assert.deepEqual(requests.map(({ headers }) => headers.authorization), ["Bearer old", "Bearer new"]);
});

test("forceRefresh makes a request even if the one under way fails", async (t) => {
  const { signIn } = await signInAt(t, [error(403, "forbidden"), signedIn()]);
  const first = assert.rejects(signIn.credentials(), NotAllowedError);

  assert.equal((await signIn.credentials({ forceRefresh: true })).accessKeyId, "ASIAONE");
  await first;
});

test("two callers with forceRefresh at once make one request", async (t) => {
  const { signIn, requests } = await signedInAgo(t, 1, [second]);

  const [{ accessKeyId }] = await Promise.all([
    signIn.credentials({ forceRefresh: true }),
    signIn.user({ forceRefresh: true }),
  ]);

  assert.equal(accessKeyId, "ASIATWO");
  assert.equal(requests.length, 2);
});

test("an outage at a refresh is no error while the old credentials work", async (t) => {
  const { signIn, requests, clock } = await signInAt(t, [signedIn(), busy(503, 5)]);
  await signIn.credentials();
  clock.pass(50 * MINUTE);

  await signIn.credentials();
  await until(() => requests.length > 2);

  assert.equal((await signIn.credentials()).accessKeyId, "ASIAONE");
});

for (const [answer, kind] of [
  [error(403, "forbidden", { reason: "cut_off" }), NotAllowedError],
  [error(401, "invalid_token", { reason: "bad_signature" }), SignInAgainError],
]) {
  test(`a refusal at a refresh, ${answer.status}, is the error of the next caller`, async (t) => {
    const { signIn, requests } = await signedInAgo(t, 50, [answer]);
    await signIn.credentials();
    await until(() => requests.length === 2);

    await assert.rejects(
      until(async () => !(await signIn.credentials())),
      kind,
    );
  });
}

for (const [what, answer, seconds] of [
  ["502", error(502, "upstream_error"), 30],
  ["429 and Retry-After: 3600", busy(429, 3600), 3600],
  ["a broken network", "hang up", 30],
]) {
  test(`after ${what} at a refresh, hundreds of calls make no request for ${seconds} s`, async (t) => {
    const length = { ExpiresIn: 86_400, RefreshAfter: "2030-12-31T10:00:00Z" }; // lest they end meanwhile
    const { signIn, asked, clock } = await signInAt(t, [signedIn(length), answer], { patience: 0 });
    await signIn.credentials();
    clock.pass(9 * HOUR);
    await assert.rejects(signIn.credentials({ forceRefresh: true }), SignInError);

    for (let call = 0; call < 300; call += 1) {
      assert.equal(await keyOf(signIn), "ASIAONE");
      clock.pass((seconds * SECOND) / 300);
    }
    assert.equal(asked.length, 2);

    clock.pass(seconds * SECOND); // for some of it is left to chance
    await signIn.credentials();
    assert.equal(asked.length, 3);
  });
}

for (const [answer, least, most] of [[error(502, "upstream_error"), 30, 45], [busy(429, 60), 60, 90]]) {
  test(`after ${answer.status} there is no request for ${least} to ${most} s, at random`, async (t) => {
    const rests = [];
    for (const chance of [0, 1]) {
      const clock = stillClock({ random: () => chance });
      const { signIn, asked } = await signedInAgo(t, 50, [answer], { time: clock });
      await assert.rejects(signIn.credentials({ forceRefresh: true }), SignInError);
      let rest = 0;
      for (; asked.length === 2; rest += 1) {
        clock.pass(SECOND);
        await signIn.credentials();
      }
      rests.push(rest);
    }

    assert.deepEqual(rests, [least, most]);
  });
}

test("a refresh that succeeds ends the pause after one that failed", async (t) => {
  const short = signedIn({ ExpiresIn: 70, RefreshAfter: undefined });
  const { signIn, asked, clock } = await signedInAgo(t, 50, [error(502, "upstream_error"), short]);
  await assert.rejects(signIn.credentials({ forceRefresh: true }), SignInError);
  await signIn.credentials({ forceRefresh: true });
  clock.pass(10 * SECOND);
  await signIn.credentials();

  assert.equal(asked.length, 4);
});

const ENDS = error(403, "forbidden", { reason: "invitation_ends" });

test("a guest whose invitation ends is told so, by one request for each time that the app asks", async (t) => {
  const { signIn, requests } = await signInAt(t, [ENDS]);

  await assert.rejects(signIn.credentials(), { name: "NotAllowedError", reason: "invitation_ends" });
  assert.equal(requests.length, 1);
});

test("a guest whose invitation ends keeps the credentials until then, and asks once", async (t) => {
  const { signIn, requests, clock } = await signedInAgo(t, 50, [ENDS]);

  for (let second = 0; second < 600; second += 1) {
    assert.equal(await keyOf(signIn), "ASIAONE");
    if (second === 0) await until(() => signIn.state().status === "refused");
    clock.pass(SECOND);
  }
  assert.equal(requests.length, 2);
  assert.equal(signIn.state().error.reason, "invitation_ends");

  await assert.rejects(signIn.credentials(), { name: "NotAllowedError", reason: "invitation_ends" });
});

test("a guest who is invited anew goes on", async (t) => {
  const { signIn } = await signedInAgo(t, 50, [ENDS, second]);
  await assert.rejects(signIn.credentials({ forceRefresh: true }), NotAllowedError);
  assert.equal(await keyOf(signIn), "ASIAONE");

  assert.equal((await signIn.credentials({ forceRefresh: true })).accessKeyId, "ASIATWO");
  assert.equal(await keyOf(signIn), "ASIATWO");
});

for (const [what, answer] of [["502", error(502, "upstream_error")], ["503", busy(503, 5)], ["no network", "hang up"]]) {
  test(`${what} in the last minute: callers get the old credentials, which still work`, async (t) => {
    const { signIn, clock } = await signedInAgo(t, 59, [answer]);

    assert.equal(await keyOf(signIn), "ASIAONE");
    assert.equal(await keyOf(signIn), "ASIAONE");

    clock.pass(MINUTE);
    await assert.rejects(signIn.credentials(), SignInError);
  });
}

test("a refusal in the last minute is an error", async (t) => {
  const { signIn } = await signedInAgo(t, 59, [error(403, "forbidden")]);

  await assert.rejects(signIn.credentials(), NotAllowedError);
});

for (const [what, answer, kind] of [
  ["a mistake of the set-up", error(401, "invalid_token", { reason: "wrong_audience" }), SignInError],
  ["a fresh token that ends too soon, too", error(401, "invalid_token", { reason: "ends_too_soon" }), SignInError],
  ["somebody else's 403", { status: 403, text: "<html>a proxy</html>" }, SignInError],
  ["only expired tokens", EXPIRED, UnavailableError],
]) {
  test(`${what} at a refresh: the old credentials are kept while they work`, async (t) => {
    const { signIn, clock } = await signedInAgo(t, 50, [answer]);

    await assert.rejects(signIn.credentials({ forceRefresh: true }), { constructor: kind });
    assert.equal(await keyOf(signIn), "ASIAONE");

    clock.pass(10 * MINUTE);
    await assert.rejects(signIn.credentials(), SignInError);
  });
}

for (const [what, none] of [["null", () => null], ["an error", () => Promise.reject(new TypeError("Failed to fetch"))]]) {
  test(`getToken gives ${what} at a refresh: it is asked again, and the old credentials are kept while they work`, async (t) => {
    let isDown = false;
    const getToken = () => (isDown ? none() : "kept");
    const { signIn, clock, requests } = await signInAt(t, [signedIn(), second], { getToken });
    await signIn.credentials();
    clock.pass(50 * MINUTE);
    isDown = true;

    await assert.rejects(signIn.credentials({ forceRefresh: true, patience: 5000 }), UnavailableError);
    assert.deepEqual([await keyOf(signIn), clock.waits.length, requests.length], ["ASIAONE", 3, 1]);

    isDown = false;
    assert.equal((await signIn.credentials({ forceRefresh: true })).accessKeyId, "ASIATWO");
  });
}

test("an app without a token, and without credentials that work, is sent to its own sign-in", async (t) => {
  let token = "kept";
  const { signIn, clock } = await signInAt(t, [signedIn()], { getToken: () => token });
  await signIn.credentials();
  clock.pass(HOUR);
  token = null;

  await assert.rejects(signIn.credentials(), SignInAgainError);
});

test("another user's answer is refused, and nobody's credentials are returned", async (t) => {
  const arn = signedIn().body.ChimeAppInstanceUserArn.replace("ada", "bob");
  const { signIn } = await signedInAgo(t, 59, [signedIn({ ChimeAppInstanceUserArn: arn })]);

  for (let call = 0; call < 2; call += 1) await assert.rejects(signIn.credentials(), OtherUserError);
});
