// Somebody's picture, or their initials in a colour of their own. A person without a picture costs no
// request; its url changes with the picture, so that browsers keep it.
import { h } from "vue";
import { hue, initials } from "table_rows";

const HOME = /^\/(?:t\/[^/]+|platform)(?=\/|$)/;

export function pictureUrl(id, picture) {
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
