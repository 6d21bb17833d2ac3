/** Amazon's meeting session in browsers, with fake cameras and microphones, in calls on the local AWS. */

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { fileURLToPath } from "node:url";

import {
  ChimeSDKMeetingsClient,
  CreateAttendeeCommand,
  CreateMeetingCommand,
  DeleteAttendeeCommand,
  DeleteMeetingCommand,
} from "@aws-sdk/client-chime-sdk-meetings";

import { bundle } from "./bundle.mjs";
import { openPage, startBrowser, startStack } from "./stack.mjs";

let stack, browser, sdk, meetings;
before(async () => {
  const sources = { entryPoints: [fileURLToPath(new URL("meeting-sdk.js", import.meta.url))], globalName: "Chime" };
  [stack, browser, sdk] = await Promise.all([startStack(), startBrowser({ fakeDevices: true }), bundle(sources)]);
  meetings = await meetingsOf(stack);
});
after(() => Promise.all([stack?.stop(), browser?.close()]));

/** Return a client of Chime SDK meetings with the credentials of the stack's owner. */
async function meetingsOf({ urls }) {
  const answer = await fetch(`${urls.aws}/local/credentials`, { method: "POST", body: '{"owner": true}' });
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey } = await answer.json();
  return new ChimeSDKMeetingsClient({ region: "us-east-1", endpoint: urls.aws, credentials: { accessKeyId, secretAccessKey } });
}

/** Open a meeting: its description, and functions for what its owner does. */
async function openMeeting(name) {
  const asked = { ClientRequestToken: name, ExternalMeetingId: name, MediaRegion: "us-east-1" };
  const { Meeting } = await meetings.send(new CreateMeetingCommand(asked));
  const named = { MeetingId: Meeting.MeetingId };
  const attend = async (ExternalUserId) => (await meetings.send(new CreateAttendeeCommand({ ...named, ExternalUserId }))).Attendee;
  const remove = ({ AttendeeId }) => meetings.send(new DeleteAttendeeCommand({ ...named, AttendeeId }));
  return { Meeting, attend, remove, end: () => meetings.send(new DeleteMeetingCommand(named)) };
}

/** Open a page that joins a meeting, with `call`: what its session told it. */
async function join(t, { Meeting }, Attendee, { video = false } = {}) {
  const page = await openPage(t, browser, stack.app);
  await page.addScriptTag({ content: sdk });
  await page.evaluate(
    async ({ Meeting, Attendee, video }) => {
      const logger = new Chime.ConsoleLogger("call", Chime.LogLevel.OFF);
      const configuration = new Chime.MeetingSessionConfiguration({ Meeting }, { Attendee });
      const session = new Chime.DefaultMeetingSession(configuration, logger, new Chime.DefaultDeviceController(logger));
      const calling = session.audioVideo;
      const call = (window.call = { calling, started: 0, ended: null, present: [], comings: [], loudest: {}, tiles: {} });
      calling.addObserver({
        audioVideoDidStart: () => (call.started += 1),
        audioVideoDidStop: (status) => (call.ended = Chime.MeetingSessionStatusCode[status.statusCode()]),
        videoTileDidUpdate: ({ tileId, localTile, boundExternalUserId }) => {
          const element = call.tiles[tileId]?.element ?? document.body.appendChild(document.createElement("video"));
          const isNew = !call.tiles[tileId];
          call.tiles[tileId] = { element, of: localTile ? "self" : boundExternalUserId };
          if (isNew) calling.bindVideoElement(tileId, element);
        },
        videoTileWasRemoved: (tileId) => delete call.tiles[tileId],
      });
      calling.realtimeSubscribeToAttendeeIdPresence((attendeeId, present, name, dropped) => {
        call.comings.push([name, present ? "came" : dropped ? "dropped" : "left"]);
        call.present = [...call.present.filter((one) => one !== name), ...(present ? [name] : [])];
        if (present) {
          calling.realtimeSubscribeToVolumeIndicator(attendeeId, (_, volume) => {
            call.loudest[name] = Math.max(call.loudest[name] ?? 0, volume ?? 0);
          });
        }
      });
      await calling.startAudioInput((await calling.listAudioInputDevices())[0].deviceId);
      if (video) await calling.startVideoInput((await calling.listVideoInputDevices())[0].deviceId);
      await calling.bindAudioElement(document.body.appendChild(document.createElement("audio")));
      calling.start();
      if (video) calling.startLocalVideoTile();
    },
    { Meeting, Attendee, video },
  );
  return page;
}

/** Wait until the call of *page* has started, or is refused. */
async function started(page) {
  await page.waitForFunction(() => call.started || call.ended);
  assert.equal(await page.evaluate(() => call.ended), null);
}

const sees = (page, ...names) =>
  page.waitForFunction((names) => JSON.stringify(call.present.toSorted()) === JSON.stringify(names), names.toSorted());

/** Return the status with which the call of *page* ends. */
async function ending(page) {
  await page.waitForFunction(() => call.ended);
  return page.evaluate(() => call.ended);
}

test("two browsers see, hear and watch each other, and see each other go and come", async (t) => {
  const meeting = await openMeeting("two");
  const [forAda, forBob] = [await meeting.attend("ada"), await meeting.attend("bob")];
  const [ada, bob] = await Promise.all([join(t, meeting, forAda, { video: true }), join(t, meeting, forBob)]);
  await Promise.all([started(ada), started(bob)]);
  await Promise.all([sees(ada, "ada", "bob"), sees(bob, "ada", "bob")]);

  // That of a page without the words of its own user: what arrives is the other's.
  await ada.waitForFunction(() => call.loudest.bob > 0.3);
  await bob.waitForFunction(() => call.loudest.ada > 0.3);
  await Promise.all([ada, bob].map((page) => page.waitForFunction(isHeard)));
  await bob.waitForFunction(() => Object.values(call.tiles).some(({ of, element }) => of === "ada" && element.videoWidth));

  await ada.evaluate(() => call.calling.stopLocalVideoTile());
  await bob.waitForFunction(() => !Object.keys(call.tiles).length);
  await ada.evaluate(async () => {
    await call.calling.startVideoInput((await call.calling.listVideoInputDevices())[0].deviceId);
    call.calling.startLocalVideoTile();
  });
  await bob.waitForFunction(() => Object.values(call.tiles).some(({ of, element }) => of === "ada" && element.videoWidth));

  await bob.evaluate(() => call.calling.stop());
  await sees(ada, "ada");
  assert.equal(await ending(bob), "Left");
  const again = await join(t, meeting, forBob);
  await started(again);
  await sees(ada, "ada", "bob");
  await again.close();
  await sees(ada, "ada");

  assert.deepEqual(await ada.evaluate(() => call.comings.filter(([name]) => name === "bob").map(([, how]) => how)), [
    ...["came", "left"],
    ...["came", "dropped"],
  ]);
  assert.deepEqual([ada.uncaught, bob.uncaught], [[], []]);
});

/** Tell whether sound that is no silence has arrived in the page. */
async function isHeard() {
  const stats = [...(await call.calling.getRTCPeerConnectionStats()).values()];
  return stats.some(({ type, kind, totalAudioEnergy }) => type === "inbound-rtp" && kind === "audio" && totalAudioEnergy > 0.001);
}

test("a second device ends the first one, a removed attendee is sent away, and the end of the meeting reaches who is left", async (t) => {
  const meeting = await openMeeting("ends");
  const [forAda, forBob] = [await meeting.attend("ada"), await meeting.attend("bob")];
  const [ada, first] = await Promise.all([join(t, meeting, forAda), join(t, meeting, forBob)]);
  await Promise.all([started(ada), started(first)]);

  const second = await join(t, meeting, forBob);
  await started(second);
  assert.equal(await ending(first), "AudioJoinedFromAnotherDevice");

  await meeting.remove(forBob);
  assert.equal(await ending(second), "AudioAttendeeRemoved");
  await sees(ada, "ada");

  await meeting.end();
  assert.equal(await ending(ada), "MeetingEnded");
  assert.equal(await ending(await join(t, meeting, forAda)), "MeetingEnded");
});

test("nobody gets in with a wrong, foreign or removed attendee's token", async (t) => {
  const [meeting, other] = [await openMeeting("one"), await openMeeting("other")];
  const [removed, foreign] = [await meeting.attend("bob"), await other.attend("ada")];
  await meeting.remove(removed);
  const wrong = { ...(await meeting.attend("ada")), JoinToken: "A".repeat(160) };

  const pages = await Promise.all([removed, foreign, wrong].map((attendee) => join(t, meeting, attendee)));

  for (const page of pages) {
    assert.equal(await ending(page), "SignalingBadRequest");
    assert.equal(await page.evaluate(() => call.started), 0);
  }
});
