// After a reload the visitor is where they were: on the gallery, if that was open.
const ROOM = "instruct-pix2pix-room";
const rooms = () => [...document.querySelectorAll("[role=tablist] button[role=tab]")];

document.addEventListener("click", event => {
  const at = rooms().indexOf(event.target.closest?.("button[role=tab]"));
  if (at >= 0) sessionStorage.setItem(ROOM, at);
}, true);

rooms()[Number(sessionStorage.getItem(ROOM) ?? 0)]?.click();
