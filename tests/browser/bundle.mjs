/** Make one script of Amazon's SDKs for a page. */

import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Bundle *entry*, esbuild's options for it: by default what the messaging test uses, as the global variable `Chime`. */
export async function bundle(entry = { entryPoints: [at("chime-sdk.js")], globalName: "Chime" }) {
  // Named here, because esbuild would otherwise take the Node.js versions of required modules.
  const mainFields = ["browser", "module", "main"];
  const define = { global: "globalThis" }; // as every bundler of its users has it
  const built = (name) => at(`../../web_client/dist/${name}.js`);
  const alias = {
    "chime-signin/chat": built("chat"),
    "chime-signin/rooms": built("rooms"),
    "chime-signin": built("chime-signin"),
  };
  const options = { bundle: true, write: false, format: "iife", logLevel: "error", mainFields, define, alias };
  return (await build({ ...entry, ...options })).outputFiles[0].text;
}
