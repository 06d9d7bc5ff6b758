// Some browsers know no type for a HEIC, or for an ending that is rare, and gradio refuses what has none. What a file is
// gets decided on the server, by its content; so here every file that is handed in as a photo counts as a picture.
const PHOTO_INPUT = "#photo input[type=file]";
const ENDINGS = "image/*,.heic,.heif,.hif,.avif,.jfif,.jpe,.tif,.tiff,.bmp,.jp2,.j2k";

function pictures(files) {
  const typed = new DataTransfer();
  for (const file of files) {
    const isPicture = file.type.startsWith("image/");
    typed.items.add(isPicture ? file : new File([file], file.name, {type: "image/jpeg"}));
  }
  return typed.files;
}

const untyped = files => [...files].some(file => !file.type.startsWith("image/"));

document.addEventListener("click", event => {
  if (event.target.matches?.(PHOTO_INPUT)) event.target.accept = ENDINGS;
}, true);

document.addEventListener("change", event => {
  if (event.target.matches?.(PHOTO_INPUT) && untyped(event.target.files)) {
    event.target.files = pictures(event.target.files);
  }
}, true);

document.addEventListener("drop", event => {
  const input = $(PHOTO_INPUT), files = event.dataTransfer?.files ?? [];
  if (!input || !files.length || !event.target.closest?.("#photo") || !untyped(files)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  input.files = pictures(files);
  input.dispatchEvent(new Event("change", {bubbles: true}));
}, true);
