const { chimeSignIn } = require("chime-signin");
const { chimeChat } = require("chime-signin/chat");

const { tryOut } = require("./try-out.cjs");

tryOut({ chimeSignIn, chimeChat }, JSON.parse(process.argv[2])).then((outcome) => console.log(JSON.stringify(outcome)));
