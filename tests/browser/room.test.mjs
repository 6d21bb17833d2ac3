/** The card of the local stack's page with a room, as people use it. */

import assert from "node:assert/strict";
import test, { after, afterEach, before } from "node:test";

import { contrast } from "./contrast.mjs";
import { openPage, spoil, startBrowser, startStack } from "./stack.mjs";

let stack, browser;
before(async () => {
  // More openings than a person has by default, because each test opens the room.
  const parameters = { Meetings: "open", MeetingOptions: '{"openings": 100}' };
  [stack, browser] = await Promise.all([startStack({ parameters }), startBrowser({ fakeDevices: true })]);
});
afterEach(() => stack.mend());
after(() => Promise.all([stack?.stop(), browser?.close()]));

async function open(t, { width = 1120, colorScheme = "light", without = "nothing" } = {}) {
  const page = await openPage(t, browser, "about:blank");
  await page.route(`**/local/${without}`, (route) => route.fulfill({ status: 404 }));
  await page.setViewportSize({ width, height: 700 });
  await page.emulateMedia({ colorScheme });
  await page.goto(stack.urls.api);
  await page.locator("[data-ready]").waitFor();
  return page;
}

const press = (page, name) => page.getByRole("button", { name, exact: true }).click();
const half = (page, id) => page.locator(`#room [data-side=${id}]`);
const told = (page, text) => page.locator("#room [role=status]", { hasText: text }).waitFor();
const state = (page, id, text) => half(page, id).locator("small", { hasText: text }).waitFor();
const meetings = async () => (await fetch(`${stack.urls.aws}/local/meetings`)).json();

async function enter(page, ...names) {
  for (const name of names) {
    await press(page, `Enter as ${name}`);
    await state(page, name.toLowerCase(), /^in the room$/);
  }
}

async function sees(page, id, ...names) {
  await half(page, id).locator("li").nth(names.length).waitFor({ state: "detached" });
  for (const name of names) await half(page, id).locator("li", { hasText: name }).waitFor();
}

/** Wait until a picture is shown in the half of *id*. */
const watches = (page, id) => page.waitForFunction((id) => document.querySelector(`#room [data-side=${id}] video`).videoWidth, id);

test("two people enter, see each other, leave and come back, and the host ends it", async (t) => {
  const page = await open(t);
  await enter(page, "Ada", "Bob");
  for (const id of ["ada", "bob"]) {
    await sees(page, id, "Ada Lovelace", "Bob Kahn");
    await watches(page, id);
  }
  const [{ attendees }] = await meetings();
  assert.deepEqual(attendees.map(({ externalUserId }) => externalUserId).sort(), ["ada", "bob"]);

  await press(page, "Leave as Bob");
  await told(page, "Bob is not in the room.");
  await sees(page, "ada", "Ada Lovelace");
  await sees(page, "bob");
  assert.deepEqual((await meetings())[0].attendees.map(({ externalUserId }) => externalUserId), ["ada"]);

  await enter(page, "Bob");
  await sees(page, "ada", "Ada Lovelace", "Bob Kahn");
  await press(page, "End for everybody");
  for (const id of ["ada", "bob"]) await state(page, id, "not in the room");
  assert.deepEqual(await meetings(), []);
  assert.deepEqual(page.uncaught, []);
});

test("nothing is loaded from other hosts", async (t) => {
  const page = await open(t);
  await enter(page, "Ada");
  await press(page, "End for everybody");
  await state(page, "ada", "not in the room");

  const hosts = new Set(page.requests.map((request) => new URL(request.url()).hostname));
  assert.deepEqual([...hosts].filter(Boolean), ["127.0.0.1"]);
});

test("the keyboard is enough", async (t) => {
  const page = await open(t);
  const focused = () => page.locator(":focus").getAttribute("aria-label");
  await page.getByRole("button", { name: "Enter as Ada" }).focus();
  await page.keyboard.press("Enter");
  await state(page, "ada", /^in the room$/);
  assert.equal(await focused(), "Leave as Ada");
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "Enter as Bob");
  await page.keyboard.press("Enter");
  await state(page, "bob", /^in the room$/);

  await page.getByRole("button", { name: "End for everybody" }).focus();
  await page.keyboard.press("Enter");
  await state(page, "ada", "not in the room");
  assert.equal(await focused(), "Enter as Ada"); // and not on a button that is disabled now
});

test("two pages may be in the room, and the second one of a person takes over", async (t) => {
  const [one, other] = await Promise.all([open(t), open(t)]);
  await enter(one, "Ada");
  await enter(other, "Bob");
  await sees(one, "ada", "Ada Lovelace", "Bob Kahn");

  await enter(other, "Ada");
  await told(one, "Ada is not in the room. Came in on another device.");

  await press(other, "End for everybody");
  await state(other, "bob", "not in the room");
});

test("a token that is refused enters nobody", async (t) => {
  const page = await open(t);
  await press(page, "Somebody else’s token");

  await press(page, "Enter as Bob");

  await told(page, /^Bob: It failed\. .*wrong_audience/);
  await state(page, "bob", "not in the room");
  assert.deepEqual([await meetings(), page.uncaught], [[], []]);
});

test("a room that is full is said to be", async (t) => {
  const page = await open(t);
  await enter(page, "Ada");
  await spoil(stack, "aws", { operation: "CreateAttendee", error: "LimitExceededException", status: 400, times: -1 });

  await press(page, "Enter as Bob");
  await told(page, /^Bob: .*409/);

  await press(page, "End for everybody");
  await state(page, "ada", "not in the room");
});

test("without Amazon's SDK the card says what is missing", async (t) => {
  const page = await open(t, { without: "chime-sdk.js" });

  await page.locator("#room").getByText("make page MEETINGS=1").waitFor();
  assert.equal(await page.getByRole("button", { name: "Enter as Ada" }).count(), 0);
});

for (const width of [320, 1120]) {
  test(`on a screen of ${width} pixels all fits, and nothing moves`, async (t) => {
    const page = await open(t, { width });
    const height = () => page.locator("#room").evaluate((card) => card.offsetHeight);
    const atFirst = await height();

    await enter(page, "Ada", "Bob");
    await watches(page, "ada");
    await sees(page, "ada", "Ada Lovelace", "Bob Kahn");

    assert.equal(await height(), atFirst);
    assert.equal(await page.locator("html").evaluate((html) => html.scrollWidth), width);
    await press(page, "End for everybody");
    await state(page, "bob", "not in the room");
  });
}

for (const colorScheme of ["light", "dark"]) {
  test(`the room can be read in the ${colorScheme} colour scheme`, async (t) => {
    const page = await open(t, { colorScheme });
    await enter(page, "Ada");
    await half(page, "ada").locator("li").waitFor();

    const pairs = await page.evaluate(() => {
      const colour = (selector) => getComputedStyle(document.querySelector(`#room ${selector}`)).color;
      const paper = getComputedStyle(document.querySelector("#room")).backgroundColor;
      return ["[role=status]", "h3", "h3 small", "li", ".small", ".toggle"].map((selector) => [selector, colour(selector), paper]);
    });

    for (const [name, ...colours] of pairs) assert.ok(contrast(...colours) >= 4.5, name);
    await press(page, "End for everybody");
    await state(page, "ada", "not in the room");
  });
}
