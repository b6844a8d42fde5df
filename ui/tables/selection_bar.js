// The bar with the acts on the selected rows. On narrow screens only the first act is a button, and
// the others are in a menu.
import { h } from "vue";
import { icon } from "icons";
import { actsMenu, button } from "menus";

export function selectionBar(table) {
  const count = table.chosenCount;
  const label = `Acts on the ${count} selected ${count === 1 ? table.list.singular : table.list.plural}`;
  const all = !table.choosesAll && table.found > count ? `Select all ${table.number(table.found)} that match` : "";
  return h("div", { class: "selection-bar", role: "toolbar", "aria-label": label }, [
    h("strong", { role: "status" }, `${table.number(count)} selected`),
    all && button("btn btn-quiet select-all", all, table.chooseAll),
    h("span", { class: "selection-acts" }, offered(table).map((act) =>
      button(`btn btn-quiet ${act.danger ? "btn-quiet-danger" : ""}`, act.label, () => table.act(act)),
    )),
    more(table, all),
    h("button", {
      type: "button",
      class: "icon-button",
      "aria-label": "Clear selection",
      onClick: table.clearSelection,
    }, [icon("close", 14)]),
  ]);
}

const offered = (table) => table.acts.filter(({ needs }) => !needs || table.asked[needs]);

function more(table, all) {
  const [, ...others] = offered(table);
  const items = others.map((act) => ({ label: act.label, danger: act.danger, run: () => table.act(act) }));
  if (all) items.unshift({ label: all, run: table.chooseAll });
  if (!items.length) return null;
  return h("span", { class: "selection-more" }, [
    actsMenu(table, {
      name: "acts",
      label: "More",
      content: "More",
      attributes: { class: "btn btn-quiet menu-button" },
      items: () => items,
    }),
  ]);
}
