/** The web client as a package: its types, the examples of the documentation, the names of errors, and its size. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";

import { transform } from "esbuild";

import { documentation, exampleIn } from "./stack.mjs";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const SOURCE = await readFile(at("../../web_client/chime-signin.js"), "utf8");
const MINIFIED = (await transform(SOURCE, { minify: true, format: "esm" })).code;

/** What the apps in the documentation take from their surroundings, for the type checker. */
const YOURS = `
  declare const auth: { getAccessToken(wish: { forceRefresh: boolean }): Promise<string | undefined> };
  declare function showError(error: unknown): void;
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

for (const page of ["README.md", "docs/web-apps.md"]) {
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
  const module = await import(`data:text/javascript,${encodeURIComponent(MINIFIED)}`);

  const names = Object.entries(module).filter(([, { prototype }]) => prototype instanceof Error);

  assert.equal(names.length, 4);
  for (const [name, Kind] of names) assert.equal(new Kind("told").name, name);
});

test("it is as small as the documentation says", async () => {
  const [, minified, zipped] = /At most ([\d.]+) kB minified, ([\d.]+) kB/.exec(await documentation("docs/web-apps.md"));

  for (const [bytes, said] of [[MINIFIED.length, minified], [gzipSync(MINIFIED).length, zipped]]) {
    assert.ok(bytes <= said * 1000 && bytes > said * 1000 - 250, `${bytes} bytes, and the documentation says ${said} kB`);
  }
});
