"use strict";
// What HTML and htmx cannot do alone. Every page works without this file.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const later = (act) => setTimeout(act, 2500);
  document.documentElement.classList.add("js");

  // Copy: what the button names, or else its own value, goes to the clipboard, and "Copied" to the screen reader.
  const legacyCopy = (source, text) => {
    const area = document.body.appendChild(Object.assign(document.createElement("textarea"), { value: text }));
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) getSelection().selectAllChildren(source);
    return done;
  };
  const copy = async (button) => {
    const source = document.getElementById(button.dataset.copy) ?? button;
    const text = "value" in source ? source.value : source.textContent.trim();
    const copied = await (navigator.clipboard?.writeText(text).then(() => true, () => false) ?? false);
    if (!copied && !legacyCopy(source, text)) return;
    const status = button.nextElementSibling;
    button.classList.add("done");
    status.textContent = status.dataset.copied;
    later(() => { button.classList.remove("done"); status.textContent = ""; });
  };

  // Open in email: the link follows what is typed.
  const refreshMailto = (source) => {
    const form = source.form ?? document;
    const value = (name) => form.querySelector(`[data-mailto-${name}]`)?.value ?? form.querySelector(`[name="${name}"]`)?.value ?? "";
    const part = (text) => encodeURIComponent(text.replace(/\r?\n/g, "\r\n"));
    const address = () => `mailto:${part(value("recipient")).replace(/%40/g, "@")}?subject=${part(value("subject"))}&body=${part(source.value)}`;
    all("a[data-mailto]").forEach((link) => { link.href = address(); });
  };

  // Countdown: goes on from what the server wrote, in the page's language, until nothing is left.
  const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const countDown = (spot) => {
    const left = Math.max(0, Math.floor((Date.parse(spot.dataset.until) - Date.now()) / 1000));
    const first = UNITS.findIndex(([, size]) => size <= (left || 1));
    const words = ([unit, size], at) => new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit, unitDisplay: "long" })
      .format(Math.floor((at ? left % UNITS[first][1] : left) / size));
    spot.textContent = spot.dataset.left.replace("%s", UNITS.slice(first, first + 2).map(words).join(", "));
  };

  // Once: a form that has been sent is not sent again while its answer is under way.
  const buttonsOf = (form) => [...form.elements].filter((each) => each.matches("button"));
  const release = (form) => { delete form.dataset.sent; buttonsOf(form).forEach((button) => button.removeAttribute("aria-disabled")); };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-once]")) return;
    if (form.dataset.sent) return void (event.preventDefault(), event.stopPropagation());
    form.dataset.sent = "yes";
    buttonsOf(form).forEach((button) => button.setAttribute("aria-disabled", "true"));
  }, true);
  addEventListener("pageshow", () => all("form[data-sent]").forEach(release));
  document.addEventListener("htmx:afterRequest", (event) => { if (event.target.matches("form[data-sent]")) release(event.target); });

  // What the server refused is said aloud, with the reference that its page carries.
  const say = (text) => {
    const notice = document.getElementById("failure").content.cloneNode(true);
    if (text) notice.querySelector(".notice div p").textContent = text;
    const place = document.getElementById("announcements");
    place.replaceChildren(notice);
    place.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("htmx:responseError", (event) => {
    const page = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
    say(["h1", ".reference"].map((part) => page.querySelector(part)?.textContent.trim()).filter(Boolean).join(" · "));
  });
  document.addEventListener("htmx:sendError", () => say(""));

  // Focus goes to what needs attention, and is never left on something that is gone.
  const attend = (root) => { const spot = root.querySelector("#form-errors, [data-focus]"); spot?.focus(); spot?.select?.(); };
  document.addEventListener("htmx:afterSettle", (event) => {
    attend(event.detail.elt);
    if (document.activeElement === document.body && event.detail.target.id === "results") {
      event.detail.target.tabIndex = -1;
      event.detail.target.focus({ preventScroll: true });
    }
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
    all("details.drop[open]").filter((drop) => !drop.contains(event.target)).forEach((drop) => { drop.open = false; });
  });
  document.addEventListener("keydown", (event) => {
    const drop = event.key === "Escape" && document.querySelector("details.drop[open]");
    if (drop) { drop.open = false; drop.querySelector("summary").focus(); }
  });
  document.addEventListener("focusin", (event) => { if (event.target.matches("input[readonly], textarea[readonly]")) event.target.select(); });
  document.addEventListener("input", () => all("[data-mailto-source]").forEach(refreshMailto));
  addEventListener("DOMContentLoaded", () => {
    all("[data-mailto-source]").forEach(refreshMailto);
    attend(document);
    setInterval(() => all("[data-until]").forEach(countDown), 1000);
  });
})();
