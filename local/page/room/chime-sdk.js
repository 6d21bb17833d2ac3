// What the page uses of Amazon's SDK for calls; `make page MEETINGS=1` makes one file of it.
export {
  ConsoleLogger,
  DefaultDeviceController,
  DefaultMeetingSession,
  LogLevel,
  MeetingSessionConfiguration,
} from "amazon-chime-sdk-js";
