import { chimeSignIn } from "chime-signin";
import { chimeChat } from "chime-signin/chat";

import { tryOut } from "./try-out.cjs";

console.log(JSON.stringify(await tryOut({ chimeSignIn, chimeChat }, JSON.parse(process.argv[2]))));
