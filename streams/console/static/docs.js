// Swagger UI on our own description, in the page's colours; it asks no other host whether the description is valid.
(() => {
  "use strict";
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  function colour() {
    root.classList.toggle("dark-mode", root.dataset.theme === "dark" || (root.dataset.theme === "auto" && dark.matches));
  }
  colour();
  dark.addEventListener("change", colour);
  const place = document.getElementById("swagger");
  window.SwaggerUIBundle({
    url: place.dataset.url,
    domNode: place,
    validatorUrl: null,
    deepLinking: false, // a link inside a button: no keyboard reaches it
    defaultModelsExpandDepth: 0,
    syntaxHighlight: { activated: false },
  });
})();
