// Passkeys: each button is tied to allauth's script by what stands in the page, without any script there;
// and what went wrong is said beside it, where that script only logs it.
(() => {
  for (const button of document.querySelectorAll("[data-credential]")) {
    const { passkey, credential, passwordless } = button.dataset;
    const ids = { [passkey]: button.id, credential, passwordless, data: "js_data" };
    window.allauth.webauthn.forms[`${passkey}Form`]({ ids });
  }
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
