/** The React hook of docs/web-apps.md, in React's StrictMode, which mounts everything twice; and the first apps of docs/web-start.md. */

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { fileURLToPath } from "node:url";

import { bundle } from "./bundle.mjs";
import { connections, startChatting } from "./chatting.mjs";
import { documentation, firstApp, openPage, startStranger, until } from "./stack.mjs";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

/** An app around the hook: `render(user)` shows the chat of a user of the app, or nothing. */
const APP = `
  import { StrictMode } from "react";
  import { createRoot } from "react-dom/client";

  window.told = [];
  window.states = [];
  function Chat({ user }) {
    const ask = { method: "POST", body: JSON.stringify({ sub: user, name: user, scope: "chat" }) };
    const getToken = async () => (await (await fetch(ISSUER + "/token", ask)).json()).access_token;
    const state = useChat(user, getToken, ({ Content }) => told.push(user + ": " + Content));
    states.push(user + ": " + state.status);
    return <p>{user}: {state.status}</p>;
  }
  const root = createRoot((window.shown = document.body.appendChild(document.createElement("div"))));
  window.render = (user) => root.render(user && <StrictMode><Chat user={user} /></StrictMode>);
`;

let world, script;
before(async () => {
  world = await startChatting();
  const { api, aws, issuer } = world.stack.urls;
  const [, hook] = /^```jsx\n(.*?)^```$/ms.exec(await documentation("docs/web-apps.md"));
  const here = hook.replace(/https:[^"]*signin/, `${api}/signin`).replace("Messaging({ region,", `Messaging({ region, endpoint: "${aws}",`);
  const contents = `${here}\n${APP.replace("ISSUER", JSON.stringify(issuer))}`;
  script = await bundle({ stdin: { contents, loader: "jsx", resolveDir: at(".") }, jsx: "automatic" });
});
after(() => world?.stop());

test("it has one connection, of the user of the app, and none without one", async (t) => {
  const page = await openPage(t, world.browser, world.stack.app);
  await page.addScriptTag({ content: script });
  const shows = (text) => page.waitForFunction((text) => shown.textContent === text, text);
  const connected = async () => (await connections(world)).map(({ userArn }) => userArn.split("/").at(-1));
  const arn = async (user) => `${(await connections(world))[0].userArn.split("/user/")[0]}/user/${user}`;

  await page.evaluate(() => render("ada"));
  await shows("ada: connected");
  assert.deepEqual(await connected(), ["ada"]);
  await page.evaluate(() => render("ada")); // with new functions
  const channel = await world.bob.createChannel(await arn("ada"));
  await world.bob.send(channel, "Hello");
  await page.waitForFunction(() => told.length > 0);

  await page.evaluate(() => render("grace"));
  await shows("grace: connected");
  assert.equal((await page.evaluate(() => states)).find((state) => state.startsWith("grace")), "grace: stopped"); // not Ada's state
  await until(async () => (await connected()).length === 1);
  assert.deepEqual(await connected(), ["grace"]);
  await world.bob.send(channel, "Still there?");
  await world.bob.send(await world.bob.createChannel(await arn("grace")), "Hello");
  await page.waitForFunction(() => told.includes("grace: Hello"));

  await page.evaluate(() => render(null));
  await until(async () => (await connected()).length === 0);
  assert.deepEqual(await page.evaluate(() => told), ["ada: Hello", "grace: Hello"]);
  assert.deepEqual(page.uncaught, []);
});

/** Return the first app with *name*. Its user has what this stack requires, and is in no channel. */
async function first(name) {
  return (await firstApp(world.stack, name)).replace('sub: "ada"', 'sub: "first", scope: "chat"');
}

/** Open a page of `http://localhost` with *script*, or with *html*, and wait until it shows *expected*. */
async function shows(t, { script, html }, expected) {
  const page = await openPage(t, world.browser, await startStranger(t, "localhost"));
  if (html) await page.setContent(html);
  else await page.addScriptTag({ content: script });
  await page.waitForFunction((expected) => document.body.innerText.trim() === expected, expected);
  assert.deepEqual(page.uncaught, []);
}

test("the first app with Vite lists the user's channels", async (t) => {
  const code = await first("Vite");
  const [imports, rest] = [code.match(/^import .*$/gm).join("\n"), code.replace(/^import .*$/gm, "")];
  const contents = `${imports}\n(async () => {${rest}})();`; // for a script, which cannot await at its top
  await shows(t, { script: await bundle({ stdin: { contents, resolveDir: at(".") } }) }, "Ada Lovelace is in 0 channels.");
});

for (const [name, component] of [
  ["Next", "Page"],
  ["React Native", "App"],
])
  test(`the first app with ${name} shows who is signed in`, async (t) => {
    const code = (await first(name)).replace("import { Text } from", "const Text = 'p'; //");
    const render = `import { createRoot } from "react-dom/client"; createRoot(document.body).render(<${component} />);`;
    const stdin = { contents: `${code}\n${render}`, loader: "jsx", resolveDir: at(".") };
    await shows(t, { script: await bundle({ stdin, jsx: "automatic" }) }, "Signed in as Ada Lovelace.");
  });

test("the first app without a bundler shows who is signed in", async (t) => {
  const html = (await first("Plain ES modules")).replace("./chime-signin.js", "/local/web_client/chime-signin.js");
  await shows(t, { html }, "Signed in as Ada Lovelace.");
});
