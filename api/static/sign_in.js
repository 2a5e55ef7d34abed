// Signs in with the word of a link. It stands after the `#`, which browsers send to nobody; here it is sent once.

const word = window.location.hash.slice(1);
if (word) {
  const form = document.getElementById("sign-in");
  form.elements.link.value = word;
  // It is used up: it should stay in neither the address nor the history.
  window.history.replaceState(null, "", window.location.pathname + window.location.search);
  document.querySelector("[role=status]").textContent = "Signing in…";
  form.submit();
}
