// An edit that is asked for while its photo is still on the way begins when that is there.
const LATEST = 120_000, AFTER_UPLOAD = 15_000; // ms, after which nobody waits for a photo any more
const WORDS = "#instruction textarea", ASKING = "#edit, #variants, #strengths";
let giveUp = null, wanted = null; // by which button, with which words

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

function askSoon(button) {
  wanted = {button, words: $(WORDS).value};
  if ($("#soon")) return;
  const note = document.createElement("div"), sentence = say("Your photo is on its way; the edit begins when it is there.");
  note.id = "soon";
  note.className = "stage note";
  note.append(document.createElement("p"));
  note.firstChild.textContent = sentence;
  $("#place").append(note);
  tell(sentence);
}

function begins({button, words}) {
  const field = $(WORDS);
  if (field.value !== words) { // a photo that was made here brings its own
    field.value = words;
    field.dispatchEvent(new Event("input", {bubbles: true}));
  }
  setTimeout(() => press(button), 100);
}

window.photoIsThere = () => { // the page has it, too; or refused it
  const then = wanted;
  forgetPhoto();
  if (then) setTimeout(() => { if (source("#photo img")) begins(then); }, 100);
};

document.addEventListener("change", event => {
  if (event.target.matches?.("#photo input[type=file]") && event.target.files.length) expectPhoto(LATEST);
}, true);

document.addEventListener("drop", event => {
  if (event.target.closest?.("#photo") && event.dataTransfer?.files.length) expectPhoto(LATEST);
}, true);

document.addEventListener("keydown", event => {
  if (event.key === "Escape") thinkBetter();
  const isSent = event.key === "Enter" && !event.shiftKey && !event.isComposing;
  if (giveUp === null || !isSent || !event.target.matches?.(WORDS)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  askSoon("#edit");
}, true);

document.addEventListener("input", event => {
  if (wanted && event.target.matches?.(WORDS)) wanted.words = event.target.value;
}, true);

document.addEventListener("click", event => {
  if (event.target.closest?.("#soon p")) thinkBetter();
  const button = event.target.closest?.(ASKING);
  if (giveUp === null || !event.isTrusted || !button) return;
  event.stopImmediatePropagation();
  askSoon(`#${button.id}`);
}, true);

new PerformanceObserver(list => {
  const uploads = list.getEntries().filter(({name}) => name.includes("/gradio_api/upload?"));
  if (giveUp === null || !uploads.length) return;
  const status = uploads.at(-1).responseStatus ?? 200; // which not every browser says
  if (status === 200) expectPhoto(AFTER_UPLOAD);
  else forgetPhoto();
}).observe({type: "resource"});
