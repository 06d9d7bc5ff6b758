// Painting where an edit may act: brush, eraser, undo, clear and invert, at the photo's place, with mouse, pen or finger.
// What is painted is kept as a list of what was done, drawn on one canvas over the photo, and sent when a stroke ends.
const TINT = "#7c3aed", LARGEST = 1024; // pixels of the mask's long side; the server fits it to the photo
const area = {done: [], base: null, of: "", erases: false, stroke: null};
const canvas = () => $("#brush canvas");
const width = () => Number($("#brush input[type=range]").value) / 100;

function photoBox() {
  const image = $("#photo img"), place = $("#place")?.getBoundingClientRect();
  if (!image?.naturalWidth || !place) return null;
  const box = image.getBoundingClientRect();
  const scale = Math.min(box.width / image.naturalWidth, box.height / image.naturalHeight);
  const wide = image.naturalWidth * scale, high = image.naturalHeight * scale;
  return {
    left: box.left - place.left + (box.width - wide) / 2, top: box.top - place.top + (box.height - high) / 2, wide, high,
    share: Math.min(1, LARGEST / Math.max(image.naturalWidth, image.naturalHeight)),
    size: [image.naturalWidth, image.naturalHeight],
  };
}

function fitCanvas() {
  const box = photoBox(), sheet = canvas();
  if (!box || !sheet) return false;
  const [wide, high] = box.size.map(side => Math.max(1, Math.round(side * box.share)));
  if (sheet.width !== wide || sheet.height !== high) Object.assign(sheet, {width: wide, height: high});
  Object.assign(sheet.style, {left: `${box.left}px`, top: `${box.top}px`, width: `${box.wide}px`, height: `${box.high}px`});
  return true;
}

function drawOne(pen, step, wide, high) {
  pen.globalCompositeOperation = step.invert ? "source-out" : step.erases ? "destination-out" : "source-over";
  if (step.invert) return pen.fillRect(0, 0, wide, high);
  pen.lineWidth = step.width * Math.min(wide, high);
  pen.beginPath();
  const [left, top] = step.points[0];
  pen.moveTo(left * wide + 0.1, top * high); // a tap is a dot, and a line of no length would be none
  for (const [x, y] of step.points) pen.lineTo(x * wide, y * high);
  pen.stroke();
}

function drawArea() {
  if (!fitCanvas()) return;
  const {width: wide, height: high} = canvas(), pen = canvas().getContext("2d", {willReadFrequently: true});
  Object.assign(pen, {fillStyle: TINT, strokeStyle: TINT, lineCap: "round", lineJoin: "round"});
  pen.globalCompositeOperation = "source-over";
  pen.clearRect(0, 0, wide, high);
  if (area.base) pen.drawImage(area.base, 0, 0, wide, high);
  pen.globalCompositeOperation = "source-in";
  if (area.base) pen.fillRect(0, 0, wide, high);
  for (const step of [...area.done, ...(area.stroke ? [area.stroke] : [])]) drawOne(pen, step, wide, high);
  const painted = isPainted();
  $("#place").classList.toggle("has-area", painted);
  $("#paint-area")?.setAttribute("aria-pressed", painted);
}

function isPainted() {
  if (!area.base && !area.done.length && !area.stroke) return false;
  const sheet = canvas(), pixels = sheet.getContext("2d").getImageData(0, 0, sheet.width, sheet.height).data;
  for (let at = 3; at < pixels.length; at += 16) if (pixels[at]) return true;
  return false;
}

// What is sent: white where it is painted, transparent elsewhere; nothing at all where nothing is painted.
window.paintedArea = () => {
  if (!isPainted()) return "";
  const sheet = Object.assign(document.createElement("canvas"), {width: canvas().width, height: canvas().height});
  const pen = sheet.getContext("2d");
  pen.drawImage(canvas(), 0, 0);
  pen.globalCompositeOperation = "source-in";
  pen.fillStyle = "white";
  pen.fillRect(0, 0, sheet.width, sheet.height);
  return sheet.toDataURL("image/png");
};

function didPaint(done, base = area.base) {
  Object.assign(area, {done, base, stroke: null});
  drawArea();
  $("#painted")?.click();
}

function paintingMode(on) {
  $("#place")?.classList.toggle("painting", on);
  if (on) { showPhoto(true); drawArea(); chooseTool(false); }
}

function chooseTool(erases) {
  area.erases = erases;
  $("#brush [data-brush=paint]")?.setAttribute("aria-pressed", !erases);
  $("#brush [data-brush=erase]")?.setAttribute("aria-pressed", erases);
}

const TOOLS = {
  paint: () => chooseTool(false),
  erase: () => chooseTool(true),
  undo: () => (area.done.length ? didPaint(area.done.slice(0, -1)) : didPaint([], null)),
  clear: () => didPaint([], null),
  invert: () => didPaint([...area.done, {invert: true}]),
  done: () => paintingMode(false),
};

function pointAt(event) {
  const box = canvas().getBoundingClientRect();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
}

document.addEventListener("click", event => {
  if (event.target.closest?.("#paint-area")) paintingMode(!$("#place").classList.contains("painting"));
  TOOLS[event.target.closest?.("#brush [data-brush]")?.dataset.brush]?.();
});

document.addEventListener("pointerdown", event => {
  if (!event.target.matches?.("#place.painting #brush canvas") || event.button) return;
  event.preventDefault();
  event.target.setPointerCapture(event.pointerId);
  area.stroke = {points: [pointAt(event)], width: width(), erases: area.erases};
  drawArea();
});
document.addEventListener("pointermove", event => {
  if (!area.stroke) return;
  area.stroke.points.push(...(event.getCoalescedEvents?.() ?? []).map(pointAt), pointAt(event));
  requestAnimationFrame(() => area.stroke && drawArea());
});
for (const end of ["pointerup", "pointercancel"]) {
  document.addEventListener(end, () => area.stroke && didPaint([...area.done, area.stroke]));
}

// The server says what is painted on the photo that came into view: nothing, or what was kept of it.
function takeKept() {
  const kept = $("#area-kept [data-photo]"), of = kept ? `${kept.dataset.photo} ${kept.dataset.area}` : "";
  if (of === area.of) return;
  Object.assign(area, {of, done: [], base: null, stroke: null});
  if (kept?.dataset.area) {
    const base = new Image();
    base.onload = () => { if (area.of === of) { area.base = base; drawArea(); } };
    base.src = kept.dataset.area;
  }
  drawArea();
}
new MutationObserver(takeKept).observe(document.body, {
  subtree: true, childList: true, attributes: true, attributeFilter: ["data-area", "data-photo"],
});
takeKept();

document.addEventListener("edit-begins", () => paintingMode(false));
document.addEventListener("load", event => event.target.matches?.("#photo img") && drawArea(), true);
addEventListener("resize", () => drawArea());
