// What went wrong with a passkey, said beside its button: allauth's own script only logs it.
(() => {
  const box = document.getElementById("passkey-error");
  if (!box) return;
  const words = {
    NotAllowedError: box.dataset.cancelled,
    AbortError: box.dataset.cancelled,
    InvalidStateError: box.dataset.known,
    NotSupportedError: box.dataset.unable,
    SecurityError: box.dataset.unable,
    TypeError: window.PublicKeyCredential ? box.dataset.failed : box.dataset.unable,
  };
  document.addEventListener("allauth.error", (event) => {
    const { name } = event.detail.exception ?? {};
    event.preventDefault();
    box.querySelector("p").textContent = words[name] ?? box.dataset.failed;
    box.hidden = false;
    box.scrollIntoView({ block: "nearest" });
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-passkey]")) box.hidden = true;
  });
})();
