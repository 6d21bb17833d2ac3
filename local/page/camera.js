/** A camera that shows a name and the time, so that nobody has to let the page use theirs. */

const SIZE = { width: 320, height: 180 };
const FRAMES_PER_SECOND = 5;

/** Return the stream of a new camera, which draws until the stream is stopped. */
export function startCamera(name) {
  const canvas = Object.assign(document.createElement("canvas"), SIZE);
  const picture = canvas.getContext("2d");
  const stream = canvas.captureStream(FRAMES_PER_SECOND);
  // Not by requestAnimationFrame, which stops while the page is not in front.
  const drawing = setInterval(draw, 1000 / FRAMES_PER_SECOND);

  function draw() {
    if (stream.getTracks().every(({ readyState }) => readyState === "ended")) return clearInterval(drawing);
    picture.fillStyle = "#0b5cad";
    picture.fillRect(0, 0, canvas.width, canvas.height);
    picture.fillStyle = "#fff";
    picture.textAlign = "center";
    write(`${name}’s camera`, "600 30px system-ui, sans-serif", 85);
    write(new Date().toLocaleTimeString("en-GB"), "24px ui-monospace, monospace", 130);
  }
  function write(text, font, y) {
    picture.font = font;
    picture.fillText(text, canvas.width / 2, y);
  }
  draw();
  return stream;
}
