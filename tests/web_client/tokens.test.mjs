/** Each `getToken` of docs/web-tokens.md, executed with a stand-in of its provider's SDK. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";

const PAGE = await readFile(new URL("../../docs/web-tokens.md", import.meta.url), "utf8");
const BLOCKS = new Map([...PAGE.matchAll(/^## ([^\n]+)\n(?:(?!^## ).)*?^```js\n(.*?)^```$/gms)].map(([, name, code]) => [name, code]));

/** Return the `getToken` of the block under *heading*, which imports *imported*. */
function getTokenOf(heading, imported) {
  const code = BLOCKS.get(heading).replace(/^import .*$/gm, "").replaceAll(/^export /gm, "");
  return new Function(...Object.keys(imported), `${code}; return getToken;`)(...Object.values(imported));
}

const TOKEN = "a.b.c";
const OFFLINE = new TypeError("Failed to fetch");
const named = (name, more) => Object.assign(new Error(name), { name, ...more });
class Refusal extends Error {}

/** Return a function that lists its arguments in *calls*, under *name*, and does what *outcome* does. */
const recorded = (calls, name, outcome) => async (...given) => (calls.push([name, ...given]), outcome());

const auth0Options = (cacheMode) => ({ cacheMode, authorizationParams: { audience: "https://api.example.com" } });
const entraRequest = (forceRefresh) => ({
  scopes: ["api://6731de76-14a6-49ae-97bc-6eba6914391e/chat"],
  account: { username: "ada" },
  forceRefresh,
});

function oktaClient(calls, outcome, { isExpired = false } = {}) {
  let held = { accessToken: TOKEN };
  const renewed = async () => {
    held = undefined; // as the SDK does when renewing fails, for whatever reason
    await outcome();
    held = { accessToken: TOKEN };
  };
  const getTokensSync = () => ({ accessToken: held });
  const tokenManager = { getTokensSync, hasExpired: () => isExpired, renew: recorded(calls, "renew", renewed) };
  return { okta: { tokenManager, getAccessToken: () => held?.accessToken } };
}

function keycloakClient(calls, outcome) {
  const keycloak = { token: TOKEN, updateToken: recorded(calls, "updateToken", outcome) };
  return { keycloak };
}

const supabaseClient = (calls, outcome) => {
  const answer = async () => {
    const [session, error] = await outcome().then(() => [{ access_token: TOKEN }, null], (error) => [null, error]);
    return { data: { session }, error };
  };
  const isAuthRetryableFetchError = (error) => error?.name === "AuthRetryableFetchError";
  const auth = { getSession: recorded(calls, "getSession", answer), refreshSession: recorded(calls, "refreshSession", answer) };
  return { supabase: { auth }, isAuthRetryableFetchError };
};

/**
 * By heading: the stand-in, whose calls end as *outcome* does; the calls with and without `forceRefresh`; how the SDK says that
 * nobody is signed in; and how it says that the provider cannot be reached.
 */
const PROVIDERS = {
  Auth0: {
    imports: (calls, outcome) => ({ auth0: { getTokenSilently: recorded(calls, "getTokenSilently", () => outcome().then(() => TOKEN)) } }),
    kept: [["getTokenSilently", auth0Options("on")]],
    forced: [["getTokenSilently", auth0Options("off")]],
    signedOut: named("Error", { error: "login_required" }),
  },
  "Amazon Cognito": {
    imports: (calls, outcome) => {
      const session = () => outcome().then(() => ({ tokens: { idToken: { toString: () => TOKEN }, accessToken: "the other" } }));
      return { fetchAuthSession: recorded(calls, "fetchAuthSession", session) };
    },
    kept: [["fetchAuthSession", { forceRefresh: false }]],
    forced: [["fetchAuthSession", { forceRefresh: true }]],
    without: { fetchAuthSession: async () => ({ tokens: undefined }) },
  },
  "Microsoft Entra ID": {
    imports: (calls, outcome) => {
      const acquireTokenSilent = recorded(calls, "acquireTokenSilent", () => outcome().then(() => ({ accessToken: TOKEN, idToken: "the other" })));
      return { msal: { getActiveAccount: () => ({ username: "ada" }), acquireTokenSilent }, InteractionRequiredAuthError: Refusal };
    },
    kept: [["acquireTokenSilent", entraRequest(false)]],
    forced: [["acquireTokenSilent", entraRequest(true)]],
    signedOut: new Refusal(),
    without: { msal: { getActiveAccount: () => null }, InteractionRequiredAuthError: Refusal },
  },
  Firebase: {
    imports: (calls, outcome) => {
      const currentUser = { getIdToken: recorded(calls, "getIdToken", () => outcome().then(() => TOKEN)) };
      const auth = { authStateReady: async () => (auth.currentUser = currentUser) }; // not before
      return { getAuth: () => auth };
    },
    kept: [["getIdToken", false]],
    forced: [["getIdToken", true]],
    without: { getAuth: () => ({ authStateReady: async () => {}, currentUser: null }) },
  },
  Clerk: {
    imports: (calls, outcome) => ({ clerk: { session: { getToken: recorded(calls, "getToken", () => outcome().then(() => TOKEN)) } } }),
    kept: [["getToken", { skipCache: false }]],
    forced: [["getToken", { skipCache: true }]],
    without: { clerk: { session: null } },
  },
  Okta: {
    imports: oktaClient,
    kept: [],
    forced: [["renew", "accessToken"]],
    signedOut: named("OAuthError"),
    without: { okta: { tokenManager: { getTokensSync: () => ({}) } } },
  },
  Keycloak: {
    imports: keycloakClient,
    kept: [["updateToken", 30]],
    forced: [["updateToken", -1]],
    without: { keycloak: { token: undefined, updateToken: () => Promise.reject(new Error("no refresh token available")) } },
  },
  Supabase: {
    imports: supabaseClient,
    kept: [["getSession"]],
    forced: [["refreshSession"]],
    signedOut: named("AuthSessionMissingError"),
    offline: named("AuthRetryableFetchError"),
  },
  "Any OpenID Connect provider": {
    imports: (calls, outcome) => {
      const user = () => outcome().then(() => ({ access_token: TOKEN }));
      const manager = { getUser: recorded(calls, "getUser", user), signinSilent: recorded(calls, "signinSilent", user) };
      return { manager, ErrorResponse: Refusal };
    },
    kept: [["getUser"]],
    forced: [["signinSilent"]],
    signedOut: new Refusal(),
    without: { manager: { getUser: async () => null, signinSilent: () => Promise.reject(new Refusal()) }, ErrorResponse: Refusal },
  },
  "Your own": {
    imports: (calls, outcome) => {
      const answer = () => outcome().then(() => new Response(TOKEN), (error) => error.answer ?? Promise.reject(error));
      return { fetch: (url, { method }) => recorded(calls, "fetch", answer)(url, method) };
    },
    kept: [["fetch", "/chat-token", "POST"]],
    forced: [["fetch", "/chat-token", "POST"]],
    signedOut: { answer: new Response("", { status: 401 }) },
    offline: { answer: new Response("", { status: 503 }) },
  },
};

const wish = (forceRefresh) => ({ forceRefresh, signal: new AbortController().signal });

test("every block of the page is tested", () => {
  assert.deepEqual(Object.keys(PROVIDERS), [...BLOCKS.keys()]);
  assert.equal(PAGE.match(/^```js$/gm).length, BLOCKS.size);
});

for (const [heading, { imports, kept, forced, signedOut, without, offline = OFFLINE }] of Object.entries(PROVIDERS)) {
  for (const [forceRefresh, expected] of [
    [false, kept],
    [true, forced],
  ])
    test(`${heading}: the token, with forceRefresh ${forceRefresh}`, async () => {
      const calls = [];
      const getToken = getTokenOf(heading, imports(calls, async () => {}));

      assert.equal(await getToken(wish(forceRefresh)), TOKEN);
      assert.deepEqual(calls, expected);
    });

  for (const forceRefresh of [false, true]) {
    if (without)
      test(`${heading}: nothing, if nobody is signed in, with forceRefresh ${forceRefresh}`, async () => {
        assert.equal((await getTokenOf(heading, without)(wish(forceRefresh))) ?? null, null);
      });
  }

  test(`${heading}: an outage is no sign-out`, async () => {
    const getToken = getTokenOf(heading, imports([], () => Promise.reject(offline)));

    await assert.rejects(async () => getToken(wish(true)));
  });

  if (signedOut)
    test(`${heading}: nothing, if the provider asks for a new sign-in`, async () => {
      const getToken = getTokenOf(heading, imports([], () => Promise.reject(signedOut)));

      assert.equal((await getToken(wish(true))) ?? null, null);
    });
}

test("Okta: a token that has expired is renewed", async () => {
  const calls = [];

  assert.equal(await getTokenOf("Okta", oktaClient(calls, async () => {}, { isExpired: true }))(wish(false)), TOKEN);
  assert.deepEqual(calls, [["renew", "accessToken"]]);
});

test("Keycloak: nothing, after a refusal, with which the adapter drops its token", async () => {
  const { keycloak } = keycloakClient([], async () => {
    keycloak.token = undefined;
    throw OFFLINE;
  });

  assert.equal(await getTokenOf("Keycloak", { keycloak })(wish(true)), undefined);
});
