/** What an app can give wrongly: the address of the service, and the token. */

// Nobody on the way can read a token that is sent by https, or by http to this machine.
const SAFE = /^(https:\/\/[^\s/?#@\\]+|http:\/\/(localhost|127(\.\d+){3}|\[::1\])(:\d+)?)([/?#]|$)/i;
const UNSAFE = /^http:\/\/[^\s/?#@\\]+([/?#]|$)/i;
const NOTHING = /(^|\/)(undefined|null|\[object \w+\])(\/|$)/;

/**
 * Return the address to call, or undefined if it is relative and there is no page, as in a server that renders pages.
 * An absolute address stays as it is, because React Native's URL changes it.
 *
 * @param {string | URL} endpoint @param {boolean} [insecure]
 * @throws TypeError: a token must not be sent there.
 */
export function addressOf(endpoint, insecure) {
  const text = String(endpoint ?? "").trim();
  if (!text || NOTHING.test(text))
    throw new TypeError(`\`endpoint\` is missing: it is "${text}". Is a variable of the build not set?`);
  const page = globalThis.document?.baseURI ?? globalThis.location?.href;
  const isRelative = !/^[a-z][a-z\d+.-]*:/i.test(text);
  if (isRelative && !page) return undefined;
  const address = isRelative ? new URL(text, page).href : text;
  if (SAFE.test(address) || (insecure && UNSAFE.test(address))) return address;
  throw new TypeError(
    "`endpoint` has to begin with https: the token could be read on the way. For tests in your own network there is `insecure`.",
  );
}

/** Return the address of *path*, beside *address*. @param {string} address @param {string} path */
export function beside(address, path) {
  // Not by URL, because React Native's cannot do it.
  const [, origin, folder = "/"] = /** @type {string[]} */ (/^(\w+:\/\/[^/?#]+)(\/[^?#]*\/|\/)?/.exec(address));
  return origin + folder + path;
}

/** Return what is wrong with the token that getToken gave, without showing it. @param {unknown} token */
export function mistakeIn(token) {
  if (typeof token !== "string") return `it is no text (${typeof token})`;
  if (/^bearer\s/i.test(token)) return "it begins with `Bearer `, which is added here";
  if (/^["']|["']$/.test(token)) return "it is in quotation marks, as JSON is";
  if (/[\r\n]/.test(token)) return "it has a line break";
  if (/^(undefined|null|NaN|\[object \w+\])$/.test(token)) return `it is the text "${token}"`;
  // Checked here, because fetch would quote the token in its error about a header that cannot be sent.
  return /^[!-~]+$/.test(token) ? undefined : "it has a space, or a character that no token has";
}
