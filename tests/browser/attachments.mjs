/** What docs/attachments.md says, done: its script in Python, which creates the bucket, and its code for an app. */

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { bundle } from "./bundle.mjs";
import { documentation } from "./stack.mjs";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const PAGE = await documentation("docs/attachments.md");
const blocks = (language) => [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(([, block]) => block);
const [TEMPLATE, ANSWERS] = blocks("yaml");

/** The page's answers, as parameters of the stack. */
export const PARAMETERS = Object.fromEntries([ANSWERS.trim().split(": ")]);

/** Create the bucket, as the page says, for the pages of *app*. Return its name. */
export async function createBucket({ urls, app }) {
  const folder = await mkdtemp(join(tmpdir(), "chime-signin-files-"));
  await writeFile(join(folder, "files.yaml"), TEMPLATE);
  const host = (name) => new URL(urls[name]).host;
  const script = blocks("python")[0]
    .replace(".build/local/certificate.pem", at("../../.build/local/certificate.pem"))
    .replace("http://localhost:5173", app)
    .replace("127.0.0.1:3000", host("api"))
    .replace("127.0.0.1:3001", host("issuer"))
    .replace("127.0.0.1:3002", host("aws"));
  const { PATH, HOME } = process.env;
  const { stdout } = await promisify(execFile)(at("../../.venv/bin/python"), ["-c", script], { cwd: folder, env: { PATH, HOME } });
  await rm(folder, { recursive: true });
  return stdout.split(" ")[0];
}

/** Return the page's code as a script, by which `attachments(signIn)` is `{ attach, open }`. */
export async function codeOfTheApp({ urls }, bucket) {
  const endpoint = urls.aws.replace("http:", "https:");
  const code = blocks("js")[0].replace('region: "eu-central-1"', `region: "us-east-1", endpoint: "${endpoint}"`);
  const [imports, rest] = [code.match(/^import .*$/gm).join("\n"), code.replace(/^import .*$/gm, "")];
  const contents = `${imports}\nwindow.attachments = (signIn, Bucket = "${bucket}") => {${rest}\nreturn { attach, open }; };`;
  return bundle({ stdin: { contents, resolveDir: at(".") } });
}
