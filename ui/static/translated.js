// Keeps a page alive that its browser translates.
//
// A translator takes each text out and puts an element with the translation in its place. Vue goes
// on writing into the text that it knows, where nobody sees it, and puts new elements before it,
// which fails. Here such a text comes back as soon as it changes (to be translated anew), and what
// stands in its place serves as the neighbour.
"use strict";
(() => {
  const standIns = new WeakMap(); // a text that was taken out: what stands in its place

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

  // What of the parent's own children has taken the node in, or stands in its place.
  function childOf(parent, node) {
    let child = node.parentNode ? node : (standIns.get(node) ?? node);
    while (child.parentNode && child.parentNode !== parent) child = child.parentNode;
    return child.parentNode ? child : node;
  }
})();
