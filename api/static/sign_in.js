// Signs in with the word of a link. It stands after the `#`, which browsers do not send; here it is sent once.

const word = window.location.hash.slice(1);
if (word) {
  const form = document.getElementById("sign-in");
  form.elements.link.value = word;
  // It is used up: it should stay in neither the address nor the history.
  window.history.replaceState(null, "", window.location.pathname + window.location.search);
  if (form.dataset.workspace) {
    // The link may come from another person: it must not replace the present session without asking.
    form.elements.key.closest("label").hidden = true;
    document.getElementById("instead").textContent = "The link that you followed opens another session instead. Go on only if you asked for it.";
    form.querySelector("button").focus();
  } else {
    document.querySelector("[role=status]").textContent = "Signing in…";
    form.submit();
  }
}
