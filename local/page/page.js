/** The page of the local stack: what the web client does, for everybody to see. */

import { CALLS, sdk } from "./calls.js";
import { NotAllowedError, SignInAgainError, UnavailableError, chimeSignIn } from "./chime-signin.js";
import { isOn, readFaults, toggle, tokenRequest } from "./faults.js";
import { isWaitedOut, watchRequests } from "./wire.js";

const at = (id) => document.getElementById(id);
const all = (selector) => document.querySelectorAll(selector);
const issuer = document.querySelector('meta[name="issuer"]').content;
const aws = document.querySelector('meta[name="aws"]').content;
const endpoint = new URL("/signin", location.href);
const SIGNED_OUT = new Error("signed out");
const ADA = { sub: "ada", name: "Ada Lovelace" };
const BOB = { sub: "bob", name: "Bob Kahn" };

/** Who is signed in or about to be: the sign-in, what it gave, and what ends it. */
let current;

async function fetchToken(request, signal) {
  const body = JSON.stringify(request);
  const response = await fetch(`${issuer}/token`, { method: "POST", body, signal }).catch((cause) => {
    signal.throwIfAborted();
    throw new UnavailableError("The token issuer cannot be reached.", { cause });
  });
  return (await response.json()).access_token;
}

function start() {
  current?.end.abort(SIGNED_OUT);
  const session = { end: new AbortController() };
  const claims = { sub: at("sub").value, name: at("name").value };
  async function getToken({ forceRefresh, signal }) {
    session.replaced = forceRefresh;
    return (session.token = await fetchToken(tokenRequest(claims, forceRefresh), signal));
  }
  session.signIn = chimeSignIn({ endpoint, getToken, signal: session.end.signal });
  current = session;
  showUser();
  return renew();
}

async function renew() {
  const session = current;
  Object.assign(session, { pending: true, requests: 0 });
  show("wait", session.user ? "Renewing …" : "Signing in …", "A moment, or up to half a minute if something is down.");
  try {
    const credentials = await session.signIn.credentials({ forceRefresh: true });
    const replaced = `The expired token was replaced by a fresh one (${session.requests} requests).`;
    const text = session.replaced ? replaced : "The credentials name this user, and nobody else.";
    await take(session, credentials, text);
  } catch (error) {
    fail(session, error);
  } finally {
    session.pending = false;
  }
}

/** Return the credentials of *session* for the AWS SDK. If the web client renews them, the page shows it. */
async function provide(session) {
  try {
    const credentials = await session.signIn.credentials();
    if (credentials.accessKeyId !== session.credentials.accessKeyId) {
      await take(session, credentials, "Renewed because the AWS SDK asked, and the old ones were near their end.");
    }
    return credentials;
  } catch (error) {
    fail(session, error);
    throw error;
  }
}

async function take(session, credentials, text) {
  // It takes what came with the credentials.
  const user = await session.signIn.user();
  Object.assign(session, { user, credentials, length: left({ credentials }), renewed: false, ended: false });
  if (session !== current) return;
  show("good", `Signed in as ${user.name}.`, text);
  showUser();
}

function fail(session, error) {
  // Whoever aborted it has shown what came after.
  if (session.end.signal.aborted) return;
  if (error instanceof SignInAgainError || error instanceof NotAllowedError) session.user = undefined;
  const [kind, title, text] = told(error);
  const kept = session.user && left(session) > 0;
  show(kind, title, kept ? `${text} The credentials from before still work.` : text);
  showUser();
}

/** Take note of an answer to the web client, which tries again by itself and renews for whoever asks. */
function heard(request, status) {
  if (request.headers.get("Authorization") !== `Bearer ${current?.token}`) return;
  current.requests += 1;
  current.renewed = status === 200;
  if (!current.pending || !isWaitedOut(status)) return;
  const time = new Date().toLocaleTimeString("en-GB");
  const text = `Attempt ${current.requests} was at ${time}. It can take half a minute until it works or is given up.`;
  show("wait", `${status ?? "No answer"}: trying again …`, text);
}

const left = ({ credentials }) => Math.max(0, credentials.expiration - Date.now());

/** Return kind, title and text of what an app would do about *error*. */
function told(error) {
  const about = [error.status, error.reason].filter(Boolean).join(", ");
  const text = about ? `${error.message} (${about})` : error.message;
  if (error instanceof SignInAgainError) return ["bad", "Sign in again.", text];
  if (error instanceof NotAllowedError) return ["bad", "Not allowed.", text];
  if (error instanceof UnavailableError) return ["wait", "Out of reach. Try later.", text];
  return ["bad", "It failed.", text];
}

function show(kind, title, text) {
  at("outcome").dataset.kind = kind;
  at("outcome").querySelector("b").textContent = title;
  at("outcome").querySelector("span").textContent = text;
}

function showUser() {
  const { user, credentials } = current ?? {};
  at("user").dataset.signedIn = Boolean(user);
  at("user-name").textContent = user?.name ?? "–";
  at("user-id").textContent = user?.userId ?? "–";
  at("user-region").textContent = user?.region ?? "–";
  at("user-key").textContent = user ? credentials.accessKeyId : "–";
  at("user-arn").textContent = user?.userArn ?? "–";
  at("renew").disabled = at("out").disabled = !current;
  for (const button of all("[data-call]")) button.disabled = !user || !sdk;
  if (!user) for (const output of all("#calls output")) showResult(output, "", "");
  at("other-name").textContent = user?.userId === BOB.sub ? "Ada’s" : "Bob’s";
  tick();
}

function tick() {
  const session = current?.user && current;
  const ms = session ? left(session) : 0;
  const seconds = Math.ceil(ms / 1000);
  const text = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  at("countdown").querySelector("b").textContent = session ? text : "–";
  at("countdown").style.setProperty("--part", session ? ms / session.length : 0);
  at("countdown").style.setProperty("--colour", session && ms < session.length / 6 ? "var(--wait)" : "var(--good)");
  if (!session || session.pending) return;
  // The AWS SDK was not kept waiting for a renewal that was not urgent: what it brought is seen here.
  if (session.renewed) provide(session).catch(() => {});
  if (ms > 0 || session.ended) return;
  session.ended = true;
  show("wait", "The credentials have ended.", "The next call of the AWS SDK gets new ones, and so does Renew.");
}

const entered = new Set();

/** See to it that Chime knows the user with *claims*, so that nothing but a permission keeps others from the entry. */
async function enter(claims) {
  if (entered.has(claims.sub)) return;
  const getToken = ({ signal }) => fetchToken(claims, signal);
  await chimeSignIn({ endpoint, getToken, patience: 0 }).user();
  entered.add(claims.sub);
}

async function use(call) {
  const session = current;
  const output = at(`call-${call}`);
  const other = session.user.userId === BOB.sub ? ADA : BOB;
  // Against AWS itself, leave the endpoint out.
  const { region } = session.user;
  const settings = { region, credentials: () => provide(session), endpoint: aws, maxAttempts: 1 };
  showResult(output, "", "…");
  let result;
  try {
    if (call === "other") await enter(other);
    result = ["good", await CALLS[call](settings, session.user, other.sub)];
  } catch (error) {
    const status = error.$metadata?.httpStatusCode;
    result = ["bad", status ? `${status} ${error.name}` : error.message];
  }
  if (session === current && session.user) showResult(output, ...result);
}

function showResult(output, kind, text) {
  output.dataset.kind = kind;
  output.textContent = text;
}

function showFaults() {
  for (const button of all("[data-fault]")) button.setAttribute("aria-pressed", String(isOn(button.dataset.fault)));
}

async function press(fault) {
  try {
    await toggle(fault, issuer);
  } catch (error) {
    return show("bad", "Nothing was switched.", `Is the local stack still running? ${error.message}`);
  }
  showFaults();
  await start();
}

watchRequests(at("log"), { issuer, aws }, heard);
at("no-sdk").hidden = Boolean(sdk);
at("form").addEventListener("submit", (event) => (event.preventDefault(), start()));
at("renew").addEventListener("click", renew);
at("out").addEventListener("click", () => {
  current.end.abort(SIGNED_OUT);
  current = undefined;
  show("none", "Nobody is signed in.", "");
  showUser();
  at("in").focus(); // what had it is disabled now
});
for (const button of all("[data-sub]")) {
  button.addEventListener("click", () => {
    at("sub").value = button.dataset.sub;
    at("name").value = button.dataset.name;
    start();
  });
}
for (const button of all("[data-call]")) button.addEventListener("click", () => use(button.dataset.call));
for (const button of all("[data-fault]")) button.addEventListener("click", () => press(button.dataset.fault));
setInterval(tick, 250);
await readFaults(issuer).catch(() => {});
showFaults();
showUser();
document.documentElement.dataset.ready = "true";
