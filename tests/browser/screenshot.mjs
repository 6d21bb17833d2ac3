/** Take the picture that docs/local-stack.md shows: `make screenshot`. */

import { writeFile } from "node:fs/promises";

import UPNG from "upng-js";

import { openPage, startBrowser, startStack } from "./stack.mjs";

const PICTURE = new URL("../../docs/page.png", import.meta.url);

const after = [];
const [stack, browser] = await Promise.all([startStack({ ports: [3000, 3001, 3002], parameters: { Meetings: "open" } }), startBrowser()]);
const page = await openPage({ after: (end) => after.push(end) }, browser, stack.urls.api);
const press = (name) => page.getByRole("button", { name, exact: true }).click();
const signedIn = (text) => page.locator("#outcome", { hasText: text }).waitFor();

await page.locator("[data-ready]").waitFor();
await press("Open a channel");
for (const [name, text, received] of [
  ["Ada", "Hello, Bob! Can you read this?", "Bob"],
  ["Bob", "I can. It came at once.", "Ada"],
]) {
  await page.getByLabel(`${name} writes`).fill(text);
  await page.keyboard.press("Enter");
  await page.locator("#channel [role=status]", { hasText: `${received} has received` }).waitFor();
}
for (const name of ["Ada", "Bob"]) {
  await press(`Enter as ${name}`);
  await page.locator(`#room [data-side=${name.toLowerCase()}] small`, { hasText: /^in the room$/ }).waitFor();
}
await page.waitForFunction(() => [...document.querySelectorAll("video")].every((video) => video.videoWidth));
// Last, so that their requests are at the top of the list.
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
