// The page's stream of changes, sent on as events of the page. What begins badly or falls silent is asked for anew, whatever
// the reason: refused, cut, or held back by something on the way that says nothing.
(() => {
  "use strict";
  const LOOK_MS = 250;
  const AGAIN_MS = 1000; // and up to twice that, so that pages do not come all at once when serve is back
  // Without a byte. Grows while nothing comes at all: a first byte that takes long must not be asked for for ever.
  const PATIENT_MS = 8000;
  const MOST_PATIENT_MS = 60000;
  const SOON_MS = 2000; // a stream that begins sooner than this after the page has hardly missed anything
  const MESSAGES = ["beat", "changed", "part-flow-en", "part-flow-zh", "part-letters"];

  const place = document.querySelector("[data-stream]");
  let stream = null;
  let movedAt = 0; // when it was opened, or last said something
  let againAt = 0;
  let patience = PATIENT_MS;
  let mayHaveMissed = false;
  let owedAt = 0; // when what changed is to be asked for once more

  function open() {
    const own = new EventSource(place.dataset.stream);
    let isFirst = true;
    stream = own;
    movedAt = Date.now();
    for (const name of MESSAGES) {
      own.addEventListener(name, (message) => {
        if (own !== stream) return;
        movedAt = Date.now();
        patience = PATIENT_MS;
        tell(name, message.data);
        if (isFirst && (mayHaveMissed || performance.now() > SOON_MS)) tell("changed", "");
        isFirst = false;
        mayHaveMissed = true;
      });
    }
    // By ourselves: a browser gives up for good when it is answered with a refusal.
    own.addEventListener("error", () => { if (own === stream) leave(); });
  }

  function leave() {
    stream?.close();
    stream = null;
    againAt = Date.now() + AGAIN_MS * (1 + Math.random());
  }

  function tell(name, data) {
    place.dispatchEvent(new CustomEvent(name, { bubbles: true, detail: { data } }));
  }

  // What changed and was not to be had is not on the page, and nothing else would come to say so.
  function failed(event) {
    const status = event.detail?.ctx?.response?.status ?? 0;
    if (event.target.id === "live" && (status === 0 || status === 429 || status >= 500)) owedAt = Date.now() + AGAIN_MS;
  }

  function look() {
    // A browser has six connections to a host: pages that nobody sees would leave none for the one that somebody opens.
    if (document.hidden) {
      leave();
      againAt = 0;
    } else if (stream && Date.now() - movedAt > patience) {
      patience = Math.min(2 * patience, MOST_PATIENT_MS);
      leave();
    } else if (!stream && Date.now() >= againAt) {
      open();
    } else if (owedAt && Date.now() >= owedAt) {
      owedAt = 0;
      tell("changed", "");
    }
  }

  if (!place || typeof htmx === "undefined") return; // without htmx nothing would be shown of what is heard
  look();
  setInterval(look, LOOK_MS);
  for (const name of ["htmx:error", "htmx:response:error"]) document.addEventListener(name, failed);
  document.addEventListener("visibilitychange", look);
  addEventListener("pagehide", leave);
})();
