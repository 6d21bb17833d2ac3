/** The page of the local stack, as people use it. */

import assert from "node:assert/strict";
import test, { after, afterEach, before } from "node:test";

import { contrast } from "./contrast.mjs";
import { openPage, signIns, spoil, startBrowser, startStack } from "./stack.mjs";

let stack, browser;
before(async () => {
  // The shortest session: AWS accepts a client's clock that is wrong by that much, so a test may move the clock.
  [stack, browser] = await Promise.all([startStack({ settings: { SESSION_SECONDS: "900" } }), startBrowser()]);
});
afterEach(() => stack.mend());
after(() => Promise.all([stack?.stop(), browser?.close()]));

async function open(t, options) {
  const page = await openPage(t, browser, stack.urls.api, options);
  await page.locator("[data-ready]").waitFor();
  return page;
}

/** Open the page with a clock that only the test moves. */
async function openAtRest(t) {
  const page = await open(t, { clock: {} });
  await page.clock.pauseAt(Date.now() + 60_000);
  return page;
}

async function signIn(page, name, whole) {
  await press(page, name);
  await outcome(page, `Signed in as ${whole}.`);
}

/** Move the clock past the web client's waits until its patience is over. */
async function waitOut(page) {
  for (let attempt = 1; ; attempt++) {
    await outcome(page, new RegExp(`Attempt ${attempt} |Out of reach`));
    if (await page.getByText("Out of reach").count()) return;
    await page.clock.runFor(10_000);
  }
}

/** Keep the issuer's keys, because the functions take up to ten seconds to fetch new ones. */
function keepKeys(page) {
  return page.route("**/local/rotate", (route) => route.fulfill({ headers: { "Access-Control-Allow-Origin": "*" } }));
}

const outcome = (page, text) => page.locator("#outcome", { hasText: text }).waitFor();
const press = (page, name) => page.getByRole("button", { name, exact: true }).click();
const isPressed = (page, name, pressed = true) => page.getByRole("button", { name, exact: true, pressed }).waitFor();
const wire = (page) => page.locator("#log tr td:nth-child(3)").allTextContents();
const text = (page, selector) => page.locator(selector).textContent();
const secondsLeft = async (page) => {
  const [minutes, seconds] = (await text(page, "#countdown b")).split(":").map(Number);
  return 60 * minutes + seconds;
};
const faults = async (side) => (await fetch(`${stack.urls[side]}/local/faults`)).json();

test("a chosen user is signed in, and the page shows who they are and for how long", async (t) => {
  const page = await open(t);

  await press(page, "Ada");
  await outcome(page, "Signed in as Ada Lovelace.");

  assert.match(await page.locator("#user-arn").textContent(), /\/user\/ada$/);
  assert.match(await page.locator("#countdown b").textContent(), /^1[45]:\d\d$/);
});

test("any user may be entered", async (t) => {
  const page = await open(t);

  await page.getByLabel("Id").fill("emmy");
  await page.getByLabel("Name").fill("Emmy Noether <b>");
  await press(page, "Sign in");

  await outcome(page, "Signed in as Emmy Noether <b>.");
});

test("the credentials can read the user's own entry, and not another's channels", async (t) => {
  const page = await open(t);
  await press(page, "Bob");
  await outcome(page, "Signed in as Bob Kahn.");
  await press(page, "Ada");
  await outcome(page, "Signed in as Ada Lovelace.");

  await press(page, "STS: who am I?");
  await page.locator("#call-me", { hasText: /assumed-role\/.*\/chime_ada$/ }).waitFor();
  await press(page, "Chime: my own entry");
  await page.locator("#call-own", { hasText: "Ada Lovelace, user/ada" }).waitFor();
  await press(page, "Chime: Bob’s channels");
  await page.locator("#call-other[data-kind=good]", { hasText: "refused, as it should be" }).waitFor();
  assert.equal((await wire(page))[0], "403 · AccessDeniedException");
});

test("Bob exists before Ada is refused his channels", async (t) => {
  await fetch(`${stack.urls.aws}/local/calls`, { method: "DELETE" });
  const page = await open(t);
  await signIn(page, "Ada", "Ada Lovelace");

  await press(page, "Chime: Bob’s channels");
  await page.locator("#call-other[data-kind=good]").waitFor();

  const calls = await (await fetch(`${stack.urls.aws}/local/calls`)).json();
  assert.ok(calls.some(({ parameters }) => parameters.RoleSessionName === "chime_bob"));
});

test("the countdown falls, is orange in the last sixth, and the page says when it has ended", async (t) => {
  const page = await openAtRest(t);
  const colour = () => page.locator("#countdown").evaluate((ring) => ring.style.getPropertyValue("--colour"));
  await signIn(page, "Ada", "Ada Lovelace");
  const started = await secondsLeft(page);

  await page.clock.runFor(61_000);
  assert.equal(await secondsLeft(page), started - 61);
  assert.equal(await colour(), "var(--good)");

  await page.clock.runFor(12 * 60_000);
  assert.equal(await colour(), "var(--wait)");

  await page.clock.runFor(2 * 3600_000);
  await outcome(page, "The credentials have ended.");
  assert.equal(await text(page, "#countdown b"), "0:00");
});

test("credentials that the web client renews for the AWS SDK are shown", async (t) => {
  const page = await openAtRest(t);
  await signIn(page, "Ada", "Ada Lovelace");
  const key = await text(page, "#user-key");
  await page.clock.runFor(13 * 60_000);

  await press(page, "STS: who am I?");
  await page.locator("#call-me[data-kind=good]").waitFor();
  await page.clock.resume();
  await page.locator("#user-key").filter({ hasNotText: key }).waitFor();

  assert.match(await text(page, "#countdown b"), /^1[45]:/);
  await outcome(page, "Renewed because the AWS SDK asked");
});

test("Renew gets other credentials", async (t) => {
  const page = await open(t);
  await signIn(page, "Ada", "Ada Lovelace");
  const key = await text(page, "#user-key");

  await press(page, "Renew");

  await page.locator("#user-key").filter({ hasNotText: key }).waitFor();
  assert.match(await text(page, "#user-key"), /^ASIA/);
});

test("while another user signs in, nobody is signed in", async (t) => {
  const page = await open(t);
  await signIn(page, "Grace", "Grace Hopper");
  await spoil(stack, "aws", { operation: "AssumeRole", error: "Throttling", status: 400, times: -1 });

  await press(page, "Bob");
  await outcome(page, "429: trying again …");

  assert.deepEqual([await text(page, "#user-name"), await text(page, "#countdown b")], ["–", "–"]);
  assert.ok(await page.getByRole("button", { name: "Chime: my own entry" }).isDisabled());
});

test("a user whose renewal fails stays signed in until the credentials end", async (t) => {
  const page = await openAtRest(t);
  await signIn(page, "Ada", "Ada Lovelace");
  await spoil(stack, "aws", { operation: "AssumeRole", error: "Throttling", status: 400, times: -1 });

  await press(page, "Renew");
  await waitOut(page);

  await outcome(page, "The credentials from before still work.");
  assert.equal(await text(page, "#user-name"), "Ada Lovelace");
});

test("if the stack has stopped, the page says so, and no switch changes", async (t) => {
  const page = await open(t);
  await signIn(page, "Ada", "Ada Lovelace");
  await page.route("**/*", (route) => route.abort());

  await press(page, "Renew");
  await outcome(page, "No token: trying again … The token issuer cannot be reached.");
  await press(page, "STS: who am I?");
  await page.locator("#call-me", { hasText: /^Failed to fetch$/ }).waitFor();
  for (const fault of ["AWS throttles", "Issuer is down"]) {
    await press(page, fault);
    await outcome(page, "Nothing was switched.");
    await isPressed(page, fault, false);
  }

  assert.deepEqual([page.uncaught, await text(page, "#user-name")], [[], "Ada Lovelace"]);

  await page.unroute("**/*");
  await press(page, "Expired token");
  await outcome(page, "Signed in as Ada Lovelace.");
  for (const fault of ["AWS throttles", "Issuer is down"]) await isPressed(page, fault, false);
});

test("an expired token is replaced, and the wire shows how", async (t) => {
  const page = await open(t);

  await press(page, "Expired token");
  await outcome(page, "Signed in as Ada Lovelace. The expired token was replaced by a fresh one (2 requests).");

  assert.deepEqual(await wire(page), ["200", "200", "401 · invalid_token, token_expired", "200"]);
});

for (const [fault, advice, reason] of [
  ["Only expired tokens", "Sign in again.", "token_expired"],
  ["Somebody else’s token", "It failed.", "wrong_audience"],
]) {
  test(`${fault}: ${advice} All is well when the fault is off`, async (t) => {
    const page = await open(t);

    await press(page, fault);
    await outcome(page, advice);
    await outcome(page, reason);

    await press(page, fault);
    await outcome(page, "Signed in as Ada Lovelace.");
  });
}

for (const [fault, answer] of [
  ["AWS throttles", "429 · throttled · Retry-After: 2"],
  ["Issuer is down", "503 · unavailable · Retry-After: 5"],
]) {
  test(`${fault}: waits, and signs in when the fault is off`, async (t) => {
    const page = await open(t);

    await press(page, fault);
    await page.locator("#log", { hasText: answer }).waitFor();
    await outcome(page, /(429|503): trying again … Attempt \d+ was at \d\d:\d\d:\d\d\. It can take half a minute/);

    await press(page, fault);
    await outcome(page, "Signed in as Ada Lovelace.");
  });
}

for (const [fault, side] of [
  ["AWS throttles", "aws"],
  ["Issuer is down", "issuer"],
]) {
  test(`${fault}: a page that is loaded again shows that it is on`, async (t) => {
    const page = await open(t);
    await keepKeys(page);
    await press(page, fault);
    await isPressed(page, fault);

    await page.reload();
    await isPressed(page, fault);
    await press(page, fault);

    await isPressed(page, fault, false);
    assert.deepEqual(await faults(side), []);
  });
}

test("a switch that is pressed twice at once is off, and so is the fault", async (t) => {
  const page = await open(t);
  await keepKeys(page);
  const cleared = page.waitForRequest((request) => request.method() === "DELETE");
  // If the second press did not wait for the first, the fault could end before it begins.
  await page.route("**/local/faults", async (route, request) => {
    if (request.method() === "POST") await Promise.race([cleared, new Promise((done) => setTimeout(done, 500))]);
    await route.continue();
  });

  await page.getByRole("button", { name: "Issuer is down" }).dblclick();
  await cleared;
  await isPressed(page, "Issuer is down", false);

  assert.deepEqual(await faults("issuer"), []);
});

test("the list of requests shows what the service called in AWS", async (t) => {
  const page = await open(t);

  await signIn(page, "Ada", "Ada Lovelace");

  await page.locator("#log td", { hasText: /^POST issuer \/token for ada$/ }).waitFor();
  await page.locator("#log small", { hasText: /↳.*AssumeRole 200/ }).waitFor();
  await page.locator("#log small", { hasText: /DescribeAppInstanceUser \d+/ }).waitFor();
  await press(page, "AWS throttles");
  await page.locator("#log small", { hasText: /AssumeRole 400 \(\d+ times\)/ }).waitFor();
});

test("after signing out nobody is signed in", async (t) => {
  const page = await open(t);
  await press(page, "Ada");
  await outcome(page, "Signed in as Ada Lovelace.");

  await press(page, "Sign out");

  await outcome(page, "Nobody is signed in.");
  assert.equal(await page.locator("#user-name").textContent(), "–");
  assert.ok(await page.getByRole("button", { name: "Renew" }).isDisabled());
  assert.equal(await text(page, ":focus"), "Sign in");
});

test("an attempt that still waits does not sign in a user who has signed out", async (t) => {
  const page = await openAtRest(t);
  await press(page, "AWS throttles");
  await outcome(page, "429: trying again …");

  await press(page, "Sign out");
  await stack.mend();
  await page.clock.runFor(30_000);
  await outcome(page, "Nobody is signed in.");
  await signIn(page, "Bob", "Bob Kahn");

  assert.equal(signIns(page), 2);
});

test("without the AWS SDK the page says that it is missing, and signs in", async (t) => {
  const page = await openPage(t, browser, "about:blank");
  await page.route("**/local/aws-sdk.js", (route) => route.fulfill({ status: 404 }));
  await page.goto(stack.urls.api);

  await page.getByText("make page", { exact: true }).waitFor();
  await press(page, "Ada");
  await outcome(page, "Signed in as Ada Lovelace.");
});

test("without rooms their card says how to get them", async (t) => {
  const page = await open(t);

  await page.locator("#room").getByText("make run MEETINGS=1").waitFor();
  assert.equal(await page.getByRole("button", { name: "Enter as Ada" }).count(), 0);
  assert.deepEqual(page.requests.filter((request) => request.url().includes("chime-sdk")), []);
});

test("a narrow screen shows everything", async (t) => {
  const page = await open(t);
  await page.setViewportSize({ width: 320, height: 700 });
  await signIn(page, "Ada", "Ada Lovelace");
  for (const call of ["me", "own"]) {
    await page.locator(`[data-call=${call}]`).click();
    await page.locator(`#call-${call}[data-kind=good]`).waitFor();
  }

  const width = (selector) => page.locator(selector).evaluate((element) => element.scrollWidth);
  assert.equal(await width("html"), 320);
  for (const written of ["#user-arn", "#call-me"]) assert.ok((await width(written)) > 200, written);
});

for (const colorScheme of ["light", "dark"]) {
  test(`borders, focus and text are visible in the ${colorScheme} colour scheme`, async (t) => {
    const page = await open(t);
    await page.emulateMedia({ colorScheme });
    await page.getByLabel("Id").press("Tab"); // to where the ring is drawn

    const colours = await page.evaluate(() => {
      const style = (selector) => getComputedStyle(document.querySelector(selector));
      const { backgroundColor: paper } = style("section");
      const shown = { border: style("#sub").borderTopColor, focus: style(":focus").outlineColor };
      const text = { soft: style(".small").color, "a button's": style("[data-sub]").color };
      return { paper, shown, text, main: [style("#in").color, style("#in").backgroundColor] };
    });

    for (const [name, colour] of Object.entries(colours.shown)) assert.ok(contrast(colour, colours.paper) >= 3, name);
    for (const [name, colour] of Object.entries(colours.text)) assert.ok(contrast(colour, colours.paper) >= 4.5, name);
    assert.ok(contrast(...colours.main) >= 4.5);
  });
}

test("nothing is loaded from other hosts, and there is no hidden error", async (t) => {
  const page = await open(t);
  await press(page, "Ada");
  await outcome(page, "Signed in as Ada Lovelace.");
  await press(page, "STS: who am I?");
  await page.locator("#call-me[data-kind=good]").waitFor();

  const hosts = new Set(page.requests.map((request) => new URL(request.url()).hostname));

  assert.deepEqual([[...hosts], page.said, page.uncaught], [["127.0.0.1"], [], []]);
});
