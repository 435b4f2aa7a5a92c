// A pin leads to its line of the list; where that is folded the fold opens. New browsers do so
// themselves.
function unfold() {
  const line = document.getElementById(location.hash.slice(1));
  const fold = line?.closest("details:not([open])");
  if (!fold) return;
  fold.open = true;
  line.scrollIntoView();
}
addEventListener("hashchange", unfold);
unfold();
