"use strict";
// Setup info as a text file, made by the browser of what the page shows: the server keeps no secret to send again.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-download]");
  if (!button) return;
  const words = (secret, part) => secret.querySelector(part).textContent.trim();
  const secrets = [...document.querySelectorAll(`${button.dataset.download} .secret`)];
  const lines = secrets.map((secret) => `${words(secret, ".secret-label")}: ${words(secret, ".secret-value")}\r\n`);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(lines, { type: "text/plain;charset=utf-8" }));
  link.download = button.dataset.filename;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
});
