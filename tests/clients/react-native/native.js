/**
 * The half of a phone that is not JavaScript, as React Native's own code expects it: timers, HTTP and blobs.
 *
 * Hermes on its own has neither a clock that ticks nor a network. Each wish is printed as a line, and hermes.mjs fulfils it and
 * calls `phone`. React Native's fetch, Request, URL, Blob, FileReader and AbortController above this are the real ones.
 */
const tell = (wish) => print(`to the phone: ${JSON.stringify(wish)}`);

const timers = new Map();
let lastTimer = 0;
globalThis.setTimeout = (callback, ms = 0, ...args) => {
  lastTimer += 1;
  timers.set(lastTimer, () => callback(...args));
  tell({ timer: lastTimer, ms });
  return lastTimer;
};
globalThis.clearTimeout = (timer) => void timers.delete(timer);
globalThis.performance = { now: () => Date.now() };

const texts = new Map(); // of blobs
const emit = (event, ...args) => globalThis.__rctDeviceEventEmitter.emit(event, args);

globalThis.phone = {
  fire(timer) {
    const callback = timers.get(timer);
    timers.delete(timer);
    callback?.();
  },
  answer(request, { status, headers, text }) {
    const blobId = `blob-${request}`;
    texts.set(blobId, text);
    emit("didReceiveNetworkResponse", request, status, headers, null);
    emit("didReceiveNetworkData", request, { blobId, offset: 0, size: text.length });
    emit("didCompleteNetworkResponse", request, "", false);
  },
  fail(request, message) {
    emit("didCompleteNetworkResponse", request, message, false);
  },
};

const nothing = () => {};
globalThis.nativeModuleProxy = {
  PlatformConstants: { getConstants: () => ({}) },
  Networking: {
    sendRequest: (method, url, request, headers, { string }) => tell({ request, method, url, headers, body: string }),
    abortRequest: (request) => tell({ abort: request }),
    addListener: nothing,
    removeListeners: nothing,
  },
  BlobModule: {
    getConstants: () => ({ BLOB_URI_SCHEME: "content", BLOB_URI_HOST: null }),
    addNetworkingHandler: nothing,
    createFromParts: nothing,
    release: nothing,
  },
  FileReaderModule: { readAsText: async ({ blobId }) => texts.get(blobId) },
};
