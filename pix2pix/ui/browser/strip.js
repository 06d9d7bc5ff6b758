// The strip of results: arrow keys move in it, and a caption that is cut can be read in full.
const results = () => [...document.querySelectorAll("#strip .thumbnail-item")];
const STEPS = {ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity};

document.addEventListener("keydown", event => {
  const items = results(), at = items.indexOf(document.activeElement), step = STEPS[event.key];
  if (at < 0 || step === undefined) return;
  event.preventDefault();
  const next = items[Math.min(Math.max(at + step, 0), items.length - 1)];
  next.focus({preventScroll: true});
  next.scrollIntoView({block: "nearest", inline: "nearest", behavior: smoothly()});
});

let newest = 0;
new MutationObserver(() => {
  const items = results();
  for (const item of items) {
    const said = item.querySelector(".caption-label")?.textContent.trim() ?? "";
    if (item.title !== said) item.title = said;
  }
  if (items.length > newest) items.at(-1).parentElement.parentElement.scrollLeft = Number.MAX_SAFE_INTEGER;
  newest = items.length;
}).observe(document.body, {subtree: true, childList: true});
