// Shortcuts: Ctrl+Z and Ctrl+Shift+Z walk along the results, Escape stops. Fields that one types in keep their own undo.
const OWN_UNDO = "textarea, [contenteditable], input:not([type=range], [type=checkbox], [type=radio], [type=file])";

function press(selector) {
  const button = $(selector);
  const can = button && !button.disabled && button.offsetParent !== null; // not on a tab that is out of sight
  if (can) button.click();
  return can;
}

document.addEventListener("keydown", event => {
  const undo = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z";
  let done = false;
  if (undo && !event.target.matches?.(OWN_UNDO)) done = press(event.shiftKey ? "#redo" : "#undo");
  if (event.key === "Escape" && !document.fullscreenElement) done = press("#stop") || press("#gallery-stop");
  if (done) event.preventDefault();
});
