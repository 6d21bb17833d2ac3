/** The example of the package's README, executed, and its tables, compared with what there is. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";

import * as client from "../../web_client/src/chime-signin.js";
import * as rooms from "../../web_client/src/rooms.js";
import { error, serve, signedIn, until } from "./service.mjs";

const read = (path) => readFile(new URL(`../../web_client/${path}`, import.meta.url), "utf8");
const README = await read("README.md");

/** Run the example as an app whose service gives *answers*. Return its settings, and what the app was asked to show. */
async function run(t, ...answers) {
  const { endpoint } = await serve(t, ...answers);
  const [, code] = /^```js\n(.*?)^```$/ms.exec(README);
  const body = code.replace(/^import .*$/m, "").replace(/https:[^"]*signin/, endpoint);
  const shown = [];
  const yours = {
    auth: { getAccessToken: async () => "kept" },
    showBanner: () => shown.push("banner"),
    hideBanner: () => shown.push("no banner"),
    goToSignIn: () => shown.push("sign-in"),
  };
  const AsyncFunction = (async () => {}).constructor;
  const app = new AsyncFunction("chimeSignIn", ...Object.keys(yours), `${body}; return { userArn, settings };`);
  return { shown, ran: app(client.chimeSignIn, ...Object.values(yours)) };
}

test("the example signs in, and gives a client of the AWS SDK what it needs", async (t) => {
  const { shown, ran } = await run(t, signedIn());

  const { userArn, settings } = await ran;

  assert.match(userArn, /ada$/);
  assert.equal((await settings.credentials()).accessKeyId, "ASIAONE");
  assert.deepEqual([settings.region, Number.isFinite(settings.systemClockOffset)], ["us-east-1", true]);
  assert.deepEqual(shown, ["no banner"]);
});

test("the example sends a user whose token is refused to the app's sign-in", async (t) => {
  const { shown, ran } = await run(t, error(401, "unauthorized"));

  await assert.rejects(ran, { name: "SignInAgainError" });
  await until(() => shown.length);

  assert.deepEqual(shown, ["sign-in"]);
});

test("the README and the types name every error and every status", async () => {
  const section = (heading) => README.split(`\n## ${heading}\n`)[1].split("\n## ")[0];
  const rows = (heading) => [...section(heading).matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name]) => name);
  const types = await read("src/chime-signin.d.ts");
  const statuses = [...types.matchAll(/readonly status: (.*?);/g)].flatMap(([, union]) => union.match(/[\w-]+/g));

  const errors = Object.keys(client).filter((name) => name.endsWith("Error"));
  assert.deepEqual(rows("Errors").filter((name) => name !== "name").sort(), errors.sort());
  assert.deepEqual(rows("States").filter((name) => name !== "status").sort(), statuses.sort());
  assert.deepEqual([...types.matchAll(/^export class (\w+)/gm)].map(([, name]) => name).sort(), errors);
});

const WEB_APPS = await read("../docs/web-apps.md");
const sectionOf = (heading) => WEB_APPS.split(`\n## ${heading}\n`)[1].split("\n## ")[0];

test("docs/web-apps.md has something to show for every error", () => {
  const shown = [...sectionOf("What to show").matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell]) => cell.match(/\w+/g));

  const errors = Object.keys({ ...client, ...rooms }).filter((name) => name.endsWith("Error"));
  assert.deepEqual(errors.filter((name) => !shown.includes(name)), []);
});

test("a sign-out in one tab reaches the others, and each leaves once", async (t) => {
  const [, code] = /^```js\n(.*?)^```$/ms.exec(sectionOf("Signing out, tabs and other users"));
  const left = [];
  const opened = ["one", "two", "three"].map((tab) => new Function("leave", `${code}; return { tabs, signOut };`)(() => left.push(tab)));
  t.after(() => opened.forEach(({ tabs }) => tabs.close()));

  opened[1].signOut();
  await until(() => left.length === 3);

  assert.deepEqual(left.toSorted(), ["one", "three", "two"]);
});
