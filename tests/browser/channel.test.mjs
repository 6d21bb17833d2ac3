/** The card of the local stack's page with a channel, as people use it. */

import assert from "node:assert/strict";
import test, { after, afterEach, before } from "node:test";

import { contrast } from "./contrast.mjs";
import { openPage, spoil, startBrowser, startStack, until } from "./stack.mjs";

let stack, browser;
before(async () => {
  // With the template's defaults, by which users may not open channels; and with guests, who never may.
  [stack, browser] = await Promise.all([startStack({ parameters: { Guests: "true" } }), startBrowser()]);
});
afterEach(() => stack.mend());
after(() => Promise.all([stack?.stop(), browser?.close()]));

async function open(t, { width = 1120, colorScheme = "light" } = {}) {
  const page = await openPage(t, browser, "about:blank");
  await page.setViewportSize({ width, height: 700 });
  await page.emulateMedia({ colorScheme });
  await page.goto(stack.urls.api);
  await page.locator("[data-ready]").waitFor();
  return page;
}

async function openChannel(page) {
  await press(page, "Open a channel");
  await told(page, "Both are connected.");
}

const press = (page, name) => page.getByRole("button", { name, exact: true }).click();
const told = (page, text) => page.locator("#channel [role=status]", { hasText: text }).waitFor();
const state = (page, name, text) => page.getByRole("group", { name }).locator("small", { hasText: text }).waitFor();
const messages = (page, name) => page.getByRole("list", { name: `What ${name} sees` }).getByRole("listitem");
const sees = (page, name, text) => messages(page, name).filter({ hasText: text }).waitFor();
const connections = async () => (await fetch(`${stack.urls.aws}/local/connections`)).json();
const cutOff = () => fetch(`${stack.urls.aws}/local/connections`, { method: "DELETE" });

async function write(page, name, text) {
  await page.getByLabel(`${name} writes`).fill(text);
  await press(page, `Send as ${name}`);
}

async function untilNobodyIsConnected() {
  await until(async () => (await connections()).length === 0);
}

test("what one of them writes arrives at both, and each has credentials of their own", async (t) => {
  const page = await open(t);
  await openChannel(page);

  await write(page, "Ada", "Hello, Bob <b>");
  await told(page, "Bob has received: Hello, Bob <b>");
  await write(page, "Bob", "Good to hear from you");
  await told(page, "Ada has received: Good to hear fro…");

  for (const name of ["Ada", "Bob"]) {
    await messages(page, name).nth(1).waitFor();
    assert.deepEqual(await messages(page, name).allTextContents(), [
      "Ada LovelaceHello, Bob <b>",
      "Bob KahnGood to hear from you",
    ]);
  }
  const [ada, bob] = (await connections()).toSorted((one, other) => (one.userArn < other.userArn ? -1 : 1));
  assert.match(ada.userArn, /\/user\/ada$/);
  assert.match(bob.userArn, /\/user\/bob$/);
  assert.notEqual(ada.accessKeyId, bob.accessKeyId);
  assert.deepEqual([page.said, page.uncaught], [[], []]);
});

test("the keyboard is enough", async (t) => {
  const page = await open(t);
  await page.getByRole("button", { name: "Open a channel" }).focus();
  await page.keyboard.press("Enter");
  await told(page, "Both are connected.");

  await page.keyboard.type("From Ada");
  await page.keyboard.press("Enter");
  await sees(page, "Bob", "From Ada");
  for (const expected of ["Send as Ada", "What Bob sees"]) {
    await page.keyboard.press("Tab");
    assert.equal(await page.locator(":focus").getAttribute("aria-label"), expected);
  }
  await page.keyboard.press("Tab");
  await page.keyboard.type("From Bob");
  await page.keyboard.press("Enter");
  await sees(page, "Ada", "From Bob");
});

test("a lost connection is made again, and shows what was sent meanwhile", async (t) => {
  const page = await open(t);
  await openChannel(page);
  await spoil(stack, "aws", { operation: "GetMessagingSessionEndpoint", error: "ServiceFailureException", status: 500, times: -1 });

  await cutOff();
  for (const name of ["Ada Lovelace", "Bob Kahn"]) await state(page, name, "connecting again");
  await write(page, "Ada", "Are you there?");
  await stack.mend();

  for (const name of ["Ada Lovelace", "Bob Kahn"]) await state(page, name, /^connected$/);
  for (const name of ["Ada", "Bob"]) await sees(page, name, "Are you there?");
  await write(page, "Bob", "Yes");
  await told(page, "Ada has received: Yes");
  for (const name of ["Ada", "Bob"]) assert.equal(await messages(page, name).count(), 2);
});

test("a message that is refused is said to be, and can be sent once more", async (t) => {
  const page = await open(t);
  await openChannel(page);
  await spoil(stack, "aws", { operation: "SendChannelMessage", error: "ForbiddenException", times: 1 });

  await write(page, "Ada", "Hello");
  await told(page, /^Ada’s message was not sent\. .*403/);
  assert.equal(await page.getByLabel("Ada writes").inputValue(), "Hello");

  await press(page, "Send as Ada");
  await sees(page, "Bob", "Hello");
});

test("a token that is refused connects nobody", async (t) => {
  const page = await open(t);
  await press(page, "Somebody else’s token");

  await press(page, "Open a channel");

  await told(page, /^It failed\. .*wrong_audience/);
  assert.equal(await page.getByLabel("Ada writes").isDisabled(), true);
  assert.deepEqual([await connections(), page.uncaught], [[], []]);
});

for (const [operation, text] of [
  ["GetMessagingSessionEndpoint", "403"],
  ["Connect", "Chime refused the connection (close code 4003)."],
]) {
  test(`if ${operation} is refused, nobody stays connected`, async (t) => {
    const page = await open(t);
    await spoil(stack, "aws", { operation, error: "ForbiddenException", status: 403, times: 1 });

    await press(page, "Open a channel");

    await told(page, text);
    await untilNobodyIsConnected();
    for (const name of ["Ada Lovelace", "Bob Kahn"]) await state(page, name, "not connected");
    await openChannel(page);
  });
}

test("Disconnect ends both connections, and the next channel is empty", async (t) => {
  const page = await open(t);
  await openChannel(page);
  await write(page, "Ada", "Hello");
  await sees(page, "Bob", "Hello");

  await press(page, "Disconnect both");
  await untilNobodyIsConnected();
  await told(page, "Both are disconnected.");
  assert.equal(await page.getByLabel("Bob writes").isDisabled(), true);

  await openChannel(page);
  assert.equal(await messages(page, "Bob").count(), 0);
});

test("who disconnects while they sign in stays disconnected", async (t) => {
  const page = await open(t);
  await spoil(stack, "aws", { operation: "AssumeRole", error: "Throttling", status: 400, times: -1 });
  const retried = page.waitForResponse((response) => response.status() === 429);

  await press(page, "Open a channel");
  await retried;
  await press(page, "Disconnect both");
  await stack.mend();

  await openChannel(page);
  assert.equal((await connections()).length, 2);
});

test("without the AWS SDK the card says what is missing", async (t) => {
  const page = await openPage(t, browser, "about:blank");
  await page.route("**/local/aws-sdk.js", (route) => route.fulfill({ status: 404 }));
  await page.goto(stack.urls.api);

  await told(page, "This needs the AWS SDK for JavaScript, which was not built.");
  assert.ok(await page.getByRole("button", { name: "Open a channel" }).isDisabled());
});

for (const width of [320, 1120]) {
  test(`on a screen of ${width} pixels all fits, and nothing moves`, async (t) => {
    const page = await open(t, { width });
    const height = () => page.locator("#channel").evaluate((card) => card.offsetHeight);
    const atFirst = await height();

    await openChannel(page);
    assert.equal(await height(), atFirst);
    for (let i = 0; i < 5; i++) await write(page, "Ada", "w".repeat(300));
    await messages(page, "Bob").nth(4).waitFor();

    assert.equal(await height(), atFirst);
    assert.equal(await page.locator("html").evaluate((html) => html.scrollWidth), width);
    const list = page.getByRole("list", { name: "What Bob sees" });
    assert.ok(await list.evaluate((list) => list.scrollTop + list.clientHeight >= list.scrollHeight - 1), "the last one shows");
  });
}

for (const colorScheme of ["light", "dark"]) {
  test(`the channel can be read in the ${colorScheme} colour scheme`, async (t) => {
    const page = await open(t, { colorScheme });
    await openChannel(page);
    await write(page, "Ada", "Hello");
    await sees(page, "Bob", "Hello");

    const pairs = await page.evaluate(() => {
      const style = (selector) => getComputedStyle(document.querySelector(`#channel ${selector}`));
      const ground = (selector) => style(selector).backgroundColor;
      const paper = getComputedStyle(document.querySelector("#channel")).backgroundColor;
      return {
        status: [style("[role=status]").color, paper],
        connected: [style("h3 small").color, paper],
        "own message": [style("li.own").color, ground("li.own")],
        "own name": [style("li.own b").color, ground("li.own")],
        "other's message": [style("li:not(.own)").color, ground("li:not(.own)")],
        "other's name": [style("li:not(.own) b").color, ground("li:not(.own)")],
        button: [style("form button").color, ground("form button")],
      };
    });

    for (const [name, colours] of Object.entries(pairs)) assert.ok(contrast(...colours) >= 4.5, name);
  });
}

test("a guest opens the page by an invitation, and writes in the channel in Bob's place", async (t) => {
  const page = await open(t);
  await press(page, "Invite a guest");
  const link = page.getByRole("link", { name: "Open this page as Vera" });
  const guest = await openPage(t, browser, await link.evaluate((shown) => shown.href));

  await guest.locator("#outcome", { hasText: "Signed in as Vera (guest)." }).waitFor();
  assert.match(await guest.locator("#user-id").textContent(), /^guest-[a-z2-7]{52}$/);
  assert.ok(await guest.locator("#guests").isHidden());
  await openChannel(guest);
  await write(guest, "Vera", "Hello, Ada");

  await told(guest, "Ada has received: Hello, Ada");
});
