/** An app of React Native, without a screen. */

import "./native";
import "react-native/Libraries/Core/setUpXHR";

import { chimeSignIn } from "chime-signin";
import { chimeChat } from "chime-signin/chat";

import { tryOut } from "./try-out.cjs";

const tell = (outcome) => print(`to the phone: ${JSON.stringify({ outcome })}`);
globalThis.start = (urls) => tryOut({ chimeSignIn, chimeChat }, urls).then(tell, (error) => tell(`${error.name}: ${error.message}`));
