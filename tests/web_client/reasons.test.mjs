/** What the web client makes of each answer that the service can give: compared with the service's own tables. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";

import { error, signInAt } from "./service.mjs";

const read = (path) => readFile(new URL(`../../${path}`, import.meta.url), "utf8");

/** The reasons for which the authorizer refuses a token. */
const ERRORS = await read("signin_function/authorizer/errors.py");
const REASONS = [...ERRORS.matchAll(/^ {4}[A-Z_]+ = \("(\w+)", "/gm)].map(([, code]) => code);

/** The rows of the table of errors in docs/api.md: status, error with its reasons, and what the client should do. */
const LINES = (await read("docs/api.md")).matchAll(/^\| (\d{3}|other 4xx) \| (`.*?) \| .* \| (.*?) ?\|$/gm);
const ROWS = [...LINES].map(([, status, what, advice]) => {
  const [code, ...reasons] = [...what.matchAll(/(\w+)`/g)].map(([, word]) => word);
  const isRest = /any other `reason`/.test(what);
  return { status: Number(status) || 400, code, reasons: isRest ? [] : reasons, isRest, advice };
});

const NAMED = ROWS.flatMap(({ code, reasons }) => (code === "invalid_token" ? reasons : []));

/** The kind of error, and the requests, for what the table advises. */
const ADVICE = [
  [/^get a new token, once/, ["SignInAgainError", 2]],
  [/^sign the user in/, ["SignInAgainError", 1]],
  [/^report it/, ["SignInError", 1]],
  [/^stop/, ["NotAllowedError", 1]],
  [/^wait, call again/, ["UnavailableError", 2]],
  [/^$/, ["SignInError", 1]],
];

/** A second one is a mistake of the set-up; a clock that differs a little is waited for once. */
const EXCEPTIONS = { ends_too_soon: ["SignInError", 2], not_yet_valid: ["SignInError", 2] };

test("the tables are read whole", async () => {
  assert.ok(REASONS.length >= 16 && ROWS.length >= 13, `${REASONS.length} reasons, ${ROWS.length} rows`);
  assert.deepEqual(NAMED.filter((reason) => !REASONS.includes(reason)), []);
  assert.ok(ROWS.some(({ isRest }) => isRest));
  const answers = await read("signin_function/signin/answers.py");
  const codes = [...answers.matchAll(/^ {4}\w+: \(\d{3}, "(\w+)"/gm)].map(([, code]) => code);
  assert.ok(codes.length >= 4);
  assert.deepEqual(codes.filter((code) => !ROWS.some((row) => row.code === code)), []);
});

for (const { status, code, reasons, isRest, advice } of ROWS) {
  const others = isRest ? REASONS.filter((reason) => !NAMED.includes(reason)) : reasons;
  for (const reason of others.length ? others : [undefined]) {
    test(`${status} ${code} ${reason ?? ""}: ${advice || "something has to be repaired"}`, async (t) => {
      const [, expected] = ADVICE.find(([words]) => words.test(advice));
      const { signIn, requests } = await signInAt(t, [error(status, code, { reason })], { patience: 8000 });

      const refused = await signIn.credentials().catch((error) => error);

      const seen = [refused.name, Math.min(requests.length, 2)];
      assert.deepEqual([seen, refused.status, refused.reason], [EXCEPTIONS[reason] ?? expected, status, reason]);
    });
  }
}

test("a reason that is not known yet is nothing that a new sign-in mends", async (t) => {
  const { signIn } = await signInAt(t, [error(401, "invalid_token", { reason: "of_next_year" })]);

  await assert.rejects(signIn.credentials(), { name: "SignInError", reason: "of_next_year" });
});
