// The visitor's own words: those used lately and those kept. They stay in this browser and never reach the server.
const KEPT = "instruct-pix2pix-words", LATELY = 8;
const field = () => $("#instruction textarea");
const asked = () => field()?.value.trim() ?? "";

function words() {
  try {
    const {starred = [], recent = []} = JSON.parse(localStorage.getItem(KEPT)) ?? {};
    return {starred, recent};
  } catch {
    return {starred: [], recent: []}; // no storage, or not ours
  }
}

function keep(changed) {
  try { localStorage.setItem(KEPT, JSON.stringify(changed)); } catch { /* private windows may have none */ }
  draw();
}

function remember() {
  const {starred, recent} = words(), text = asked();
  if (text) keep({starred, recent: [text, ...recent.filter(one => one !== text)].slice(0, LATELY)});
}

function star() {
  const {starred, recent} = words(), text = asked();
  if (!text) return field()?.focus();
  keep({starred: starred.includes(text) ? starred.filter(one => one !== text) : [text, ...starred], recent});
}

function put(text) {
  field().value = text;
  field().dispatchEvent(new Event("input", {bubbles: true}));
  field().focus();
}

function chip(text, className, action) {
  const button = document.createElement("button");
  Object.assign(button, {type: "button", textContent: text, className, onclick: action});
  return button;
}

function draw() {
  const row = $("#yours .chips"), {starred, recent} = words();
  if (!row) return;
  const lately = recent.filter(text => !starred.includes(text));
  const chips = [...starred.map(text => chip(text, "starred", () => put(text))),
    ...lately.map(text => chip(text, "", () => put(text)))];
  if (lately.length) chips.push(chip(say("Forget these"), "forget", () => keep({starred: words().starred, recent: []})));
  const hint = document.createElement("p");
  hint.textContent = say("What you ask for is kept here, in this browser only.");
  row.replaceChildren(...(chips.length ? chips : [hint]));
  mark();
}

function mark() {
  const kept = words().starred.includes(asked());
  $("#star")?.classList.toggle("starred", kept);
  $("#star")?.setAttribute("aria-pressed", kept);
}

document.addEventListener("edit-begins", remember);
document.addEventListener("click", event => {
  if (event.target.closest?.("#star")) star();
  if (event.target.closest?.("#forget")) keep({starred: [], recent: []}); // the server forgets the rest
});
document.addEventListener("input", event => event.target === field() && mark());
new MutationObserver(() => { if ($("#yours .chips")?.childElementCount === 0) draw(); mark(); })
  .observe(document.body, {subtree: true, childList: true});
draw();
