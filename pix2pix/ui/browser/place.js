// The place where one looks: which of photo and result is in front, another photo at any time, and what is told of it.
const $ = selector => document.querySelector(selector);
const source = selector => $(selector)?.src ?? null;
const smoothly = () => (matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth");
let seen = {photo: null, result: null, busy: false, note: null};

function showPhoto(yes) {
  $("#place")?.classList.toggle("photo", yes);
  $("#see-photo")?.setAttribute("aria-pressed", yes);
  $("#see-result")?.setAttribute("aria-pressed", !yes);
}

function bringIntoView() {
  const place = $("#place"), {top, bottom} = place.getBoundingClientRect();
  if (top < 0 || bottom > innerHeight) place.scrollIntoView({block: "start", behavior: smoothly()});
}

function begin() {
  document.dispatchEvent(new CustomEvent("edit-begins"));
  if (matchMedia("(pointer: coarse)").matches) document.activeElement?.blur(); // the keyboard would cover the picture
  bringIntoView();
}

function tellOf(now) {
  if (now.note && now.note !== seen.note) tell(now.note);
  else if (now.result && now.result !== seen.result) tell(say("Your result is there."));
  else if (now.forming && !seen.forming) tell(say("Your picture is being drawn."));
}

function look() {
  const stop = $("#stop");
  const now = {
    photo: source("#photo img"), result: source("#slider img.fixed") ?? source("#slider img"),
    busy: Boolean(stop && !stop.disabled), note: $("#stage .note")?.innerText ?? $("#notice p")?.innerText, forming: Boolean($("#stage .forming")),
  };
  if (now.result !== seen.result) showPhoto(false); // a new result is what one wants to see
  else if (now.photo !== seen.photo) showPhoto(true); // and so is a new photo, while there is no newer result
  if (now.busy && !seen.busy) begin();
  if (now.result && now.result !== seen.result && seen.busy) bringIntoView();
  tellOf(now);
  const model = $("#model p"); // one line, which unfolds when it is reached
  if (model) model.tabIndex = 0;
  seen = now;
}

let soon;
const lookSoon = () => { soon ??= setTimeout(() => { soon = undefined; look(); }, 40); };
new MutationObserver(lookSoon).observe(document.body, {
  subtree: true, childList: true, attributes: true, attributeFilter: ["src", "disabled"],
});
lookSoon();

document.addEventListener("click", event => {
  event.target.closest?.("#notice p")?.remove(); // read, and in the way of the picture
  const id = event.target.closest?.("#peek button")?.id;
  if (id === "another") $("#photo input[type=file]")?.click();
  if (id?.startsWith("see-")) {
    $("#stage .draft")?.remove();
    showPhoto(id === "see-photo");
  }
});

// A photo that is dragged over the place finds the field for photos, whatever is in front of it otherwise.
let dragged;
document.addEventListener("dragover", event => {
  if (!event.target.closest?.("#place") || !event.dataTransfer?.types.includes("Files")) return;
  $("#place").classList.add("dropping");
  clearTimeout(dragged);
  dragged = setTimeout(() => $("#place")?.classList.remove("dropping"), 500); // it comes again and again meanwhile
}, true);
