/* The screen where a page is translated: what its program says in English only, in the words of the
   desk's reader (destination/translating_words.py). Other screens of the desk have no such screen. */
(() => {
  const screen = document.querySelector(".js-translation-editor");
  if (!screen) return;
  const props = JSON.parse(screen.dataset.props || "{}");
  const source = props.sourceLocale?.displayName ?? "";
  const target = props.locale?.displayName ?? "";
  const said = new Map([
    [`${source} to ${target} translation`, interpolate(gettext("From %(source)s to %(target)s"), { source, target }, true)],
    ["More actions", gettext("More actions")],
  ]);
  const put = () => {
    const walker = document.createTreeWalker(screen, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const words = said.get(walker.currentNode.data.trim());
      if (words && words !== walker.currentNode.data) walker.currentNode.data = words;
    }
  };
  new MutationObserver(put).observe(screen, { childList: true, subtree: true });
  put();
})();
