"use strict";
// Passkeys: the page brings what the browser is asked, the form takes the answer back. Nothing is
// fetched. Without this script the pages offer their other ways.

(() => {
  const bytes = (text) => {
    const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  };

  const text = (buffer) => {
    let plain = "";
    for (const byte of new Uint8Array(buffer)) plain += String.fromCharCode(byte);
    return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  };

  const unpack = (asked) => {
    const options = { ...asked, challenge: bytes(asked.challenge) };
    if (asked.user) options.user = { ...asked.user, id: bytes(asked.user.id) };
    for (const list of ["excludeCredentials", "allowCredentials"]) {
      if (asked[list]) options[list] = asked[list].map((each) => ({ ...each, id: bytes(each.id) }));
    }
    return options;
  };

  const pack = (made) => {
    const answer = {
      id: made.id,
      rawId: text(made.rawId),
      type: made.type,
      clientExtensionResults: {},
      response: { clientDataJSON: text(made.response.clientDataJSON) },
    };
    for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (made.response[part]) answer.response[part] = text(made.response[part]);
    }
    return JSON.stringify(answer);
  };

  const start = () => {
    const form = document.querySelector("[data-passkey]");
    const asked = document.getElementById("passkey-options");
    if (!form || !asked || !window.PublicKeyCredential) return;
    const none = document.querySelector("[data-passkey-none]");
    const problem = form.querySelector("[data-passkey-problem]");
    const publicKey = unpack(JSON.parse(asked.textContent).publicKey);
    form.hidden = false;
    if (none) none.hidden = true;

    form.addEventListener("submit", async (event) => {
      const field = form.elements.namedItem("passkey");
      const name = form.elements.namedItem("name");
      // A form without a name goes to the server, which says what is missing.
      if (field.value || (name && !name.value.trim())) return;
      event.preventDefault();
      problem.hidden = true;
      const button = form.querySelector("button");
      button.disabled = true;
      try {
        const answer =
          form.dataset.passkey === "make"
            ? await navigator.credentials.create({ publicKey })
            : await navigator.credentials.get({ publicKey });
        field.value = pack(answer);
        button.disabled = false;
        form.requestSubmit();
      } catch {
        button.disabled = false;
        problem.hidden = false;
      }
    });
  };

  start();
})();
