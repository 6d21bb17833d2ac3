/** The page of the local stack: it signs users in with the web client, and shows what the web client does. */

import { CALLS, sdk } from "./calls.js";
import { showChannel } from "./channel.js";
import { isOn, readFaults, toggle, tokenRequest } from "./faults.js";
import { ADA, BOB, INVITATION, aws, endpoint, explain, fetchToken, invite, issuer, reasonOf } from "./people.js";
import { ROOM, showRoom } from "./room.js";
import { NotAllowedError, SignInAgainError, chimeSignIn } from "./web_client/chime-signin.js";
import { isRetried, watchRequests } from "./wire.js";

const byId = (id) => document.getElementById(id);
const select = (selector) => document.querySelectorAll(selector);
const SIGNED_OUT = new Error("signed out");

/** The user who is signed in or signing in: the sign-in, its user and credentials, and the controller that ends it. */
let current;

function start(claims = { sub: byId("sub").value, name: byId("name").value }) {
  current?.end.abort(SIGNED_OUT);
  const session = { end: new AbortController() };
  async function getToken({ forceRefresh, signal }) {
    session.replaced = forceRefresh;
    session.token = await fetchToken(tokenRequest(claims, forceRefresh), signal);
    return session.token;
  }
  session.signIn = chimeSignIn({ endpoint, getToken, signal: session.end.signal });
  session.signIn.subscribe((state) => onState(session, state));
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
    await accept(session, credentials, text);
  } catch (error) {
    showError(session, error);
  } finally {
    session.pending = false;
  }
}

/** Return the credentials of *session* for the AWS SDK. If the web client has renewed them, show that. */
async function provide(session) {
  try {
    const credentials = await session.signIn.credentials();
    if (credentials.accessKeyId !== session.credentials.accessKeyId) {
      const text = "Renewed because the AWS SDK asked, and the old ones were near their end.";
      await accept(session, credentials, text);
    }
    return credentials;
  } catch (error) {
    showError(session, error);
    throw error;
  }
}

async function accept(session, credentials, text) {
  // This makes no request: the user came with the credentials.
  const user = await session.signIn.user();
  Object.assign(session, { user, credentials, length: msLeft({ credentials }), renewed: false, ended: false });
  if (session !== current) return;
  show("good", `Signed in as ${user.name}.`, text);
  showUser();
}

function showError(session, error) {
  // The sign-in was aborted on purpose, and the page shows what follows already.
  if (session.end.signal.aborted) return;
  if (error instanceof SignInAgainError || error instanceof NotAllowedError) session.user = undefined;
  const [kind, title, text] = explain(error);
  const stillValid = session.user && msLeft(session) > 0;
  show(kind, title, stillValid ? `${text} The credentials from before still work.` : text);
  showUser();
}

/** Show that the web client retries, and note that it has new credentials. It does both without asking the page. */
function onResponse(request, status) {
  if (request.headers.get("Authorization") !== `Bearer ${current?.token}`) return;
  current.requests += 1;
  current.renewed = status === 200;
  if (!current.pending || !isRetried(status)) return;
  const time = new Date().toLocaleTimeString("en-GB");
  const text = `Attempt ${current.requests} was at ${time}. It can take half a minute until it works or is given up.`;
  show("wait", `${status ?? "No answer"}: trying again …`, text);
}

/** Show that the web client waits for a token. Requests that fail are shown already. */
function onState(session, { status, error }) {
  if (session !== current || !session.pending || status !== "waiting" || error.url) return;
  show("wait", "No token: trying again …", reasonOf(error));
}

const msLeft = ({ credentials }) => Math.max(0, credentials.expiration - Date.now());

function show(kind, title, text) {
  byId("outcome").dataset.kind = kind;
  byId("outcome").querySelector("b").textContent = title;
  byId("outcome").querySelector("span").textContent = text;
}

function showUser() {
  const { user, credentials } = current ?? {};
  byId("user").dataset.signedIn = Boolean(user);
  byId("user-name").textContent = user?.name ?? "–";
  byId("user-id").textContent = user?.userId ?? "–";
  byId("user-region").textContent = user?.region ?? "–";
  byId("user-key").textContent = user ? credentials.accessKeyId : "–";
  byId("user-arn").textContent = user?.userArn ?? "–";
  byId("renew").disabled = !current;
  byId("out").disabled = !current;
  for (const button of select("[data-call]")) button.disabled = !user || !sdk;
  if (!user) for (const output of select("#calls output")) showResult(output, "", "");
  byId("other-name").textContent = user?.userId === BOB.sub ? "Ada’s" : "Bob’s";
  tick();
}

function tick() {
  const session = current?.user && current;
  const ms = session ? msLeft(session) : 0;
  const seconds = Math.ceil(ms / 1000);
  const text = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  byId("countdown").querySelector("b").textContent = session ? text : "–";
  byId("countdown").style.setProperty("--part", session ? ms / session.length : 0);
  byId("countdown").style.setProperty("--colour", session && ms < session.length / 6 ? "var(--wait)" : "var(--good)");
  if (!session || session.pending) return;
  // The AWS SDK does not wait for a renewal that is not urgent, so the new credentials are shown here.
  if (session.renewed) provide(session).catch(() => {});
  if (ms > 0 || session.ended) return;
  session.ended = true;
  show("wait", "The credentials have ended.", "The next call of the AWS SDK gets new ones, and so does Renew.");
}

const created = new Set();

/** Sign in the user with *claims* once, so that the AppInstanceUser exists and only permissions can refuse access. */
async function createUser(claims) {
  if (created.has(claims.sub)) return;
  const getToken = ({ signal }) => fetchToken(claims, signal);
  await chimeSignIn({ endpoint, getToken, patience: 0 }).user();
  created.add(claims.sub);
}

async function use(call) {
  const session = current;
  const output = byId(`call-${call}`);
  const other = session.user.userId === BOB.sub ? ADA : BOB;
  // An app that uses AWS itself leaves the endpoint out.
  const { region } = session.user;
  const settings = { region, credentials: () => provide(session), endpoint: aws, maxAttempts: 1 };
  showResult(output, "", "…");
  let result;
  try {
    if (call === "other") await createUser(other);
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
  for (const button of select("[data-fault]")) button.setAttribute("aria-pressed", String(isOn(button.dataset.fault)));
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

/** Show the guest of an invitation where Bob is otherwise. */
function showGuest() {
  const named = (text) => text.replace("Bob Kahn", BOB.name).replace("Bob", BOB.name.split(" ")[0]);
  for (const part of select("[data-side=bob], [data-side=bob] :is(h3, label, [aria-label])")) {
    if (part.ariaLabel) part.ariaLabel = named(part.ariaLabel);
    if (part.firstChild?.data) part.firstChild.data = named(part.firstChild.data);
  }
}

watchRequests(byId("log"), { issuer, aws }, onResponse);
byId("no-sdk").hidden = Boolean(sdk);
showChannel(byId("channel"));
const room = showRoom(byId("room"));
byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  start();
});
byId("renew").addEventListener("click", renew);
byId("guests").hidden = document.querySelector('meta[name="guests"]').content !== "true" || Boolean(INVITATION);
byId("invite").addEventListener("click", async () => {
  byId("invitation").href = `/#invitation=${await invite([ROOM])}`;
  byId("invitation").hidden = false;
});
byId("out").addEventListener("click", () => {
  current.end.abort(SIGNED_OUT);
  current = undefined;
  show("none", "Nobody is signed in.", "");
  showUser();
  byId("in").focus(); // because the button that had the focus is disabled now
});
for (const button of select("[data-sub]")) {
  button.addEventListener("click", () => {
    byId("sub").value = button.dataset.sub;
    byId("name").value = button.dataset.name;
    start();
  });
}
for (const button of select("[data-call]")) button.addEventListener("click", () => use(button.dataset.call));
for (const button of select("[data-fault]")) button.addEventListener("click", () => press(button.dataset.fault));
setInterval(tick, 250);
await readFaults(issuer).catch(() => {});
showFaults();
showUser();
await room;
if (INVITATION) {
  showGuest();
  start(BOB);
}
document.documentElement.dataset.ready = "true";
