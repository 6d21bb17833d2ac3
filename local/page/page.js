/** The page of the local stack: what the web client does, for everybody to see. */

import { NotAllowedError, SignInAgainError, UnavailableError, chimeSignIn } from "./chime-signin.js";
import { switchFault, tokenRequest } from "./faults.js";
import { watchRequests } from "./wire.js";

const at = (id) => document.getElementById(id);
const issuer = document.querySelector('meta[name="issuer"]').content;
const aws = document.querySelector('meta[name="aws"]').content;
const SIGNED_OUT = new Error("signed out");

/** Who is signed in, and what ends it. */
let current;

watchRequests(at("log"), { issuer, aws });
// Built where Node.js is; the page says so where it is not.
const sdk = await import("./aws-sdk.js").catch(() => undefined);
at("no-sdk").hidden = Boolean(sdk);

async function getToken(claims, forceRefresh, signal) {
  const body = JSON.stringify(tokenRequest(claims, forceRefresh));
  const response = await fetch(`${issuer}/token`, { method: "POST", body, signal });
  return (await response.json()).access_token;
}

function start() {
  current?.end.abort(SIGNED_OUT);
  const end = new AbortController();
  const claims = { sub: at("sub").value, name: at("name").value };
  const signIn = chimeSignIn({
    endpoint: new URL("/signin", location.href),
    getToken: ({ forceRefresh, signal }) => getToken(claims, forceRefresh, signal),
    signal: end.signal,
  });
  current = { signIn, end };
  return renew();
}

async function renew() {
  const { signIn, end } = current;
  show("wait", "Signing in …", "");
  try {
    // The second takes what the first was given.
    current.credentials = await signIn.credentials({ forceRefresh: true });
    current.user = await signIn.user();
    current.length = current.credentials.expiration - Date.now();
    show("good", `Signed in as ${current.user.name}.`, "The credentials name this user, and nobody else.");
  } catch (error) {
    // Whoever aborted it has shown what came after.
    if (end.signal.aborted) return;
    current.user = undefined;
    show(...told(error));
  }
  showUser();
}

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
  for (const button of document.querySelectorAll("[data-call]")) button.disabled = !user || !sdk;
  for (const output of document.querySelectorAll("#calls output")) showResult(output, "", "");
  at("other-name").textContent = user?.userId === "bob" ? "Ada’s" : "Bob’s";
  tick();
}

function tick() {
  const left = current?.user ? Math.max(0, current.credentials.expiration - Date.now()) : 0;
  const seconds = Math.ceil(left / 1000);
  const text = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  at("countdown").querySelector("b").textContent = current?.user ? text : "–";
  at("countdown").style.setProperty("--part", current?.user ? left / current.length : 0);
  at("countdown").style.setProperty("--colour", left < 600_000 ? "var(--wait)" : "var(--good)");
}

const CALLS = {
  async me() {
    const client = new sdk.STSClient(await settings());
    return (await client.send(new sdk.GetCallerIdentityCommand({}))).Arn;
  },
  own: () => nameOf(current.user.userArn),
  other: () => nameOf(`${current.user.appInstanceArn}/user/${current.user.userId === "bob" ? "ada" : "bob"}`),
};

async function nameOf(AppInstanceUserArn) {
  const client = new sdk.ChimeSDKIdentityClient(await settings());
  const answer = await client.send(new sdk.DescribeAppInstanceUserCommand({ AppInstanceUserArn }));
  return `${answer.AppInstanceUser.Name}, ${answer.AppInstanceUser.AppInstanceUserArn.split("/").slice(2).join("/")}`;
}

async function settings() {
  const { region } = await current.signIn.user();
  // Against AWS itself, leave the endpoint out.
  return { region, credentials: current.signIn.credentials, endpoint: aws, maxAttempts: 1 };
}

async function use(call) {
  const output = at(`call-${call}`);
  showResult(output, "", "…");
  try {
    showResult(output, "good", await CALLS[call]());
  } catch (error) {
    showResult(output, "bad", `${error.$metadata?.httpStatusCode ?? ""} ${error.name}: refused`.trim());
  }
}

function showResult(output, kind, text) {
  output.dataset.kind = kind;
  output.textContent = text;
}

at("form").addEventListener("submit", (event) => (event.preventDefault(), start()));
at("renew").addEventListener("click", renew);
at("out").addEventListener("click", () => {
  current.end.abort(SIGNED_OUT);
  current = undefined;
  show("none", "Nobody is signed in.", "");
  showUser();
});
for (const button of document.querySelectorAll("[data-sub]")) {
  button.addEventListener("click", () => {
    at("sub").value = button.dataset.sub;
    at("name").value = button.dataset.name;
    start();
  });
}
for (const button of document.querySelectorAll("[data-call]")) {
  button.addEventListener("click", () => use(button.dataset.call));
}
for (const button of document.querySelectorAll("[data-fault]")) {
  button.addEventListener("click", async () => {
    const on = button.getAttribute("aria-pressed") === "false";
    button.setAttribute("aria-pressed", String(on));
    await switchFault(button.dataset.fault, on, issuer);
    await start();
  });
}
setInterval(tick, 250);
showUser();
document.documentElement.dataset.ready = "true";
