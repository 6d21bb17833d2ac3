/** Take the picture that docs/local-stack.md shows: `make screenshot`. */

import { writeFile } from "node:fs/promises";

import UPNG from "upng-js";

import { openPage, startBrowser, startStack } from "./stack.mjs";

const PICTURE = new URL("../../docs/page.png", import.meta.url);

const after = [];
const [stack, browser] = await Promise.all([startStack({ ports: [3000, 3001, 3002] }), startBrowser()]);
const page = await openPage({ after: (end) => after.push(end) }, browser, stack.urls.api);
const press = (name) => page.getByRole("button", { name, exact: true }).click();
const signedIn = (text) => page.locator("#outcome", { hasText: text }).waitFor();

await page.locator("[data-ready]").waitFor();
await press("Expired token");
await signedIn("The expired token was replaced");
await press("Expired token");
await signedIn("The credentials name this user, and nobody else.");
for (const call of ["me", "own", "other"]) {
  await page.locator(`[data-call=${call}]`).click();
  await page.locator(`#call-${call}[data-kind=good]`).waitFor();
}
await page.mouse.click(5, 5);
const shot = UPNG.decode(await page.screenshot({ fullPage: true }));
// A palette, because the file then has less than half the size and looks the same.
await writeFile(PICTURE, Buffer.from(UPNG.encode(UPNG.toRGBA8(shot), shot.width, shot.height, 256)));

await browser.close();
await stack.stop();
