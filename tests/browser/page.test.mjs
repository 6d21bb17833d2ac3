/** The page of the local stack, used as people use it. */

import assert from "node:assert/strict";
import test, { after, afterEach, before } from "node:test";

import { openPage, startBrowser, startStack } from "./stack.mjs";

let stack, browser;
before(async () => ([stack, browser] = await Promise.all([startStack(), startBrowser()])));
afterEach(() => stack.mend());
after(() => Promise.all([stack?.stop(), browser?.close()]));

async function open(t) {
  const page = await openPage(t, browser, stack.urls.api);
  await page.locator("[data-ready]").waitFor();
  return page;
}

const outcome = (page, text) => page.locator("#outcome", { hasText: text }).waitFor();
const press = (page, name) => page.getByRole("button", { name, exact: true }).click();
const wire = (page) => page.locator("#log tr td:nth-child(3)").allTextContents();

test("a user is picked, and sees who they are and for how long", async (t) => {
  const page = await open(t);

  await press(page, "Ada");
  await outcome(page, "Signed in as Ada Lovelace.");

  assert.match(await page.locator("#user-arn").textContent(), /\/user\/ada$/);
  assert.match(await page.locator("#countdown b").textContent(), /^(60|5\d):\d\d$/);
});

test("anybody may be typed", async (t) => {
  const page = await open(t);

  await page.getByLabel("Id").fill("emmy");
  await page.getByLabel("Name").fill("Emmy Noether <b>");
  await press(page, "Sign in");

  await outcome(page, "Signed in as Emmy Noether <b>.");
});

test("the credentials are used: one's own entry is read, another's is refused", async (t) => {
  const page = await open(t);
  await press(page, "Bob");
  await outcome(page, "Signed in as Bob Kahn.");
  await press(page, "Ada");
  await outcome(page, "Signed in as Ada Lovelace.");

  await press(page, "STS: who am I?");
  await page.locator("#call-me", { hasText: /assumed-role\/.*\/chime_ada$/ }).waitFor();
  await press(page, "Chime: my own entry");
  await page.locator("#call-own", { hasText: "Ada Lovelace, user/ada" }).waitFor();
  await press(page, "Chime: Bob’s entry");
  await page.locator("#call-other[data-kind=bad]", { hasText: "403" }).waitFor();
});

test("an expired token is replaced, and the wire shows how", async (t) => {
  const page = await open(t);

  await press(page, "Expired token");
  await outcome(page, "Signed in as Ada Lovelace.");

  assert.deepEqual(await wire(page), ["200", "200", "401 · invalid_token, token_expired", "200"]);
});

for (const [fault, reason] of [
  ["Only expired tokens", "token_expired"],
  ["Somebody else’s token", "wrong_audience"],
]) {
  test(`${fault}: sign in again, and well again when it is mended`, async (t) => {
    const page = await open(t);

    await press(page, fault);
    await outcome(page, "Sign in again.");
    await outcome(page, reason);

    await press(page, fault);
    await outcome(page, "Signed in as Ada Lovelace.");
  });
}

for (const [fault, answer] of [
  ["AWS throttles", "429 · throttled · Retry-After: 2"],
  ["Issuer is down", "503 · unavailable · Retry-After: 5"],
]) {
  test(`${fault}: waits, and signs in when it is mended`, async (t) => {
    const page = await open(t);

    await press(page, fault);
    await page.locator("#log", { hasText: answer }).waitFor();

    await press(page, fault);
    await outcome(page, "Signed in as Ada Lovelace.");
  });
}

test("who signs out is nobody", async (t) => {
  const page = await open(t);
  await press(page, "Ada");
  await outcome(page, "Signed in as Ada Lovelace.");

  await press(page, "Sign out");

  await outcome(page, "Nobody is signed in.");
  assert.equal(await page.locator("#user-name").textContent(), "–");
  assert.ok(await page.getByRole("button", { name: "Renew" }).isDisabled());
});

test("without the AWS SDK the page says what is missing, and signs in", async (t) => {
  const page = await openPage(t, browser, "about:blank");
  await page.route("**/local/aws-sdk.js", (route) => route.fulfill({ status: 404 }));
  await page.goto(stack.urls.api);

  await page.getByText("make page").waitFor();
  await press(page, "Ada");
  await outcome(page, "Signed in as Ada Lovelace.");
});

test("nothing is loaded from elsewhere, and nothing goes wrong unseen", async (t) => {
  const page = await open(t);
  await press(page, "Ada");
  await outcome(page, "Signed in as Ada Lovelace.");

  const hosts = new Set(page.requests.map((request) => new URL(request.url()).hostname));

  assert.deepEqual([[...hosts], page.said], [["127.0.0.1"], []]);
});
