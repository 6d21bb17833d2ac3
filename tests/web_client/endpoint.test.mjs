/** To which addresses the web client sends a token, and to which it does not. */

import assert from "node:assert/strict";
import test from "node:test";

import { chimeSignIn } from "../../web_client/src/chime-signin.js";
import { error, serve, signedIn } from "./service.mjs";

const signInTo = (endpoint) => chimeSignIn({ endpoint, getToken: () => assert.fail("it was asked for a token") });

for (const endpoint of [
  "http://signin.example/signin",
  "http://signin.example:443/signin",
  "http://192.168.1.2/signin",
  "http://localhost.example/signin",
  "http://notlocalhost/signin",
  "http://127.0.0.1.example/signin",
  "http://127.example/signin",
  "http://[::2]/signin",
  "http://[::ffff:7f00:1]/signin",
  "http://signin.example/?http://localhost/",
  "ftp://localhost/signin",
  "data:application/json,{}",
  new URL("http://signin.example/signin"),
]) {
  test(`a token is not sent to ${endpoint}, where others can read it`, () => {
    assert.throws(() => signInTo(endpoint), { name: "TypeError", message: /`endpoint` has to begin with https/ });
  });
}

for (const endpoint of [
  "https://signin.example/signin",
  "https://signin.example:8443",
  "HTTPS://SIGNIN.EXAMPLE/signin",
  "http://localhost",
  "HTTP://LOCALHOST:3000/signin",
  "http://127.0.0.1:3000/signin",
  "http://127.8.9.10/signin",
  "http://[::1]:3000/signin",
  new URL("http://localhost:3000/signin"),
]) {
  test(`a token may be sent to ${endpoint}`, () => {
    assert.equal(typeof signInTo(endpoint).credentials, "function");
  });
}

for (const endpoint of [
  "http://localhost:3000@signin.example/",
  "https://",
  "https://localhost@signin.example/signin",
  "https:signin",
  "https://sign in.example/",
  "localhost:3000/signin",
  "http:/localhost/signin",
]) {
  test(`${endpoint} is not taken for a safe address`, () => {
    assert.throws(() => signInTo(endpoint), { name: "TypeError", message: /`endpoint` has to begin with https/ });
  });
}

for (const endpoint of [
  undefined,
  null,
  "",
  " ",
  "undefined",
  "null",
  "undefined/signin",
  "/undefined/signin",
  "https://undefined/signin",
  "https://signin.example/undefined",
  {},
]) {
  test(`an endpoint that is ${JSON.stringify(endpoint)} is missing, on a page, too`, (t) => {
    assert.throws(() => signInTo(endpoint), { name: "TypeError", message: /`endpoint` is missing/ });
    onPage(t, "https://app.example/chat");
    assert.throws(() => signInTo(endpoint), { name: "TypeError", message: /`endpoint` is missing/ });
  });
}

/** Have a page at *address* for as long as test *t* lasts. */
function onPage(t, address) {
  globalThis.location = new URL(address);
  t.after(() => delete globalThis.location);
}

test("with `insecure`, http is allowed to any machine, and nothing else is", () => {
  const insecure = (endpoint) => chimeSignIn({ endpoint, insecure: true, getToken: () => "kept" });

  assert.equal(typeof insecure("http://192.168.1.2:3000/signin").credentials, "function");
  for (const endpoint of ["ftp://localhost/", "data:,", "http://a@192.168.1.2/"]) assert.throws(() => insecure(endpoint), TypeError);
});

test("a relative endpoint belongs to the page", async (t) => {
  const { endpoint, requests } = await serve(t, signedIn());
  onPage(t, endpoint.replace("/signin", "/app/page.html"));

  await chimeSignIn({ endpoint: "../v1/signin", getToken: () => "kept" }).credentials();

  assert.equal(requests[0].url, "/v1/signin");
});

test("a relative endpoint of a page that others can read is refused at once", (t) => {
  onPage(t, "http://app.example/");

  for (const endpoint of ["/signin", "//signin.example/", "ht\ntp://signin.example/"])
    assert.throws(() => signInTo(endpoint), { name: "TypeError", message: /has to begin with https/ });
});

test("a relative endpoint where there is no page, as in a server that renders pages, is an error only when it is used", async () => {
  const signIn = chimeSignIn({ endpoint: "/signin", getToken: () => "kept" });

  await assert.rejects(signIn.credentials(), { name: "TypeError", message: /no page/ });
});
