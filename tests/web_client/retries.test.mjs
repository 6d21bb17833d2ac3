/** How long the web client waits and tries again when the service refuses for a while, fails, or does not answer. */

import assert from "node:assert/strict";
import test from "node:test";

import {
  NotAllowedError,
  SignInAgainError,
  SignInError,
  UnavailableError,
} from "../../web_client/src/chime-signin.js";
import { EXPIRED, busy, error, signInAt, signedIn, stillClock, until } from "./service.mjs";

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
