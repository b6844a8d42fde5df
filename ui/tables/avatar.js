// Somebody's picture, or their initials in a colour that follows from their name. A picture's url
// changes with the picture, so browsers may keep it; a person without a picture takes no request.
import { h } from "vue";
import { hue, initials } from "table_rows";

const HOME = /^\/(?:t\/[^/]+|platform)(?=\/|$)/;

function pictureUrl(id, picture) {
  const home = HOME.exec(window.location.pathname)?.[0] ?? "";
  return `${home}/users/${id}/picture?v=${picture}`;
}

export function avatar(id, name, { online = false, picture = "", look = "" } = {}) {
  const shown = { class: `avatar ${look}`, style: { "--hue": hue(id) }, "aria-hidden": "true" };
  return h("span", shown, [
    picture
      ? h("img", { src: pictureUrl(id, picture), alt: "", loading: "lazy", decoding: "async" })
      : initials(name),
    online && h("span", { class: "online", title: "Online now" }),
  ]);
}

// The mark of a name that mixes letters; `mixed` says which, and is empty where none are mixed.
export function mixedChip(mixed) {
  return mixed && h("span", { class: "chip chip-warning", title: mixed }, "Mixed letters");
}
