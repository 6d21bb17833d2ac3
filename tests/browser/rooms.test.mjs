/** People in rooms: the documentation's apps in Chromium, with Amazon's SDK, against the local service and the local AWS. */

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { fileURLToPath } from "node:url";

import { bundle } from "./bundle.mjs";
import { connections, publicKeyHash, signInWriter } from "./chatting.mjs";
import { exampleIn, openPage, startBrowser, startStack, until } from "./stack.mjs";

const ADA = { sub: "ada", name: "Ada Lovelace", roles: ["host"] };
const BOB = { sub: "b", name: "Bob Kahn" }; // an id of one character, before which the attendee's has `_`

let stack, browser;
before(async () => {
  stack = await startStack({ parameters: { Meetings: "open", Messaging: "member" } });
  browser = await startBrowser({ fakeDevices: true, trusting: await publicKeyHash(stack.urls.aws) });
});
after(() => Promise.all([stack?.stop(), browser?.close()]));

/** Return the app of a *page* of the documentation as a script that starts at once, with the local addresses, and gives *given*. */
async function appOf(page, given) {
  const app = (await exampleIn(page))
    .replace(/https:[^"]*signin/, `${stack.urls.api}/signin`)
    .replace(/(Client|Messaging)\(\{ region,/g, `$1({ region, endpoint: "${stack.urls.aws}",`);
  const [imports, rest] = [app.match(/^import .*$/gm).join("\n"), app.replace(/^import .*$/gm, "")];
  const contents = `${imports}\nwindow.example = (async () => {${rest}\nreturn { ${given} }; })();`;
  return bundle({ stdin: { contents, resolveDir: fileURLToPath(new URL(".", import.meta.url)) } });
}

/** Open *app* for the user with *claims*: `came` has the names of who came and went, `told` how the call ended, `read` the messages. */
async function openApp(t, app, claims) {
  const page = await openPage(t, browser, stack.app);
  await page.evaluate(
    ({ issuer, claims }) => {
      window.came = [];
      window.told = [];
      window.showPresence = (name, isPresent) => came.push(`${name} ${isPresent ? "came" : "went"}`);
      window.showEnd = (how) => told.push(how);
      window.read = [];
      window.showMessage = (name, content) => read.push(`${name}: ${content}`);
      window.showError = ({ name }) => told.push(name);
      const asked = { method: "POST", body: JSON.stringify(claims) };
      window.auth = { getAccessToken: async () => (await (await fetch(`${issuer}/token`, asked)).json()).access_token };
    },
    { issuer: stack.urls.issuer, claims },
  );
  await page.addScriptTag({ content: app });
  return page;
}

const sees = (page, ...events) => page.waitForFunction((events) => events.every((event) => came.includes(event)), events);

/** Return how the call of *page* ended for its user. */
async function end(page) {
  await page.waitForFunction(() => told.length);
  return page.evaluate(() => told);
}

const openMeetings = async () => (await fetch(`${stack.urls.aws}/local/meetings`)).json();

/** Return the open meetings of the local AWS, each as the list of its attendees' user ids. */
async function attendees() {
  return (await openMeetings()).map(({ attendees }) => attendees.map(({ externalUserId }) => externalUserId).sort());
}

/** Wait until the user is connected to a meeting, and return its id. */
async function meetingWith(user) {
  const isThere = ({ attendees }) => attendees.some((each) => each.externalUserId === user && each.connected);
  return (await until(async () => (await openMeetings()).find(isThere))).meetingId;
}

/** Open or end the room, as a host without a browser. */
async function asHost(method) {
  const body = JSON.stringify(ADA);
  const { access_token } = await (await fetch(`${stack.urls.issuer}/token`, { method: "POST", body })).json();
  const headers = { Authorization: `Bearer ${access_token}` };
  const { ok, status } = await fetch(`${stack.urls.api}/meetings/stand-up`, { method, headers });
  assert.ok(ok, `${status}`);
}

const moveClock = (advance_seconds) =>
  fetch(`${stack.urls.aws}/local/meetings/clock`, { method: "POST", body: JSON.stringify({ advance_seconds }) });

test("two people meet in a room under their own names, one leaves, and the host ends it", async (t) => {
  const app = await appOf("docs/rooms.md", "rooms, leaving, staying");
  const [ada, bob] = await Promise.all([openApp(t, app, ADA), openApp(t, app, BOB)]);
  await Promise.all([ada, bob].map((page) => sees(page, "Ada Lovelace came", "Bob Kahn came")));
  assert.deepEqual(await attendees(), [["_b", "ada"]]);

  await bob.evaluate(async () => (await example).leaving.abort());

  assert.deepEqual(await end(bob), ["left"]);
  await sees(ada, "Bob Kahn went");
  assert.deepEqual(await attendees(), [["ada"]]);

  const again = await openApp(t, app, BOB);
  await sees(again, "Ada Lovelace came");
  await ada.evaluate(async () => (await example).rooms.end("stand-up"));

  assert.deepEqual([await end(ada), await end(again)], [["ended"], ["ended"]]);
  assert.deepEqual(await attendees(), []);
  assert.deepEqual([ada.uncaught, bob.uncaught, again.uncaught], [[], [], []]);
});

test("a second device takes over, and a removed attendee stays away", async (t) => {
  const app = await appOf("docs/rooms.md", "rooms");
  const first = await openApp(t, app, ADA);
  await sees(first, "Ada Lovelace came");
  const second = await openApp(t, app, ADA);
  assert.deepEqual(await end(first), ["elsewhere"]);
  await sees(second, "Ada Lovelace came");
  assert.deepEqual(await attendees(), [["ada"]]);

  await second.evaluate(async () => (await example).rooms.leave("stand-up")); // as an operator would delete the attendee

  assert.deepEqual(await end(second), ["removed"]);
  await first.evaluate(async () => (await example).rooms.end("stand-up"));
});

test("a call goes on in the next meeting when one ends by itself, and ends with the host", { timeout: 120_000 }, async (t) => {
  await asHost("POST");
  const page = await openApp(t, await appOf("docs/rooms.md", ""), BOB);
  const first = await meetingWith("_b");

  await moveClock(24 * 3600 + 60);

  assert.notEqual(await meetingWith("_b"), first);
  await asHost("DELETE");
  assert.deepEqual(await end(page), ["ended"]);
});

test("README's app gets from a token to a chat and a call", { timeout: 120_000 }, async (t) => {
  await asHost("POST");
  const page = await openApp(t, await appOf("README.md", "call, user: await signIn.user()"), BOB);

  await meetingWith("_b");
  await until(async () => (await connections({ stack })).length);
  const ada = await signInWriter(stack, ADA);
  const channel = await ada.createChannel(await page.evaluate(async () => (await example).user.userArn));
  // More than once, because the chat tells what is sent after it is connected, and the app does not say when that is.
  while (!(await page.evaluate(() => read.length))) await ada.send(channel, "Hello");
  assert.equal(await page.evaluate(() => read[0]), "Ada Lovelace: Hello");

  await page.evaluate(async () => (await example).call.audioVideo.stop());
  await asHost("DELETE");
});

test("a page that is closed gives up its seat, if the app asked for that", { timeout: 120_000 }, async (t) => {
  const page = await openApp(t, await appOf("docs/rooms.md", "rooms"), ADA);
  await meetingWith("ada");
  await page.evaluate(async () => {
    const { rooms } = await example;
    const kept = await auth.getAccessToken();
    auth.getAccessToken = () => kept;
    addEventListener("pagehide", () => rooms.leave("stand-up", { keepalive: true }).catch(() => {}));
  });

  await page.goto("about:blank");

  await until(async () => !(await attendees()).flat().length);
});
