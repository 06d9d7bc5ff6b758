// Several pictures to choose from: a click brings a variant into view, or makes a strength the setting and edits.
document.addEventListener("click", event => {
  const cell = event.target.closest?.("#stage .choices button");
  if (cell?.dataset.strip) results()[Number(cell.dataset.strip)]?.click();
  if (!cell?.dataset.scales) return;
  window.chosenScales = JSON.parse(cell.dataset.scales);
  $("#cell")?.click();
});
