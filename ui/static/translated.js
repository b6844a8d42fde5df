// Keeps a page alive that its browser translates.
//
// A translator removes each text node and inserts an element with the translation. Vue goes on
// writing into the removed node, which nobody sees, and inserting elements before it, which fails.
// Here such a node is put back as soon as it changes (and is translated again), and Vue's
// insertions use the element that replaced it.
"use strict";
(() => {
  const standIns = new WeakMap(); // from a removed text node to the element that replaced it

  new MutationObserver((records) => {
    const added = new Set(records.flatMap((record) => [...record.addedNodes]));
    for (const { removedNodes, addedNodes, previousSibling, nextSibling } of records) {
      for (const text of removedNodes) {
        if (text.nodeType !== Node.TEXT_NODE || text.isConnected) continue;
        const beside = [addedNodes[0], previousSibling, nextSibling];
        const standIn = beside.find((node) => added.has(node) && node.nodeType === Node.ELEMENT_NODE);
        if (standIn) standIns.set(text, standIn);
      }
    }
  }).observe(document, { childList: true, subtree: true });

  const value = Object.getOwnPropertyDescriptor(Node.prototype, "nodeValue");
  Object.defineProperty(Node.prototype, "nodeValue", {
    ...value,
    set(text) {
      const standIn = standIns.get(this);
      if (standIn?.isConnected && !this.parentNode) standIn.replaceWith(this);
      value.set.call(this, text);
    },
  });

  const insertBefore = Node.prototype.insertBefore;
  Node.prototype.insertBefore = function (node, neighbour) {
    return insertBefore.call(this, node, neighbour && childOf(this, neighbour));
  };

  // The child of this parent that contains the node, or that replaced it.
  function childOf(parent, node) {
    let child = node.parentNode ? node : (standIns.get(node) ?? node);
    while (child.parentNode && child.parentNode !== parent) child = child.parentNode;
    return child.parentNode ? child : node;
  }
})();
