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

import { transform } from "esbuild";

import { CODES } from "../web_client/calls.mjs";
import { documentation, exampleIn } from "./stack.mjs";

const SDK = "amazon-chime-sdk-js/build";
const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const minified = async (path) => (await transform(await readFile(at(path), "utf8"), { minify: true, format: "esm" })).code;
const MINIFIED = await minified("../../web_client/chime-signin.js");
const ROOMS = await minified("../../web_client/rooms.js");

/** What the apps in the documentation take from their surroundings, for the type checker. */
const YOURS = `
  declare const auth: { getAccessToken(wish: { forceRefresh: boolean }): Promise<string | undefined> };
  declare function showError(error: unknown): void;
  declare function showPresence(name: string, isPresent: boolean): void;
  declare function showEnd(how: "left" | "ended" | "removed" | "elsewhere" | "failed"): void;
`;

/** Return the errors that the type checker finds in *project*, a folder. */
async function complaints(project) {
  const tsc = at("node_modules/.bin/tsc");
  return promisify(execFile)(tsc, ["-p", project]).then(
    () => "",
    ({ stdout, stderr }) => stdout + stderr,
  );
}

test("the types fit apps in TypeScript and the types of the AWS SDK", async () => {
  assert.equal(await complaints(at(".")), "");
});

for (const page of ["README.md", "docs/web-apps.md", "docs/rooms.md"]) {
  test(`the app in ${page} passes the type checker with the package installed`, async (t) => {
    const app = await mkdtemp(join(tmpdir(), "documented-app-"));
    t.after(() => rm(app, { recursive: true }));
    await mkdir(join(app, "node_modules"));
    await symlink(at("../../web_client"), join(app, "node_modules/chime-signin"));
    for (const name of ["@aws-sdk", "amazon-chime-sdk-js"]) await symlink(at(`node_modules/${name}`), join(app, "node_modules", name));
    await writeFile(join(app, "yours.d.ts"), YOURS);
    await writeFile(join(app, "app.mts"), await exampleIn(page));
    await writeFile(join(app, "tsconfig.json"), JSON.stringify({ extends: at("tsconfig.json"), files: ["app.mts", "yours.d.ts"] }));

    assert.equal(await complaints(app), "");
  });
}

test("errors keep their names when the app is minified", async () => {
  const address = (source) => `data:text/javascript,${encodeURIComponent(source)}`;
  const ofRooms = ROOMS.replace("./chime-signin.js", address(MINIFIED));
  const [module, rooms] = await Promise.all([MINIFIED, ofRooms].map((source) => import(address(source))));

  const names = Object.entries({ ...module, ...rooms }).filter(([, { prototype }]) => prototype instanceof Error);

  assert.equal(names.length, 6);
  for (const [name, Kind] of names) assert.equal(new Kind("told").name, name);
});

for (const [page, source] of [["docs/web-apps.md", MINIFIED], ["docs/rooms.md", ROOMS]]) {
  test(`what ${page} describes is as small as it says`, async () => {
    const [, minified, zipped] = /At most ([\d.]+) kB minified, ([\d.]+) kB/.exec(await documentation(page));

    for (const [bytes, said] of [[source.length, minified], [gzipSync(source).length, zipped]]) {
      assert.ok(bytes <= said * 1000 && bytes > said * 1000 - 250, `${bytes} bytes, and the documentation says ${said} kB`);
    }
  });
}

test("the status codes are those of Amazon's SDK", () => {
  const { MeetingSessionStatusCode } = createRequire(import.meta.url)(`${SDK}/meetingsession/MeetingSessionStatusCode.js`);

  for (const [name, code] of Object.entries(CODES)) assert.equal(MeetingSessionStatusCode[name], code, name);
});
