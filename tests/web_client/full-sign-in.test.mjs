/** Which renewals are without a call of Chime, and which are followed by a full sign-in. */

import assert from "node:assert/strict";
import test from "node:test";

import { NotAllowedError, chimeSignIn } from "../../web_client/src/chime-signin.js";
import {
  MINUTE,
  busy,
  error,
  keyOf,
  second,
  serve,
  signInAt,
  signedIn,
  signedInAgo,
  stillClock,
} from "./service.mjs";

const HOUR = 60 * MINUTE;
const named = (ChimeDisplayName) => signedIn({ ChimeDisplayName });
const urls = (requests) => requests.map(({ url }) => url);
const FULL = "/signin";
const RENEWAL = "/signin?renewal=true";

/** Return what was requested when *answers* came at renewals, each half an hour after the one before, in the last minute. */
async function renewed(t, answers, times = answers.length) {
  const all = await signInAt(t, [named("Ada"), ...answers]);
  await all.signIn.credentials();
  for (let time = 0; time < times; time += 1) {
    all.clock.pass(59.5 * MINUTE);
    await all.signIn.credentials();
  }
  return { ...all, names: [(await all.signIn.user()).name] };
}

test("who holds credentials renews, and who holds none signs in", async (t) => {
  const { requests } = await renewed(t, [named("Ada"), named("Ada")]);

  assert.deepEqual(urls(requests), [FULL, RENEWAL, RENEWAL]);
});

test("a renewal is for the same user after the credentials have ended, too", async (t) => {
  const { signIn, requests, clock } = await signInAt(t, [signedIn(), second]);
  await signIn.credentials();
  clock.sleep(8 * HOUR);
  await signIn.credentials();

  assert.deepEqual(urls(requests), [FULL, RENEWAL]);
});

test("an endpoint with a query keeps it", async (t) => {
  const { endpoint, requests } = await serve(t, signedIn());
  const clock = stillClock();
  const signIn = chimeSignIn({ endpoint: `${endpoint}?stage=2`, getToken: () => "kept", time: clock });
  await signIn.credentials();
  clock.pass(HOUR);
  await signIn.credentials();

  assert.deepEqual(urls(requests), ["/signin?stage=2", "/signin?stage=2&renewal=true"]);
});

test("forceRefresh is a full sign-in", async (t) => {
  const { signIn, requests } = await signInAt(t, [signedIn()]);
  await signIn.credentials();
  await signIn.credentials({ forceRefresh: true });

  assert.deepEqual(urls(requests), [FULL, FULL]);
});

test("forceRefresh does not share a renewal under way", async (t) => {
  const { signIn, requests } = await signedInAgo(t, 59, [second]);

  await Promise.all([signIn.credentials(), signIn.credentials({ forceRefresh: true })]);

  assert.deepEqual(urls(requests), [FULL, RENEWAL, FULL]);
});

test("a new name in the token is followed by one full sign-in", async (t) => {
  const { requests, names } = await renewed(t, [named("Ada King"), named("Ada King"), named("Ada King")], 2);

  assert.deepEqual(urls(requests), [FULL, RENEWAL, FULL, RENEWAL]);
  assert.deepEqual(names, ["Ada King"]);
});

test("a token without a name is followed by one full sign-in, and the name in Chime stays", async (t) => {
  const [fallback, inChime] = [named("User 7f3q"), named("Ada")];
  const { requests, names } = await renewed(t, [fallback, inChime, fallback, fallback], 3);

  assert.deepEqual(urls(requests), [FULL, RENEWAL, FULL, RENEWAL, RENEWAL]);
  assert.deepEqual(names, ["Ada"]);
});

test("a name that comes back is followed, too", async (t) => {
  const [king, ada] = [named("Ada King"), named("Ada")];
  const { requests, names } = await renewed(t, [king, king, ada, ada, king, king], 3);

  assert.deepEqual(urls(requests), [FULL, RENEWAL, FULL, RENEWAL, FULL, RENEWAL, FULL]);
  assert.deepEqual(names, ["Ada King"]);
});

test("if the full sign-in fails, the renewed credentials are used, and the next renewal tries again", async (t) => {
  const king = { ...second, body: { ...second.body, ChimeDisplayName: "Ada King" } };
  const { signIn, clock, requests, names } = await renewed(t, [king, busy(503, 5), king], 1);
  assert.deepEqual([await keyOf(signIn), names, clock.waits], ["ASIATWO", ["Ada"], []]);

  clock.pass(59.5 * MINUTE);
  await signIn.credentials();

  assert.deepEqual(urls(requests), [FULL, RENEWAL, FULL, RENEWAL, FULL]);
  assert.equal((await signIn.user()).name, "Ada King");
});

test("a user who is cut off right after a renewal gets nothing", async (t) => {
  const { signIn } = await signedInAgo(t, 59, [named("Ada King"), error(403, "forbidden", { reason: "revoked" })]);

  await assert.rejects(signIn.credentials(), NotAllowedError);
});

test("once a day there is a full sign-in", async (t) => {
  const { requests } = await renewed(t, [named("Ada")], 26);

  const kinds = urls(requests);
  assert.deepEqual(kinds.flatMap((url, i) => (url === FULL ? [i] : [])), [0, 26]);
  assert.equal(kinds[25], RENEWAL, "right before it, so that an outage of Chime ends nobody's session");
});
