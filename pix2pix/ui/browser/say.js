// The page's words in the visitor's language, for texts that gradio does not translate itself, and for screen readers.
const tables = window.gradio_config?.i18n_translations ?? {};
const table = tables[navigator.language] ?? tables[navigator.language.split("-")[0]] ?? {};
const say = text => table[text] ?? text;

// <p data-say>Getting ready …</p>, or <p data-say="Step {0} of {1}" data-values="3|20"> for a sentence with numbers.
function translate(root) {
  for (const node of root.querySelectorAll("[data-say]")) {
    const values = (node.dataset.values ?? "").split("|");
    const said = say(node.dataset.say || node.innerHTML).replace(/\{(\d)\}/g, (_, index) => values[index]);
    node.removeAttribute("data-say");
    if (node.innerHTML !== said) node.innerHTML = said;
  }
}

const teller = document.createElement("div");
teller.setAttribute("role", "status");
teller.className = "for-screen-readers";
document.body.append(teller);
function tell(sentence) {
  if (teller.textContent !== sentence) teller.textContent = sentence;
}

new MutationObserver(() => translate(document)).observe(document.body, {subtree: true, childList: true});
translate(document);
