// An edit that is asked for while its photo is still on the way begins when that is there.
const LATEST = 120_000, AFTER_UPLOAD = 15_000; // ms, after which nobody waits for a photo any more
const WORDS = "#instruction textarea";
let giveUp = null, wanted = null;

function expectPhoto(patience) {
  clearTimeout(giveUp);
  giveUp = setTimeout(forgetPhoto, patience);
}

function forgetPhoto() {
  clearTimeout(giveUp);
  giveUp = null;
  thinkBetter();
}

function thinkBetter() { // the photo still comes, and nothing begins then
  wanted = null;
  $("#soon")?.remove();
}

function askSoon() {
  wanted = $(WORDS).value;
  if ($("#soon")) return;
  const note = document.createElement("div"), sentence = say("Your photo is on its way; the edit begins when it is there.");
  note.id = "soon";
  note.className = "stage note";
  note.append(document.createElement("p"));
  note.firstChild.textContent = sentence;
  $("#place").append(note);
  tell(sentence);
}

function edit(words) {
  const field = $(WORDS);
  if (field.value !== words) { // a photo that was made here brings its own
    field.value = words;
    field.dispatchEvent(new Event("input", {bubbles: true}));
  }
  setTimeout(() => press("#edit"), 100);
}

window.photoIsThere = () => { // the page has it, too; or refused it
  const words = wanted;
  forgetPhoto();
  if (words !== null) setTimeout(() => { if (source("#photo img")) edit(words); }, 100);
};

document.addEventListener("change", event => {
  if (event.target.matches?.("#photo input[type=file]") && event.target.files.length) expectPhoto(LATEST);
}, true);

document.addEventListener("drop", event => {
  if (event.target.closest?.("#photo") && event.dataTransfer?.files.length) expectPhoto(LATEST);
}, true);

document.addEventListener("keydown", event => {
  const isSent = event.key === "Enter" && !event.shiftKey && !event.isComposing;
  if (giveUp === null || !isSent || !event.target.matches?.(WORDS)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  askSoon();
}, true);

document.addEventListener("input", event => {
  if (wanted !== null && event.target.matches?.(WORDS)) wanted = event.target.value;
}, true);

document.addEventListener("keydown", event => {
  if (event.key === "Escape") thinkBetter();
}, true);

document.addEventListener("click", event => {
  if (event.target.closest?.("#soon p")) thinkBetter();
  if (giveUp === null || !event.isTrusted || !event.target.closest?.("#edit")) return;
  event.stopImmediatePropagation();
  askSoon();
}, true);

new PerformanceObserver(list => {
  const uploads = list.getEntries().filter(({name}) => name.includes("/gradio_api/upload?"));
  if (giveUp === null || !uploads.length) return;
  const status = uploads.at(-1).responseStatus ?? 200; // which not every browser says
  if (status === 200) expectPhoto(AFTER_UPLOAD);
  else forgetPhoto();
}).observe({type: "resource"});
