/*
 * Shows why the page cannot start, when its module does not. A classic script in ES5, so that it runs in browsers that
 * know no modules; index.html has the words, and style.css shows those that `data-startup` of the root element names.
 */
(function () {
  var root = document.documentElement;

  function tell(cause) {
    // The module sets "ready" as its last act.
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
