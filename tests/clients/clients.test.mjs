/**
 * The web client's package in the surroundings of its users: installed from the packed tarball, built as they build, and signing in
 * against the local stack. docs/web-apps.md has the table of what is tested here.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import test, { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

import { documentation, firstApp, openPage, startBrowser, startStack } from "../browser/stack.mjs";
import { firefox, serve, webkit } from "./browsers.mjs";
import { pack, project, run, temporaryFolder, versionOf } from "./project.mjs";
import { run as runInHermes } from "./react-native/hermes.mjs";
import tried from "./try-out.cjs";

const { EXPECTED, tryOut } = tried;

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const WEB_CLIENT = at("../../web_client");
const MACHINE = `${process.platform}-${process.arch}`;
const onPath = (name) => process.env.PATH.split(":").map((folder) => join(folder, name)).find(existsSync);
const FIREFOX = onPath("firefox-esr") ?? onPath("firefox");
const WEBKIT = { driver: onPath("WebKitWebDriver"), miniBrowser: "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser" };
const HAS_WEBKIT = WEBKIT.driver && existsSync(WEBKIT.miniBrowser) && onPath("xvfb-run");

/** Why a test is left out, or false. */
const unless = (isThere, why) => (isThere ? false : why);
const NO_BINARY = unless(MACHINE === "linux-x64", "left out: the npm packages have programs for x86-64 Linux only");
const NO_FIREFOX = unless(FIREFOX, "left out: there is no Firefox here; Debian has it as firefox-esr");
const NO_WEBKIT = unless(HAS_WEBKIT, "left out: there is no WebKit here; Debian has it as webkit2gtk-driver and xvfb");

const tarball = await pack(await temporaryFolder({ after }));
let stack;
before(async () => (stack = await startStack()));
after(() => stack?.stop());

/** Let the table's line for *client* name the *version* that was tested, or if the machine chose it, an earlier one. */
async function tested(client, version, { chosenByMachine = false } = {}) {
  console.log(`${client} ${version}: tested`);
  const said = new RegExp(`^\\| ${client} \\| ([^|]+) \\|`, "m").exec(await documentation("docs/web-apps.md"))?.[1];
  const holds = chosenByMachine ? said?.localeCompare(version, "en", { numeric: true }) <= 0 : said === version;
  assert.ok(holds, `docs/web-apps.md says ${said} for ${client}, and ${version} was tested`);
}

test("Node.js: imported and required", { skip: NO_BINARY }, async (t) => {
  const folder = await project(t, "node", tarball);
  const { dependencies } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  for (const name of Object.keys(dependencies))
    for (const script of ["imports.mjs", "requires.cjs"])
      await t.test(`${name}: ${script}`, async () => {
        const node = join(folder, "node_modules", name, "bin/node");
        const outcome = await run(node, [script, JSON.stringify(stack.urls)], { cwd: folder });
        assert.deepEqual(JSON.parse(outcome), EXPECTED);
      });
  const versions = await Promise.all(Object.keys(dependencies).map((name) => versionOf(folder, name)));
  await tested("Node.js", versions.join(", "));
});

test("Jest, with its default settings", async (t) => {
  const folder = await project(t, "jest", tarball);

  await run(process.execPath, ["node_modules/jest/bin/jest.js", "--ci"], { cwd: folder, env: { ...process.env, URLS: JSON.stringify(stack.urls) } });

  await tested("Jest", await versionOf(folder, "jest"));
});

test("TypeScript, with each way to find modules", async (t) => {
  const folder = await project(t, "typescript", tarball);
  await cp(join(folder, "app.ts"), join(folder, "app.mts"));
  for (const [resolution, module, app] of [
    ["node16", "node16", "app.ts"], // which is CommonJS, because the project does not say otherwise
    ["node16", "node16", "app.mts"],
    ["bundler", "esnext", "app.ts"],
    ["node10", "commonjs", "app.ts"],
  ])
    await t.test(`${resolution}: ${app}`, () => {
      const how = ["--moduleResolution", resolution, "--module", module, "--target", "es2022", "--lib", "es2023,dom"];
      return run("node_modules/.bin/tsc", ["--strict", "--noEmit", ...how, app], { cwd: folder });
    });
  await tested("TypeScript", await versionOf(folder, "typescript"));
});

test("TypeScript, with each getToken of docs/web-tokens.md and its provider's own types", async (t) => {
  const folder = await temporaryFolder(t);
  await symlink(at("providers/node_modules"), join(folder, "node_modules"));
  await cp(at("providers/auth.d.ts"), join(folder, "auth.d.ts"));
  const flags = ["--strict", "--allowJs", "--checkJs", "--noEmit", "--skipLibCheck", "--moduleResolution", "bundler", "--module", "esnext"];
  const check = (...files) => run("node_modules/.bin/tsc", [...flags, "--target", "es2022", "--lib", "es2023,dom", "auth.d.ts", ...files], { cwd: folder });
  const blocks = [...(await documentation("docs/web-tokens.md")).matchAll(/^```js\n(.*?)^```$/gms)].map(([, block]) => block);
  const typed = (block) => block.replace(/^export /m, `/** @type {import("${WEB_CLIENT}/dist/chime-signin.js").Options["getToken"]} */\n$&`);
  const written = async (file, block) => (await writeFile(join(folder, file), typed(block)), file);

  await check(...(await Promise.all(blocks.map((block, number) => written(`block-${number}.js`, block)))));

  // Only types that were found can complain: of a slip in what each SDK is asked.
  const words = /\b(cacheMode|idToken|acquireTokenSilent|currentUser|skipCache|hasExpired|updateToken|refreshSession|signinSilent)\b/;
  const slips = blocks.filter((block) => words.test(block)).map((block) => block.replace(words, "$1s"));
  const files = await Promise.all(slips.map((slip, number) => written(`slip-${number}.js`, slip)));
  const { message } = await check(...files).catch((error) => error);
  assert.deepEqual(files.filter((file) => !message.includes(`${file}(`)), []);
  assert.equal(files.length, 9);
});

/** Open *url* in Chromium, and wait until it shows the text *expected*. */
async function shows(t, url, expected) {
  const browser = await startBrowser();
  t.after(() => browser.close());
  const page = await openPage(t, browser, url);
  page.setDefaultTimeout(60_000);
  await page.waitForFunction((expected) => document.body.innerText.trim() === expected, expected);
  assert.deepEqual(page.uncaught, []);
  return page;
}

/** Wait for the first address of localhost that the *server* prints. */
async function addressOf(server) {
  for await (const line of createInterface({ input: server.stdout })) {
    const [url] = /http:\/\/localhost:\d+/.exec(stripVTControlCharacters(line)) ?? [];
    if (url) return url;
  }
}

test("Vite: the file of docs/web-start.md, and Amazon's SDK for calls", async (t) => {
  const folder = await project(t, "vite", tarball);
  await mkdir(join(folder, "src"));
  await writeFile(join(folder, "src/main.js"), await firstApp(stack, "Vite"));
  await writeFile(join(folder, "vite.config.js"), await firstApp(stack, "Local development"));
  const server = spawn(process.execPath, ["node_modules/vite/bin/vite.js", "--port", "0"], { cwd: folder });
  t.after(async () => (server.kill("SIGTERM"), await once(server, "exit")));

  const url = await addressOf(server);
  const page = await shows(t, url, "Ada Lovelace is in 0 channels.");

  const calls = 'import { CSPMonitor } from "amazon-chime-sdk-js"; CSPMonitor.register(); document.body.textContent = "It runs.";';
  await writeFile(join(folder, "src/main.js"), calls);
  await page.goto(url);
  await page.waitForFunction(() => document.body.textContent === "It runs.");
  await tested("Vite", await versionOf(folder, "vite"));
});

test("no bundler: the page of docs/web-start.md", async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, "index.html"), await firstApp(stack, "Plain ES modules"));
  await cp(`${WEB_CLIENT}/dist/chime-signin.js`, join(folder, "chime-signin.js"));

  await shows(t, `http://localhost:${await serve(t, folder)}/`, "Signed in as Ada Lovelace.");
});

test("Next: rendered by a server, and used in a browser", async (t) => {
  const folder = await project(t, "next", tarball);
  await mkdir(join(folder, "app/start"));
  await writeFile(join(folder, "app/start/page.js"), await firstApp(stack, "Next"));
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1" };
  await run("node_modules/.bin/next", ["build"], { cwd: folder, env });
  const server = spawn(process.execPath, ["node_modules/next/dist/bin/next", "start", "--port", "0"], { cwd: folder, env });
  t.after(async () => (server.kill("SIGTERM"), await once(server, "exit")));
  const url = await addressOf(server);

  const html = await (await fetch(url)).text();
  assert.match(html, /rendered, with a sign-in/);

  const browser = await startBrowser();
  t.after(() => browser.close());
  const page = await openPage(t, browser, `${url}/?${new URLSearchParams(stack.urls)}`);
  await page.waitForFunction(() => !document.getElementById("outcome").textContent.startsWith("rendered"));
  const outcome = await page.textContent("#outcome");
  assert.deepEqual(JSON.parse(outcome.replace(", with a sign-in", "")), EXPECTED);
  assert.deepEqual(page.uncaught, []);
  await shows(t, `${url}/start`, "Signed in as Ada Lovelace.");
  await tested("Next", await versionOf(folder, "next"));
});

test("React Native: bundled by Metro, compiled by its Hermes, and run in an older one", { skip: NO_BINARY }, async (t) => {
  const folder = await project(t, "react-native", tarball);
  const program = (path) => join(folder, "node_modules", path);
  const compiled = async (app, entry, size) => {
    const bundle = join(folder, `bundle-${entry}.js`);
    await run(process.execPath, ["bundle.js", bundle, app, entry, size], { cwd: folder });
    await run(program("hermes-compiler/hermesc/linux64-bin/hermesc"), ["-w", "-O", "-emit-binary", "-out", `${bundle}.hbc`, bundle]);
    return bundle;
  };
  for (const entry of ["exports", "main"])
    await t.test(`found by \`${entry}\``, async () => {
      const bundle = await compiled("app.js", entry, "minified");

      const hermes = program("hermes-engine-cli/linux64-bin/hermes");
      const outcome = await runInHermes(hermes, await readFile(bundle, "utf8"), `start(${JSON.stringify(stack.urls)})`);

      assert.deepEqual(outcome, EXPECTED);
    });
  await writeFile(join(folder, "App.tsx"), await firstApp(stack, "React Native"));
  await t.test("the file of docs/web-start.md", () => compiled("App.tsx", "exports", "whole")); // minifying all of React Native takes long
  const version = await versionOf(folder, "react-native");
  assert.ok((await documentation("docs/web-start.md")).includes(` --version ${version} `));
  await tested("React Native", version);
});

/** The modules of the package in *folder* are served as they are, and called in a page of a browser. */
async function inBrowser(t, { open, call }, folder) {
  const { exports } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const [signIn, chat] = [".", "./chat"].map((entry) => JSON.stringify(exports[entry].import.default.slice(1)));
  const both = `Promise.all([import(${signIn}), import(${chat})]).then(([signIn, chat]) => ({ ...signIn, ...chat }))`;
  const port = await serve(t, folder);
  await open(`http://localhost:${port}/`);
  assert.deepEqual(await call(`${both}.then((client) => (${tryOut})(client, ${JSON.stringify(stack.urls)}))`), EXPECTED);

  await open(`http://127.0.0.1:${port}/`); // an origin that the stack does not list
  const options = JSON.stringify({ endpoint: `${stack.urls.api}/signin`, patience: 0 });
  const user = `import(${signIn}).then(({ chimeSignIn }) => chimeSignIn({ ...${options}, getToken: () => "a.b.c" }).user())`;
  assert.equal(await call(`${user}.catch(({ name }) => name)`), "UnavailableError");
}

test("Firefox", { skip: NO_FIREFOX }, async (t) => {
  const folder = await project(t, "firefox", tarball);
  const browser = await firefox(t, FIREFOX, folder);
  await inBrowser(t, browser, join(folder, "node_modules/chime-signin"));
  await tested("Firefox", browser.version, { chosenByMachine: true });
});

test("WebKit", { skip: NO_WEBKIT }, async (t) => {
  const folder = await temporaryFolder(t);
  await run("tar", ["-xzf", tarball, "-C", folder, "--strip-components=1"]);
  const browser = await webkit(t, WEBKIT);
  await inBrowser(t, browser, folder);
  await tested("WebKit", browser.version, { chosenByMachine: true });
});
