// What still moves is asked for again: the progress of a run, and the open rows of a list.
// Without JavaScript nothing is lost: each page has a link that loads it anew.
"use strict";

(() => {
  const FIRST = 2000;
  const SLOWEST = 15000;

  // Look again and again, less and less often while nothing changes, and not while nobody sees the page.
  // "look" returns "changed", "same" or "over".
  const repeat = (look, pause = FIRST) => {
    setTimeout(async () => {
      if (document.hidden) {
        document.addEventListener("visibilitychange", () => repeat(look, 0), { once: true });
        return;
      }
      const seen = await look();
      if (seen !== "over") {
        repeat(look, seen === "changed" ? FIRST : Math.min(Math.max(pause, FIRST) * 1.3, SLOWEST));
      }
    }, pause);
  };

  // Return the text at an address; null where it is not there any more, or for somebody else; throws without an answer.
  const read = async (url) => {
    const answer = await fetch(url, { credentials: "same-origin", redirect: "manual", cache: "no-store" });
    if (answer.status >= 500) {
      throw new Error(String(answer.status));
    }
    return answer.ok ? answer.text() : null;
  };

  // Exchange what differs, and nothing else: a button that a person is about to press stays where it is.
  const put = (box, fresh) => {
    const [old, now] = [[...box.children], [...fresh.children]];
    if (old.length === now.length) {
      now.forEach((part, at) => part.outerHTML === old[at].outerHTML || old[at].replaceWith(part));
      return;
    }
    const focused = box.contains(document.activeElement) ? document.activeElement.getAttribute("value") : null;
    box.replaceChildren(...fresh.childNodes);
    if (focused) {
      box.querySelector(`button[value="${CSS.escape(focused)}"]`)?.focus();
    }
  };

  const watch = (id) => {
    let last = "";
    return async () => {
      const box = document.getElementById(id);
      let text;
      try {
        text = await read(box.dataset.url);
      } catch {
        box.querySelector("[data-offline]").hidden = false;
        return "same";
      }
      if (text === null) {
        // Signed out, or the run is gone: from here on a person has to ask.
        delete box.dataset.moves;
        return "over";
      }
      box.querySelector("[data-offline]").hidden = true;
      if (text === last) {
        return "same";
      }
      last = text;
      const fresh = new DOMParser().parseFromString(text, "text/html").getElementById(id);
      if (!fresh) {
        return "over";
      }
      put(box, fresh);
      return "open" in fresh.dataset ? "changed" : "over";
    };
  };

  const nameOf = (row) => row.querySelector("input.action-select")?.value ?? row.querySelector("a")?.pathname;

  const rowsOf = (page) => new Map([...page.querySelectorAll("#result_list tbody tr")].map((row) => [nameOf(row), row]));

  // Only the cells of rows that are there are exchanged: what is ticked stays ticked, and nothing moves away.
  const refreshRows = async () => {
    let text;
    try {
      text = await read(window.location.href);
    } catch {
      return "same";
    }
    if (text === null) {
      return "over";
    }
    const fresh = rowsOf(new DOMParser().parseFromString(text, "text/html"));
    let changed = false;
    for (const [name, row] of rowsOf(document)) {
      const cells = fresh.get(name)?.cells ?? [];
      for (let at = 0; at < Math.min(row.cells.length, cells.length); at += 1) {
        const [old, now] = [row.cells[at], cells[at]];
        if (!old.classList.contains("action-checkbox") && old.innerHTML !== now.innerHTML) {
          old.replaceChildren(...now.childNodes);
          changed = true;
        }
      }
    }
    if (!document.querySelector("#result_list [data-open]")) {
      return "over";
    }
    return changed ? "changed" : "same";
  };

  document.addEventListener("DOMContentLoaded", () => {
    const box = document.querySelector("[data-live]");
    if (box && "open" in box.dataset) {
      box.dataset.moves = "";
      repeat(watch(box.id));
    }
    if (document.querySelector("#result_list [data-open]")) {
      repeat(refreshRows);
    }
  });
})();
