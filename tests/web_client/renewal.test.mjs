/** How the web client refreshes credentials: before they end, after sleep, on request, and when a refresh fails. */

import assert from "node:assert/strict";
import test from "node:test";

import { NotAllowedError, SignInAgainError, SignInError, UnavailableError } from "../../web_client/chime-signin.js";
import { EXPIRED, busy, error, second, signInAt, signedIn, stillClock, until } from "./service.mjs";

const SECOND = 1000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const keyOf = async (signIn) => (await signIn.credentials()).accessKeyId;

/** Return the result of `signInAt`, with a sign-in that was *minutes* ago. */
async function signedInAgo(t, minutes, answers, options) {
  const all = await signInAt(t, [signedIn(), ...answers], options);
  await all.signIn.credentials();
  all.clock.pass(minutes * MINUTE);
  return all;
}

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
  [error(401, "invalid_token", { reason: "wrong_key" }), SignInAgainError],
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
