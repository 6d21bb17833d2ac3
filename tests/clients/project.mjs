/** Throw-away projects, in which the web client is installed as a package. */

import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const NPM = ["--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0"];

/** Run *command* and return what it prints. If it fails, the error says what it printed. */
export async function run(command, args, options) {
  try {
    return (await promisify(execFile)(command, args, { maxBuffer: 2 ** 28, ...options })).stdout;
  } catch (error) {
    throw new Error(`${command} failed: ${error.message}\n${error.stdout}`);
  }
}

/** Pack the web client, as `npm publish` would, into *folder*, and return the path of the tarball. */
export async function pack(folder) {
  const name = await run("npm", ["pack", ...NPM, "--pack-destination", folder], { cwd: at("../../web_client") });
  return join(folder, name.trim());
}

export async function temporaryFolder(t) {
  const folder = await mkdtemp(join(tmpdir(), "chime-signin-client-"));
  t.after(() => rm(folder, { recursive: true, maxRetries: 5 }));
  return folder;
}

/** Copy the project *name* from this folder into a temporary one, install what it needs and *tarball*, and return where it is. */
export async function project(t, name, tarball) {
  const folder = await temporaryFolder(t);
  await cp(at(name), folder, { recursive: true });
  await run("npm", ["ci", ...NPM, "--prefer-offline"], { cwd: folder });
  // Not by npm, because a lock file would hold the tarball's hash, which changes with each change of the web client.
  const installed = join(folder, "node_modules/chime-signin");
  await mkdir(installed, { recursive: true });
  await run("tar", ["-xzf", tarball, "-C", installed, "--strip-components=1"]);
  await cp(at("try-out.cjs"), join(folder, name === "next" ? "app/try-out.cjs" : "try-out.cjs"));
  return folder;
}

/** Return the version of the *dependency* that is installed in *folder*. */
export async function versionOf(folder, dependency) {
  return JSON.parse(await readFile(join(folder, "node_modules", dependency, "package.json"), "utf8")).version.replace("v", "");
}
