/*
 * Shows why the page's module did not start. A classic ES5 script for browsers without modules; style.css shows the
 * texts of index.html that `data-startup` names.
 */
(function () {
  var root = document.documentElement;

  function tell(cause) {
    // The module ends by setting "ready".
    if (root.getAttribute("data-startup") === "pending") root.setAttribute("data-startup", cause);
  }

  if (!("noModule" in document.createElement("script"))) tell("old");
  window.addEventListener(
    "error",
    function (event) {
      if (event.target !== window) {
        if (event.target.nodeName === "SCRIPT") tell("unloaded");
      } else tell(/SyntaxError/.test(event.message) ? "old" : "failed");
    },
    // Errors of resources do not bubble.
    true
  );
})();
