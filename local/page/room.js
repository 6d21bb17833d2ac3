/** The card with a room, in which Ada and Bob hold a call. */

import { chimeRooms } from "./web_client/rooms.js";
import { startCamera } from "./camera.js";
import { ADA, BOB, explain, signInAs } from "./people.js";

export const ROOM = "engine-room";
const HOST = { ...ADA, roles: ["host"] };
const HOW = {
  left: "",
  ended: "The meeting was ended.",
  removed: "Removed from the meeting.",
  elsewhere: "Came in on another device.",
};

/** Make *card* work, if rooms are deployed and calls can be held; otherwise the card says how to get there. */
export async function showRoom(card) {
  const hasRooms = document.querySelector('meta[name="rooms"]').content === "true";
  const sdk = hasRooms ? await import("./chime-sdk.js").catch(() => undefined) : undefined;
  card.querySelector("#no-rooms").hidden = hasRooms;
  card.querySelector("#no-chime-sdk").hidden = !hasRooms || Boolean(sdk);
  if (!sdk) return;
  card.querySelector("#room-live").hidden = false;
  const status = card.querySelector("[role=status]");
  const tell = (kind, text) => {
    status.dataset.kind = kind;
    status.textContent = text;
  };
  tell("none", "Nobody is in the room.");
  const sides = [HOST, BOB].map((person) => new Side(card, person, sdk, tell));
  const end = card.querySelector("#room-end");
  card.addEventListener("roomchange", () => {
    if (document.activeElement === end && !sides[0].isIn) sides[0].focus(); // because the button is disabled now
    end.disabled = !sides[0].isIn;
  });
  end.addEventListener("click", () => sides[0].end());
}

/** One person's half of the card. */
class Side {
  #element;
  #person;
  #sdk;
  #tell;
  #rooms;
  #stay; // the controller that ends the stay, while there is one
  #present = new Map(); // names by the attendee's id
  isIn = false;

  constructor(card, person, sdk, tell) {
    this.name = person.name.split(" ")[0];
    this.#person = person;
    this.#sdk = sdk;
    this.#tell = tell;
    this.#element = card.querySelector(`[data-side=${person.sub}]`);
    // Until the page is closed: leaving takes the sign-in, too.
    this.#rooms = chimeRooms(signInAs(person, new AbortController().signal));
    const toggle = this.#part(".toggle");
    toggle.addEventListener("click", () => (this.#stay ? this.#stay.abort() : this.#enter()));
  }

  focus() {
    this.#part(".toggle").focus();
  }

  /** End the meeting for everybody. */
  async end() {
    await this.#rooms.end(ROOM).catch((error) => this.#complain(error));
  }

  async #enter() {
    this.#stay = new AbortController();
    this.#show("wait", `${this.name} enters …`, "Leave", "entering …");
    try {
      const { signal } = this.#stay;
      const { how, code } = await this.#rooms.stay(ROOM, { signal, open: (room) => this.#open(room) });
      const text = HOW[how] ?? `The call failed (${code}).`;
      this.#leave(how === "failed" ? "bad" : "none", `${this.name} is not in the room. ${text}`);
    } catch (error) {
      this.#leave();
      this.#complain(error);
    }
  }

  /** Make the call of *room*, as an app does with Amazon's SDK, and return its audioVideo. */
  async #open({ Meeting, Attendee }) {
    const { ConsoleLogger, DefaultDeviceController, DefaultMeetingSession, LogLevel, MeetingSessionConfiguration } = this.#sdk;
    const logger = new ConsoleLogger("room", LogLevel.OFF);
    const configuration = new MeetingSessionConfiguration(Meeting, Attendee);
    const call = new DefaultMeetingSession(configuration, logger, new DefaultDeviceController(logger)).audioVideo;
    call.addObserver({
      audioVideoDidStart: () => this.#started(call),
      videoTileDidUpdate: ({ tileId, localTile }) => localTile || call.bindVideoElement(tileId, this.#part("video")),
    });
    call.realtimeSubscribeToAttendeeIdPresence((id, isPresent, userId) => this.#comeOrGo(id, isPresent && userId));
    await call.startVideoInput(startCamera(this.name));
    return call;
  }

  #started(call) {
    this.isIn = true;
    call.startLocalVideoTile();
    this.#show("good", `${this.name} is in the room.`, "Leave", "in the room");
  }

  #comeOrGo(attendeeId, userId) {
    const known = [HOST, BOB].find(({ sub }) => sub === userId);
    if (userId) this.#present.set(attendeeId, known?.name ?? userId);
    else this.#present.delete(attendeeId);
    this.#list();
  }

  #leave(kind = "none", text = "") {
    this.isIn = false;
    this.#stay = undefined;
    this.#present.clear();
    this.#list();
    this.#part("video").srcObject = null;
    this.#show(kind, text, "Enter", "not in the room");
  }

  #list() {
    const items = [...this.#present.values()].sort().map((name) => {
      const item = document.createElement("li");
      item.textContent = name;
      return item;
    });
    this.#part("ul").replaceChildren(...items);
  }

  #show(kind, text, action, state) {
    if (text) this.#tell(kind, text);
    this.#element.dataset.connected = { Enter: "none", Leave: this.isIn }[action];
    this.#part("small").textContent = state;
    const toggle = this.#part(".toggle");
    toggle.textContent = action;
    toggle.setAttribute("aria-label", `${action} as ${this.name}`);
    this.#element.dispatchEvent(new Event("roomchange", { bubbles: true }));
  }

  #complain(error) {
    const [kind, title, text] = explain(error);
    this.#tell(kind, `${this.name}: ${title} ${text}`);
  }

  #part(selector) {
    return this.#element.querySelector(selector);
  }
}
