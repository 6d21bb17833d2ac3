/** The card with a channel, in which Ada and Bob write to each other. */

import { sdk } from "./calls.js";
import { stayConnected } from "./messaging.js";
import { ADA, BOB, aws, explain, signInAs } from "./people.js";

const NAME = "Engines";
const EXCERPT = 16; // characters, which fit into a line of a narrow screen
// Under the page's own address, because the AWS endpoint lets no web page open channels.
const CHANNELS = "/local/aws/channels";

/** Make *card* work: its button lets both sign in and opens a channel for them, and disconnects them again. */
export function showChannel(card) {
  const toggle = card.querySelector(".toggle");
  const status = card.querySelector("[role=status]");
  const sides = [ADA, BOB].map((person) => new Side(card, person, tell));
  let end; // the controller that ends the connections, while there are any

  function tell(kind, text) {
    status.dataset.kind = kind;
    status.textContent = text;
  }

  async function open() {
    const { signal } = (end = new AbortController());
    toggle.textContent = "Disconnect both";
    try {
      const connections = await enter(sides, { tell, signal });
      if (document.activeElement === toggle) sides[0].focus(); // Enter once more would disconnect both
      await Promise.all(connections);
    } catch (error) {
      if (signal.aborted) return;
      const [kind, title, text] = explain(error);
      close();
      tell(kind, `${title} ${text}`);
    }
  }

  function close() {
    end.abort();
    end = undefined;
    toggle.textContent = "Open a channel";
    if (card.contains(document.activeElement)) toggle.focus(); // because a field that had the focus is disabled now
    for (const side of sides) side.setConnected(undefined);
    tell("none", "Both are disconnected.");
  }

  toggle.disabled = !sdk;
  if (!sdk) tell("none", "This needs the AWS SDK for JavaScript, which was not built.");
  toggle.addEventListener("click", () => (end ? close() : open()));
}

/** Sign both in, open a channel for them, and connect them. Return promises that are rejected if they are refused. */
async function enter(sides, { tell, signal }) {
  for (const side of sides) {
    tell("wait", `${side.name} signs in …`);
    await side.signIn(signal); // one after the other, so that the list of requests shows whose calls are whose
  }
  tell("wait", "A channel is opened …");
  const channelArn = await createChannel(sides.map((side) => side.user.userArn));
  signal.throwIfAborted();
  tell("wait", "Both connect …");
  const connections = sides.map((side) => side.connect(channelArn, signal));
  // A refusal ends the wait, which would otherwise last for ever.
  await Promise.race([Promise.all(sides.map((side) => side.isConnected)), Promise.all(connections)]);
  signal.throwIfAborted();
  tell("good", "Both are connected. Write something.");
  return connections;
}

async function createChannel([creator, ...members]) {
  const response = await fetch(CHANNELS, { method: "POST", body: JSON.stringify({ name: NAME, creator, members }) });
  if (!response.ok) throw new Error(`${CHANNELS} answered with ${response.status}.`);
  return (await response.json()).ChannelArn;
}

const excerpt = (text) => (text.length > EXCERPT ? `${text.slice(0, EXCERPT)}…` : text);

/** One person's half of the card. */
class Side {
  #element;
  #person;
  #tell;
  #client;
  #as; // the channel, and the user who acts in it
  #signal;
  #shown; // ids of messages

  constructor(card, person, tell) {
    this.name = person.name.split(" ")[0];
    this.#person = person;
    this.#tell = tell;
    this.#element = card.querySelector(`[data-side=${person.sub}]`);
    this.#part("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
  }

  async signIn(signal) {
    this.#part(".messages").replaceChildren();
    const signIn = signInAs(this.#person, signal);
    this.user = await signIn.user();
    const { region } = this.user;
    // An app that uses AWS itself leaves the endpoint out.
    const settings = { region, credentials: signIn.credentials, endpoint: aws, maxAttempts: 1 };
    this.#client = new sdk.ChimeSDKMessagingClient(settings);
  }

  /** Stay connected until *signal* is aborted; `isConnected` is a promise for the first time that it works. */
  connect(ChannelArn, signal) {
    const { userArn } = this.user;
    this.#as = { ChannelArn, ChimeBearer: userArn };
    this.#signal = signal;
    this.#shown = new Set();
    let connected;
    this.isConnected = new Promise((resolve) => (connected = resolve));
    const onState = (works) => {
      this.setConnected(works);
      if (!works) return;
      connected();
      this.#catchUp().catch((error) => this.#complain("The messages were not listed.", error));
    };
    const onEvent = (type, content) => this.#receive(type, content);
    return stayConnected({ client: this.#client, userArn, signal, onState, onEvent });
  }

  focus() {
    this.#part("input").focus();
  }

  /** Show whether the connection works (true), is lost (false), or is not wanted (undefined). */
  setConnected(works) {
    this.#element.dataset.connected = works ?? "none";
    this.#part("small").textContent = { true: "connected", false: "connecting again …" }[works] ?? "not connected";
    for (const part of ["input", "button"]) this.#part(part).disabled = works === undefined;
  }

  /** Show what was sent while the connection was lost. The card has few messages, so one page of the list holds them. */
  async #catchUp() {
    const asked = { ...this.#as, SortOrder: "ASCENDING", MaxResults: 50 };
    const { ChannelMessages } = await this.#client.send(new sdk.ListChannelMessagesCommand(asked));
    for (const message of ChannelMessages) this.#show(message);
  }

  #receive(type, message) {
    if (type !== "CREATE_CHANNEL_MESSAGE" || message.ChannelArn !== this.#as.ChannelArn) return;
    this.#show(message);
    if (message.Sender.Arn !== this.#as.ChimeBearer) this.#tell("good", `${this.name} has received: ${excerpt(message.Content)}`);
  }

  #show({ MessageId, Sender, Content }) {
    if (this.#shown.has(MessageId)) return;
    this.#shown.add(MessageId);
    const list = this.#part(".messages");
    const item = list.appendChild(document.createElement("li"));
    item.classList.toggle("own", Sender.Arn === this.#as.ChimeBearer);
    item.appendChild(document.createElement("b")).textContent = Sender.Name;
    item.append(Content);
    list.scrollTop = list.scrollHeight;
  }

  async #send() {
    const input = this.#part("input");
    const message = { ...this.#as, Content: input.value, Type: "STANDARD", Persistence: "PERSISTENT" };
    input.value = "";
    try {
      await this.#client.send(new sdk.SendChannelMessageCommand(message));
    } catch (error) {
      input.value ||= message.Content;
      this.#complain(`${this.name}’s message was not sent.`, error);
    }
  }

  #complain(what, error) {
    const [kind, , text] = explain(error);
    if (!this.#signal.aborted) this.#tell(kind, `${what} ${text}`);
  }

  #part(selector) {
    return this.#element.querySelector(selector);
  }
}
