/** Take the picture in README: `make screenshot`. */

import { fileURLToPath } from "node:url";

import { openPage, startBrowser, startStack } from "./stack.mjs";

const PICTURE = new URL("../../docs/page.png", import.meta.url);

const after = [];
const [stack, browser] = await Promise.all([startStack({ ports: [3000, 3001, 3002] }), startBrowser()]);
const page = await openPage({ after: (end) => after.push(end) }, browser, stack.urls.api);
const press = (name) => page.getByRole("button", { name, exact: true }).click();
const signedIn = (name) => page.locator("#outcome", { hasText: `Signed in as ${name}.` }).waitFor();

await page.locator("[data-ready]").waitFor();
await press("Bob");
await signedIn("Bob Kahn");
await press("Ada");
await signedIn("Ada Lovelace");
await press("Expired token");
await page.locator("#log", { hasText: "token_expired" }).waitFor();
await signedIn("Ada Lovelace");
for (const call of ["STS: who am I?", "Chime: my own entry", "Chime: Bob’s entry"]) await press(call);
await page.locator("#call-other[data-kind=bad]").waitFor();
await page.locator("#call-me[data-kind=good]").waitFor();
await page.locator("#call-own[data-kind=good]").waitFor();
await page.mouse.click(5, 5);
await page.screenshot({ path: fileURLToPath(PICTURE), fullPage: true });

await browser.close();
await stack.stop();
