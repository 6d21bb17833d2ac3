/** The web client as a package: its types, the examples of the documentation, the names of errors, and its size. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";

import { CODES } from "../web_client/calls.mjs";
import { documentation, exampleIn } from "./stack.mjs";

const SDK = "amazon-chime-sdk-js/build";
const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const WEB_CLIENT = at("../../web_client");
const run = promisify(execFile);
const [MINIFIED, MINIFIED_CHAT, ROOMS] = await Promise.all(["chime-signin", "chat", "rooms"].map(minified));

/** Return an entry point of the package as an app has it. */
async function minified(name) {
  const entryPoints = [at(`../../web_client/dist/${name}.js`)];
  return (await build({ entryPoints, bundle: true, minify: true, format: "esm", write: false })).outputFiles[0].text;
}

/** What the apps in the documentation take from their surroundings, for the type checker. */
const YOURS = `
  declare const auth: { getAccessToken(wish: { forceRefresh: boolean }): Promise<string | undefined> };
  declare function showError(error: unknown): void;
  declare function showPresence(name: string, isPresent: boolean): void;
  declare function showEnd(how: "left" | "ended" | "removed" | "elsewhere" | "failed"): void;
  declare function showBanner(text: string): void;
  declare function hideBanner(): void;
  declare function goToSignIn(): void;
  declare function showMessage(sender: string | undefined, content: string | undefined): void;
`;

/** Return the errors that the type checker finds in *project*, a folder. */
async function complaints(project) {
  const tsc = at("node_modules/.bin/tsc");
  return run(tsc, ["-p", project]).then(
    () => "",
    ({ stdout, stderr }) => stdout + stderr,
  );
}

test("the types fit apps in TypeScript and the types of the AWS SDK", async () => {
  assert.equal(await complaints(at(".")), "");
});

for (const page of ["README.md", "docs/web-apps.md", "docs/rooms.md", "web_client/README.md"]) {
  test(`the app in ${page} passes the type checker with the package installed`, async (t) => {
    const app = await mkdtemp(join(tmpdir(), "documented-app-"));
    t.after(() => rm(app, { recursive: true }));
    await mkdir(join(app, "node_modules"));
    await symlink(WEB_CLIENT, join(app, "node_modules/chime-signin"));
    for (const name of ["@aws-sdk", "amazon-chime-sdk-js"]) await symlink(at(`node_modules/${name}`), join(app, "node_modules", name));
    await writeFile(join(app, "yours.d.ts"), YOURS);
    await writeFile(join(app, "app.mts"), await exampleIn(page));
    await writeFile(join(app, "tsconfig.json"), JSON.stringify({ extends: at("tsconfig.json"), files: ["app.mts", "yours.d.ts"] }));

    assert.equal(await complaints(app), "");
  });
}

test("errors keep their names when the app is minified", async () => {
  const address = (source) => `data:text/javascript,${encodeURIComponent(source)}`;
  const [module, rooms] = await Promise.all([MINIFIED, ROOMS].map((source) => import(address(source))));

  const names = Object.entries({ ...module, ...rooms }).filter(([, { prototype }]) => prototype instanceof Error);

  assert.equal(names.length, 7);
  for (const [name, Kind] of names) assert.equal(new Kind("told").name, name);
});

for (const [what, code, words] of [
  ["core", MINIFIED, "At most"],
  ["chat", MINIFIED_CHAT, "another"],
]) {
  test(`the ${what} is as small as the documentation says, and below 5 kB`, async () => {
    const [, minified, zipped] = new RegExp(`${words} ([\\d.]+) kB minified, ([\\d.]+) kB`).exec(await documentation("docs/web-apps.md"));

    for (const [bytes, said] of [[code.length, minified], [gzipSync(code).length, zipped]]) {
      assert.ok(bytes <= said * 1000 && bytes > said * 1000 - 250, `${bytes} bytes, and the documentation says ${said} kB`);
    }
    assert.ok(zipped <= 5);
  });
}

/** Return a folder with an app that has installed the package as it is packed. */
async function installed(t) {
  const app = await mkdtemp(join(tmpdir(), "app-"));
  t.after(() => rm(app, { recursive: true }));
  const { stdout } = await run("npm", ["pack", WEB_CLIENT, "--pack-destination", app, "--json", "--ignore-scripts"]);
  const [{ filename, files }] = JSON.parse(stdout);
  const folder = join(app, "node_modules", "chime-signin");
  await mkdir(folder, { recursive: true });
  await run("tar", ["xf", join(app, filename), "--strip-components=1", "-C", folder]);
  return { app, tarball: join(app, filename), files: files.map(({ path }) => path) };
}

test("the package has what it needs, and nothing else", async (t) => {
  const { files } = await installed(t);

  const entries = files.filter((path) => /^dist\/[^.]+\.js$/.test(path)).map((path) => path.slice(0, -".js".length));
  const built = entries.flatMap((entry) => [".cjs", ".d.cts", ".d.ts", ".js"].map((suffix) => entry + suffix));
  // For resolvers that do not know exports, each entry point but the first has a folder.
  const folders = entries.map((entry) => entry.slice("dist/".length)).filter((entry) => entry !== "chime-signin");
  const manifests = folders.map((folder) => `${folder}/package.json`);
  assert.deepEqual(files.toSorted(), ["LICENSE", "README.md", "package.json", ...manifests, ...built].toSorted());
  assert.equal(await readFile(join(WEB_CLIENT, "LICENSE"), "utf8"), await documentation("LICENSE"));
});

for (const [kind, code] of [
  ["module", 'import * as client from "chime-signin"; import { chimeSignIn } from "chime-signin";'],
  ["commonjs", 'const client = require("chime-signin"); const { chimeSignIn } = client;'],
]) {
  test(`it is a package for ${kind}`, async (t) => {
    const { app } = await installed(t);

    const told = `console.log(typeof chimeSignIn, Object.keys(client).sort().join(), new client.OtherUserError("told").name)`;
    const { stdout } = await run("node", [`--input-type=${kind}`, "-e", `${code} ${told}`], { cwd: app });

    const names = "NotAllowedError,OtherUserError,SignInAgainError,SignInError,UnavailableError,chimeSignIn";
    assert.equal(stdout.trim(), `function ${names} OtherUserError`);
  });
}

test("a resolver that does not know exports, such as React Native's older ones, finds main and its types", async () => {
  const { main, types } = JSON.parse(await readFile(join(WEB_CLIENT, "package.json"), "utf8"));

  assert.equal(typeof createRequire(import.meta.url)(join(WEB_CLIENT, main)).chimeSignIn, "function");
  assert.match(await readFile(join(WEB_CLIENT, types), "utf8"), /export function chimeSignIn/);
});

test("publint has nothing to say", async () => {
  const { stdout } = await run(at("node_modules/.bin/publint"), ["run", WEB_CLIENT, "--strict"]);

  assert.match(stdout, /All good!/);
});

test("every kind of import finds its types (arethetypeswrong)", async (t) => {
  const { tarball } = await installed(t);

  const { stdout } = await run(at("node_modules/.bin/attw"), [tarball, "--no-emoji", "--no-color"]);

  assert.match(stdout, /No problems found/);
});

test("rooms are as small as the documentation says", async () => {
  const [, minified, zipped] = /At most ([\d.]+) kB minified, ([\d.]+) kB/.exec(await documentation("docs/rooms.md"));

  for (const [bytes, said] of [[ROOMS.length, minified], [gzipSync(ROOMS).length, zipped]]) {
    assert.ok(bytes <= said * 1000 && bytes > said * 1000 - 250, `${bytes} bytes, and the documentation says ${said} kB`);
  }
});

test("the status codes are those of Amazon's SDK", () => {
  const { MeetingSessionStatusCode } = createRequire(import.meta.url)(`${SDK}/meetingsession/MeetingSessionStatusCode.js`);

  for (const [name, code] of Object.entries(CODES)) assert.equal(MeetingSessionStatusCode[name], code, name);
});
