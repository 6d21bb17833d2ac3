const { chimeSignIn } = require("chime-signin");
const { chimeChat } = require("chime-signin/chat");

const { EXPECTED, tryOut } = require("./try-out.cjs");

test("an app's test in Jest, with its default settings, uses the web client", async () => {
  expect(await tryOut({ chimeSignIn, chimeChat }, JSON.parse(process.env.URLS))).toEqual(EXPECTED);
}, 120_000);
