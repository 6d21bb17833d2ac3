/** A sign-in service on loopback with prepared answers, and a clock that tests move. */

import { once } from "node:events";
import { createServer } from "node:http";
import { setImmediate as turn } from "node:timers/promises";

import { chimeSignIn } from "../../web_client/src/chime-signin.js";

export const MINUTE = 60_000;

/** Return the answer of the service to a good token. Its times are those of a server whose clock is wrong by years. */
export function signedIn(change = {}) {
  const body = {
    ChimeAppInstanceUserArn: "arn:aws:chime:us-east-1:123456789012:app-instance/i/user/ada",
    ChimeUserId: "ada",
    ChimeCredentials: {
      AccessKeyId: "ASIAONE",
      SecretAccessKey: "secret",
      SessionToken: "session",
      Expiration: "2031-01-01T01:00:00Z",
    },
    ChimeDisplayName: "Ada Lovelace",
    ChimeAppInstanceArn: "arn:aws:chime:us-east-1:123456789012:app-instance/i",
    ChimeRegion: "us-east-1",
    ExpiresIn: 3600,
    RefreshAfter: "2031-01-01T00:50:00Z",
    ...change,
  };
  return { status: 200, body };
}

/** The next answer to the same user, with other credentials. */
export const second = signedIn({ ChimeCredentials: { ...signedIn().body.ChimeCredentials, AccessKeyId: "ASIATWO" } });

export const EXPIRED = {
  status: 401,
  body: { error: "invalid_token", error_description: "The token has expired.", reason: "token_expired", requestId: "r1" },
};

export const error = (status, code, more = {}) => ({
  status,
  body: { error: code, error_description: `${code}.`, ...more },
});

export const busy = (status, retryAfter) => ({
  ...error(status, "busy"),
  headers: { "Retry-After": `${retryAfter}` },
});

/** Start a service that gives *answers* in their order, and then always the last one. It is closed when test *t* ends. */
export async function serve(t, ...answers) {
  const requests = [];
  const server = createServer((request, response) => {
    const seen = { method: request.method, url: request.url, headers: request.headers, over: false };
    requests.push(seen);
    response.once("close", () => (seen.over = true));
    const next = answers.length > 1 ? answers.shift() : answers[0];
    const answer = typeof next === "function" ? next() : next;
    if (answer === "hang up") return request.socket.destroy();
    if (answer === "say nothing") return undefined;
    const { status, headers = {}, body, text = JSON.stringify(body) } = answer;
    return response.writeHead(status, { "Content-Type": "application/json", ...headers }).end(text);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => (server.closeAllConnections(), server.close()));
  return { requests, endpoint: `http://127.0.0.1:${server.address().port}/signin` };
}

/**
 * Return a clock for `options.time`. Waits end at once, and are listed in `waits`. Limits never end by themselves, and are
 * listed in `limits`; a test ends the last one with `ranOut()`.
 */
export function stillClock(change = {}) {
  const clock = {
    waits: [],
    limits: [],
    now: { wallClock: Date.UTC(2026, 0, 1), monotonic: 0 },
    pass(ms) {
      clock.now.wallClock += ms;
      clock.now.monotonic += ms;
    },
    sleep: (ms) => (clock.now.wallClock += ms), // a sleep in which the monotonic clock stands still
    wallClock: () => clock.now.wallClock,
    monotonic: () => clock.now.monotonic,
    random: () => 0.5,
    wait: async (ms) => (clock.waits.push(ms), clock.pass(ms)),
    limit: (ms, signal) =>
      new Promise((resolve, reject) => {
        clock.limits.push(ms);
        clock.ranOut = () => (clock.pass(ms), resolve());
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
    ...change,
  };
  return clock;
}

/** Let promises and I/O proceed until *condition* holds. */
export async function until(condition) {
  const end = performance.now() + MINUTE;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`It never came to ${condition}`);
    await turn();
  }
}

/** Return a sign-in at a service with *answers*, and what a test needs to watch it. */
export async function signInAt(t, answers, options = {}) {
  const service = await serve(t, ...answers);
  const { time: clock = stillClock() } = options;
  const asked = [];
  const getToken = async ({ forceRefresh }) => (asked.push(forceRefresh), forceRefresh ? "fresh" : "kept");
  const signIn = chimeSignIn({ endpoint: service.endpoint, getToken, time: clock, ...options });
  return { ...service, clock, asked, signIn };
}

/** Return the result of `signInAt`, with a sign-in that was *minutes* ago. */
export async function signedInAgo(t, minutes, answers, options) {
  const all = await signInAt(t, [signedIn(), ...answers], options);
  await all.signIn.credentials();
  all.clock.pass(minutes * MINUTE);
  return all;
}

/** Return the id of the key that a sign-in gives. */
export const keyOf = async (signIn) => (await signIn.credentials()).accessKeyId;
